package gateway_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
	"github.com/samlgate/samlgate/samlsp/idptest"
)

// identity is one of our SP identities as the identity provider knows it.
type identity struct{ host, name, entityID, acs, metadata string }

// prepareFurther is a site with an app that has the default paths of the
// Shibboleth SP, another in the place of mod_auth_mellon, and the wiki.
func prepareFurther(t *testing.T) (s *site, jobs, shop identity) {
	t.Helper()
	s = prepare(t)
	jobs = identity{"jobs", "shib", s.url("jobs", "/shibboleth"), s.url("jobs", "/Shibboleth.sso/SAML2/POST"), s.url("jobs", "/Shibboleth.sso/Metadata")}
	shop = identity{"shop", "old", "urn:example:shop", s.url("shop", "/mellon/postResponse"), s.url("shop", "/mellon/metadata")}
	s.change("  idps:\n", `  service_providers:
    - {name: shib, entity_id: "`+jobs.entityID+`", origin: "`+s.url("jobs", "")+`",
       paths: {metadata: /Shibboleth.sso/Metadata, acs: /Shibboleth.sso/SAML2/POST, slo: /Shibboleth.sso/SLO/Redirect, soap: /Shibboleth.sso/SLO/SOAP}}
    - {name: old, entity_id: "`+shop.entityID+`", origin: "`+s.url("shop", "")+`",
       paths: {metadata: /mellon/metadata, acs: /mellon/postResponse, slo: /mellon/logout}}
  idps:
`)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("hello " + r.Header.Get("X-Auth-Email")))
	}))
	t.Cleanup(app.Close)
	s.write("config.yaml", s.read("config.yaml")+`  - {name: jobs, host: jobs.localhost, upstream: "`+app.URL+`", service_provider: shib}
  - {name: shop, host: shop.localhost, upstream: "`+app.URL+`", service_provider: old}
`)
	keys, err := once()
	s.must(err)
	for _, id := range []identity{jobs, shop} {
		s.issuer.AddSP(idptest.SP{EntityID: id.entityID, ACSURL: id.acs, Certificates: []*x509.Certificate{keys.sp.Certificate}})
	}
	return s, jobs, shop
}

// arrives signs Ana in at an app, by way of the relay page.
func (s *site) arrives(id identity) {
	s.Helper()
	page := s.get(s.url(id.host, "/"))
	if strings.Contains(page.url, "/sso?") { // the identity provider asks who one is
		page = s.post(page, "person", "ana@example.com")
	}
	for range 2 { // its form, and the relay's
		if strings.Contains(page.body, "SAMLResponse") {
			page = s.post(page)
		}
	}
	if page.body != "hello ana@example.com" {
		s.Fatalf("at %s: %d from %s:\n%s\n%s", id.host, page.status, page.url, page.body, s.log)
	}
}

func TestShibbolethAndMellonKeepTheirAddresses(t *testing.T) {
	s, jobs, shop := prepareFurther(t)
	s.run()
	for _, id := range []identity{jobs, shop} {
		s.arrives(id)
		doc := s.get(id.metadata)
		for _, want := range []string{`entityID="` + id.entityID + `"`, `Location="` + id.acs + `"`} {
			if doc.status != 200 || !strings.Contains(doc.body, want) {
				t.Errorf("%s: no %s in %d %s", id.metadata, want, doc.status, doc.body)
			}
		}
		if again := s.get(id.metadata, "If-None-Match", doc.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("the same metadata again: %d", again.status)
		}
	}
	s.arrives(identity{host: "wiki"}) // our own has not changed
	s.arrives(jobs)
}

// Whatever part of a message is made out to another identity, it is refused; the
// twin without that part is taken.
func TestMessagesForAnotherIdentity(t *testing.T) {
	s, jobs, shop := prepareFurther(t)
	s.run()
	own := identity{"wiki", "", s.url("sso", "/.samlgate/saml/metadata"), s.url("sso", "/.samlgate/saml/acs"), ""}
	for _, c := range []struct {
		what           string
		asks, of, made identity // whose login; whose Audience; whose Destination and Recipient
	}{
		{"Audience of another", jobs, shop, jobs}, {"Audience of our own", jobs, own, jobs},
		{"Recipient of another", jobs, jobs, shop}, {"Recipient of our own", jobs, jobs, own},
		{"all of another", jobs, shop, shop}, {"all of our own", jobs, own, own}, {"the other way round", own, jobs, jobs},
		{"Audience of an old one for our own", own, jobs, own}, {"Recipient of an old one for our own", own, own, jobs},
	} {
		t.Run(c.what, func(t *testing.T) {
			s.TB, s.client = t, testenv.NewClient(t)
			page := s.get(s.url(c.asks.host, "/"))
			asked, err := s.issuer.ParseRequest(httptest.NewRequest(http.MethodGet, page.url, nil))
			s.must(err)
			if asked.Issuer != c.asks.entityID || asked.ACSURL != c.asks.acs {
				t.Fatalf("asks as %s at %s", asked.Issuer, asked.ACSURL)
			}
			send := func(audience, recipient string) answer {
				t.Helper()
				response, err := s.issuer.Response(idptest.Request{ID: asked.ID, Issuer: audience, ACSURL: recipient},
					idptest.Person{Email: "ana@example.com", First: "Ana"}.Subject())
				s.must(err)
				door := s.url("sso", "/.samlgate/saml/acs")
				if c.asks.name != "" {
					door = s.url("sso", "/.samlgate/saml/"+c.asks.name+"/acs")
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, door, strings.NewReader(url.Values{"SAMLResponse": {response}}.Encode()))
				s.must(err)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Accept", "text/html")
				return s.do(s.client, r)
			}
			if a := send(c.of.entityID, c.made.acs); a.status != http.StatusForbidden {
				t.Fatalf("%d from %s:\n%s", a.status, a.url, a.body)
			}
			if a := send(c.asks.entityID, c.asks.acs); a.body != "hello ana@example.com" {
				t.Errorf("the twin: %d from %s:\n%s", a.status, a.url, a.body)
			}
		})
	}
}

// Metadata that arrives later, or changes, counts for every identity.
func TestLivingMetadataReachesEveryIdentity(t *testing.T) {
	s, jobs, shop := prepareFurther(t)
	s.change("metadata_file: corp.xml", "metadata_url: "+s.idp.URL+"/idp/metadata").run()
	testenv.Eventually(t, "metadata loaded", func() bool { return strings.Contains(s.log.String(), "metadata loaded") })
	s.arrives(jobs)
	s.arrives(shop)
}
