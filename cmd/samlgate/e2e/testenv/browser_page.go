package testenv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/emulation"
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

// Asked returns how many requests the page, and the pages before it, have made
// for addresses that begin with a prefix.
func (b *Browser) Asked(prefix string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.asked {
		if strings.HasPrefix(url, prefix) {
			n++
		}
	}
	return n
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
	// Read in one step: a node that was found first may be gone with its page.
	script := fmt.Sprintf(`(e => e ? [e.innerText] : [])(document.querySelector(%q))`, selector)
	var found []string
	read := func() bool {
		s, err := run(b, chromedp.Evaluate[[]string](script))
		found = s
		return err == nil && len(s) == 1
	}
	if !eventually(b.ctx, read) {
		b.fatal("reading "+selector, errNotSeen)
	}
	return strings.TrimSpace(found[0])
}

// Value returns what a form field holds, "" if there is none.
func (b *Browser) Value(selector string) string {
	s, err := run(b, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector(%q)?.value ?? ""`, selector)))
	if err != nil {
		return ""
	}
	return s
}

// replaced reports whether an action failed because the page it began on was
// replaced by another one meanwhile.
func replaced(err error) bool {
	for _, sign := range []string{"No node with given id", "Could not find node", "does not belong to the document", "Cannot find context", "Node is detached"} {
		if err != nil && strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}

// act performs an action, and again where the page was replaced under it.
func act[T any](b *Browser, what string, a chromedp.Action[T]) {
	b.t.Helper()
	var err error
	for range 20 {
		if _, err = run(b, a); !replaced(err) {
			break
		}
	}
	if err != nil {
		b.fatal(what, err)
	}
}

// Fill waits for a form field by CSS selector and replaces what it holds by
// value, key by key.
func (b *Browser) Fill(selector, value string) {
	b.t.Helper()
	field := chromedp.CSS(selector)
	act(b, "filling in "+selector, chromedp.Steps(
		chromedp.WaitVisible(field),
		chromedp.Clear(field),
		chromedp.SendKeys(field, value)))
}

// Click waits for an element by CSS selector and clicks on it.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	act(b, "clicking on "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// ClickText waits for the first button or link whose visible text contains what
// a person would look for, and clicks on it.
func (b *Browser) ClickText(text string) {
	b.t.Helper()
	quoted := xpathString(text)
	xpath := fmt.Sprintf("(//button[contains(normalize-space(.), %[1]s)]"+
		" | //a[contains(normalize-space(.), %[1]s)]"+
		" | //input[@type='submit' and contains(@value, %[1]s)])[1]", quoted)
	act(b, fmt.Sprintf("clicking on %q", text), chromedp.Click(xpath, chromedp.NodeVisible))
}

// xpathString quotes s for XPath 1.0, which knows no escapes.
func xpathString(s string) string {
	if !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return "concat('" + strings.ReplaceAll(s, "'", `', "'", '`) + "')"
}

// WithoutScripts has the browser run no scripts from now on.
func (b *Browser) WithoutScripts() {
	b.t.Helper()
	if _, err := call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.fatal("switching scripts off", err)
	}
}
