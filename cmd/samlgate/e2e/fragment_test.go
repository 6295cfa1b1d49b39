package e2e

import (
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestFragmentSurvivesTheSignIn follows a link to a place inside a page, of
// which no server ever hears.
func TestFragmentSurvivesTheSignIn(t *testing.T) {
	c := startCompany(t)
	b := testenv.NewBrowser(t)
	link := c.site.App("wiki") + "/deep/link?q=1#section-2"
	signIn(b, c.idp, link, testenv.Ana)
	b.WaitText("Legacy app wiki")
	b.WaitURL(link)
	if got := b.URL(); got != link {
		t.Errorf("at %s, want %s", got, link)
	}
	b.NoProblems(c.idp.URL)

	// The next journey has no fragment, and gets none.
	plain := c.site.App("hr") + "/plain"
	b.Open(plain)
	b.WaitText("Legacy app hr")
	if got := b.URL(); got != plain {
		t.Errorf("at %s, want %s", got, plain)
	}
}

// TestSignInWithoutScripts loses the fragment and nothing else.
func TestSignInWithoutScripts(t *testing.T) {
	c := startCompany(t)
	b := testenv.NewBrowser(t)
	b.WithoutScripts()
	b.Open(c.site.App("wiki") + "/deep/link?q=1#section-2")
	b.WaitURL(c.idp.URL)
}
