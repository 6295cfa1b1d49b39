package signin

import (
	"net/url"
	"strings"
	"testing"
)

// oneOfUs is a Federation of a single service provider.
type oneOfUs struct{}

func (oneOfUs) Ours(entityID string) bool  { return entityID == "urn:gateway" }
func (oneOfUs) IDPNamed(string) string     { return "" }
func (oneOfUs) EntityID(idp string) string { return "https://" + idp + "/?a=b&c#d" }

// Whatever a discovery request says, an answer goes to the published address,
// and tells the one that was chosen, once.
func FuzzDiscoveryRequest(f *testing.F) {
	const login = "https://sso.example.com/.samlgate/login"
	for _, query := range []string{
		"entityID=urn:gateway", "entityID=urn:gateway&return=" + url.QueryEscape(login+"?a=b"), "entityID=urn:gateway&returnIDParam=who&isPassive=true",
		"entityID=urn:gateway&return=" + url.QueryEscape(login+"#x"), "entityID=urn:gateway&return=https://evil.example/",
		"entityID=urn:gateway&return=" + url.QueryEscape(login+"@evil.example/"), "entityID=urn:gateway&return=" + url.QueryEscape(login+"?entityID=x"),
		"entityID=urn:gateway&return=" + url.QueryEscape(login+"?"), "entityID=urn:evil", "policy=x&isPassive=1",
	} {
		f.Add(query)
	}
	h := &Handler{Config: Config{Prefix: "/.samlgate", Federation: oneOfUs{}}, origin: "https://sso.example.com"}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		d, err := h.discoveryRequest(q)
		if err != nil {
			return
		}
		id := oneOfUs{}.EntityID("corp")
		for _, chosen := range []string{"", id} {
			to := d.answer(chosen)
			u, err := url.Parse(to)
			if err != nil || u.Scheme+"://"+u.Host+u.EscapedPath() != login || u.Fragment != "" || u.User != nil || strings.ContainsAny(to, "\r\n\\# ") {
				t.Fatalf("%q leads to %q (%v)", query, to, err)
			}
			told, err := url.ParseQuery(u.RawQuery)
			if err != nil || len(told[d.param]) > 1 || told.Get(d.param) != chosen {
				t.Fatalf("%q tells %q in %q (%v)", query, told[d.param], to, err)
			}
		}
	})
}
