package testenv

import "github.com/chromedp/cdproto/emulation"

// Phone makes the page as narrow as a phone's from now on, in the dark or not.
func (b *Browser) Phone(dark bool) {
	b.t.Helper()
	size := emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 800, DeviceScaleFactor: 1, Mobile: true}
	if _, err := call(b, emulation.SetDeviceMetricsOverride, size); err != nil {
		b.fatal("turning into a phone", err)
	}
	scheme := emulation.MediaFeature{Name: "prefers-color-scheme", Value: map[bool]string{true: "dark", false: "light"}[dark]}
	if _, err := call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{&scheme}}); err != nil {
		b.fatal("preferring "+scheme.Value, err)
	}
}
