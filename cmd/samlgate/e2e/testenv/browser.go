package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Browser is one headless Chromium with a profile of its own: one person's
// computer. Its methods fail the test when what they want does not happen
// within 30 seconds, and then say where the browser is and what it shows.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []Problem // guarded by mu
	status   int64     // of the last document; guarded by mu
	asked    []string  // URLs; guarded by mu
}

// Problem is something that Chromium complained of in its console, such as a
// violated Content-Security-Policy or a script that failed.
type Problem struct {
	Page string // URL of the page that was open
	Text string
}

// NewBrowser starts Chromium. Set E2E_SCREENSHOTS to a folder to keep the
// screenshots.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("Chromium is not installed (make test installs it): %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // the tests run as root in containers, where it cannot work
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("ignore-certificate-errors", true), // of Site.TLSFiles
		chromedp.Flag("lang", "en-GB"),
		chromedp.WindowSize(1100, 900),
		chromedp.WSURLReadTimeout(patience),
	)
	// Not t.Context: that ends before cleanups run, and Chromium must still close.
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	b := &Browser{t: t, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			b.Screenshot("failed")
		}
		b.close()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil { // its profile folder is temporary too
		t.Fatalf("starting Chromium: %v", err)
	}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("listening to Chromium: %v", err)
	}
	return b
}

// close asks Chromium to end and waits for it, but not for ever.
func (b *Browser) close() {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil {
		b.t.Logf("closing Chromium: %v", err)
	}
}

// listen runs on chromedp's own goroutine and must not block.
func (b *Browser) listen(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.mu.Lock()
		b.asked = append(b.asked, e.Request.URL)
		b.mu.Unlock()
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			b.mu.Lock()
			b.status = e.Response.Status
			b.mu.Unlock()
		}
	case *log.EventEntryAdded:
		// A page may well answer 403, and Chromium notes that as an error of the network.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.complain(e.Entry.URL, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.complain(e.ExceptionDetails.URL, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			b.complain("", "console.error: "+consoleText(e.Args))
		}
	}
}

func consoleText(args []*runtime.RemoteObject) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, string(a.Value)+a.Description)
	}
	return strings.Join(parts, " ")
}

func (b *Browser) complain(page, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, Problem{page, text})
}

// Problems returns what Chromium complained of so far, on pages whose URL does
// not begin with one of the ignored prefixes.
func (b *Browser) Problems(ignored ...string) []Problem {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Problem
	for _, p := range b.problems {
		keep := true
		for _, prefix := range ignored {
			keep = keep && !strings.HasPrefix(p.Page, prefix)
		}
		if keep {
			found = append(found, p)
		}
	}
	return found
}

// NoProblems fails the test if Chromium complained of anything on our pages.
func (b *Browser) NoProblems(ignored ...string) {
	b.t.Helper()
	for _, p := range b.Problems(ignored...) {
		b.t.Errorf("Chromium complains on %s: %s", p.Page, p.Text)
	}
}

// Screenshot keeps a picture of the whole page as NAME.png in the folder that
// E2E_SCREENSHOTS names, in a sub-folder of the test's name.
func (b *Browser) Screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("E2E_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := run(b, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Logf("taking the screenshot %q: %v", name, err)
		return
	}
	dir = filepath.Join(dir, b.t.Name())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatalf("keeping the screenshot %q: %v", name, err)
	}
	writeFile(b.t, filepath.Join(dir, name+".png"), png)
}

// Cookies returns every cookie of the browser, of all hosts.
func (b *Browser) Cookies() []*network.Cookie {
	b.t.Helper()
	res, err := call(b, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		b.fatal("reading the cookies", err)
	}
	return res.Cookies
}

// CookiesOf returns the cookies of one exact host name, without its port.
func (b *Browser) CookiesOf(host string) []*network.Cookie {
	b.t.Helper()
	var found []*network.Cookie
	for _, c := range b.Cookies() {
		if strings.TrimPrefix(c.Domain, ".") == host {
			found = append(found, c)
		}
	}
	return found
}

// SetCookie puts a cookie back into the browser as it was, such as one that a
// thief has copied earlier.
func (b *Browser) SetCookie(c *network.Cookie) {
	b.t.Helper()
	_, err := call(b, network.SetCookie, network.SetCookieParams{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		HTTPOnly: &c.HTTPOnly, Secure: &c.Secure, SameSite: c.SameSite,
	})
	if err != nil {
		b.fatal("setting the cookie "+c.Name, err)
	}
}

// run performs an action on the browser's page within the patience.
func run[T any](b *Browser, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// call sends one command of the DevTools protocol within the patience.
func call[P, R any](b *Browser, cmd cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Call(ctx, cmd, params)
}

// fatal ends the test and says where the browser is and what it shows.
func (b *Browser) fatal(what string, err error) {
	b.t.Helper()
	b.t.Fatalf("browser: %s: %v\nat: %s\nthe page says:\n%s", what, err, b.URL(), lastLines(b.visible(), 60))
}
