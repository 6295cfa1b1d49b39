package testenv

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Tab opens another tab of the same browser, with the same cookies.
func (b *Browser) Tab() *Browser {
	b.t.Helper()
	return b.join(chromedp.NewContext(b.ctx))
}

// Popup does something that makes the page open a window, and returns that.
func (b *Browser) Popup(open func()) *Browser {
	b.t.Helper()
	known := map[target.ID]bool{}
	pages := func(new func(target.ID)) {
		all, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.fatal("looking for windows", err)
		}
		for _, info := range all {
			if info.Type == "page" && !known[info.TargetID] {
				new(info.TargetID)
			}
		}
	}
	pages(func(id target.ID) { known[id] = true })
	open()
	var found target.ID
	if !eventually(b.ctx, func() bool { pages(func(id target.ID) { found = id }); return found != "" }) {
		b.fatal("waiting for a window", errNotSeen)
	}
	return b.join(chromedp.NewContext(b.ctx, chromedp.WithTargetID(found)))
}

// Windows returns how many tabs and windows the browser has.
func (b *Browser) Windows() (n int) {
	b.t.Helper()
	all, err := chromedp.Targets(b.ctx)
	if err != nil {
		b.fatal("counting windows", err)
	}
	for _, info := range all {
		if info.Type == "page" {
			n++
		}
	}
	return n
}

func (b *Browser) join(ctx context.Context, _ context.CancelFunc) *Browser {
	tab := &Browser{t: b.t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		b.fatal("opening a tab", err)
	}
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		b.fatal("listening to a tab", err)
	}
	return tab
}

// inside finds an element in the open shadow tree of the host (DOM §4.8).
const inside = `(h => h && h.shadowRoot ? h.shadowRoot.querySelector(%q) : null)(document.querySelector(%q))`

// Inside returns the text of an element in the shadow tree of another, "" while
// it is not shown.
func (b *Browser) Inside(host, selector string) string {
	s, err := run(b, chromedp.Evaluate[string](fmt.Sprintf(`(e => e && e.checkVisibility() ? e.innerText : "")(`+inside+`)`, selector, host)))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// WaitInside waits until an element in the shadow tree of another holds a text.
func (b *Browser) WaitInside(host, selector, text string) {
	b.t.Helper()
	if !eventually(b.ctx, func() bool { return strings.Contains(b.Inside(host, selector), text) }) {
		b.fatal(fmt.Sprintf("waiting for %q in %s (it holds %q)", text, selector, b.Inside(host, selector)), errNotSeen)
	}
}

// WaitNotInside waits until an element in the shadow tree of another is not shown.
func (b *Browser) WaitNotInside(host, selector string) {
	b.t.Helper()
	if !eventually(b.ctx, func() bool { return b.Inside(host, selector) == "" }) {
		b.fatal("waiting for the end of "+selector, errNotSeen)
	}
}

// Press presses keys, wherever the focus is.
func (b *Browser) Press(keys string) {
	b.t.Helper()
	if _, err := run(b, chromedp.KeyEvent(keys)); err != nil {
		b.fatal("pressing keys", err)
	}
}

// ClickInside clicks with the mouse on an element in the shadow tree of another,
// as only a person can.
func (b *Browser) ClickInside(host, selector string) {
	b.t.Helper()
	at, err := run(b, chromedp.Evaluate[[]float64](fmt.Sprintf(`(e => { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })(`+inside+`)`, selector, host)))
	if err == nil {
		_, err = run(b, chromedp.MouseClickXY(at[0], at[1]))
	}
	if err != nil {
		b.fatal("clicking on "+selector, err)
	}
}
