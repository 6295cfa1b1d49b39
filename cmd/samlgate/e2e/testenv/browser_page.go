package testenv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

var errNotSeen = errors.New("not seen in 30 seconds")

// Open goes to an address, as if it was typed in, and waits until the page has
// loaded. Redirects and forms that send themselves may go on after that.
func (b *Browser) Open(url string) {
	b.t.Helper()
	if _, err := run(b, chromedp.Navigate(url)); err != nil {
		b.fatal("opening "+url, err)
	}
}

// Back presses the back button and waits until the page has loaded.
func (b *Browser) Back() {
	b.t.Helper()
	if _, err := run(b, chromedp.NavigateBack()); err != nil {
		b.fatal("going back", err)
	}
}

// URL returns the address of the current page, "" if there is none.
func (b *Browser) URL() string {
	s, err := run(b, chromedp.Location())
	if err != nil {
		return ""
	}
	return s
}

// Status returns the HTTP status of the page that was loaded last.
func (b *Browser) Status() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.status)
}

// visible is the text of the page as a person reads it; "" while it loads.
func (b *Browser) visible() string {
	s, err := run(b, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	if err != nil {
		return ""
	}
	return s
}

// WaitText waits until the page shows the text.
func (b *Browser) WaitText(text string) {
	b.t.Helper()
	if !eventually(b.ctx, func() bool { return strings.Contains(b.visible(), text) }) {
		b.fatal(fmt.Sprintf("waiting for the text %q", text), errNotSeen)
	}
}

// WaitURL waits until the address begins with prefix.
func (b *Browser) WaitURL(prefix string) {
	b.t.Helper()
	if !eventually(b.ctx, func() bool { return strings.HasPrefix(b.URL(), prefix) }) {
		b.fatal("waiting for an address that begins with "+prefix, errNotSeen)
	}
}

// Shows reports whether the page shows the text now.
func (b *Browser) Shows(text string) bool { return strings.Contains(b.visible(), text) }

// Source returns the page's whole document, hidden parts too.
func (b *Browser) Source() string {
	b.t.Helper()
	s, err := run(b, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
	if err != nil {
		b.fatal("reading the page's source", err)
	}
	return s
}

// Text waits for the first element that matches a CSS selector and returns its
// visible text.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	s, err := run(b, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		b.fatal("reading "+selector, err)
	}
	return strings.TrimSpace(s)
}

// Fill waits for a form field by CSS selector and replaces what it holds by
// value, key by key.
func (b *Browser) Fill(selector, value string) {
	b.t.Helper()
	field := chromedp.CSS(selector)
	_, err := run(b, chromedp.Steps(
		chromedp.WaitVisible(field),
		chromedp.Clear(field),
		chromedp.SendKeys(field, value)))
	if err != nil {
		b.fatal("filling in "+selector, err)
	}
}

// Click waits for an element by CSS selector and clicks on it.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	if _, err := run(b, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)); err != nil {
		b.fatal("clicking on "+selector, err)
	}
}

// ClickText waits for the first button or link whose visible text contains what
// a person would look for, and clicks on it.
func (b *Browser) ClickText(text string) {
	b.t.Helper()
	quoted := xpathString(text)
	xpath := fmt.Sprintf("(//button[contains(normalize-space(.), %[1]s)]"+
		" | //a[contains(normalize-space(.), %[1]s)]"+
		" | //input[@type='submit' and contains(@value, %[1]s)])[1]", quoted)
	if _, err := run(b, chromedp.Click(xpath, chromedp.NodeVisible)); err != nil {
		b.fatal(fmt.Sprintf("clicking on %q", text), err)
	}
}

// xpathString quotes s for XPath 1.0, which knows no escapes.
func xpathString(s string) string {
	if !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return "concat('" + strings.ReplaceAll(s, "'", `', "'", '`) + "')"
}
