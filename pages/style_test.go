package pages

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text and its ground differ by 4.5:1 or more in both schemes (WCAG 2.2, 1.4.3),
// and the edge of a button by 3:1 (1.4.11).
func TestContrast(t *testing.T) {
	p := newPages(t)
	light, dark, found := strings.Cut(string(p.style), "prefers-color-scheme: dark")
	if !found {
		t.Fatal("there is no dark scheme")
	}
	dark, _, _ = strings.Cut(dark, "\n}\n}")
	for name, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
			colours[m[1]] = luminance(t, m[2])
		}
		enough := func(front, back string, want float64) {
			t.Helper()
			if got := contrast(colours[front], colours[back]); got < want {
				t.Errorf("%s: %s on %s is %.2f:1, want %.1f:1", name, front, back, got, want)
			}
		}
		for _, back := range []string{"paper", "card", "tint"} {
			enough("ink", back, 4.5)
			enough("accent", back, 4.5)
		}
		enough("quiet", "paper", 4.5)
		enough("quiet", "card", 4.5)
		enough("quiet", "tint", 4.5)
		enough("on-accent", "accent", 4.5)
		enough("on-accent", "accent-deep", 4.5)
		enough("wrong", "card", 4.5)
		enough("focus", "card", 3)
	}
}

func contrast(a, b float64) float64 { return (max(a, b) + .05) / (min(a, b) + .05) }

// luminance is the relative luminance of a colour, as WCAG 2.2 defines it.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
