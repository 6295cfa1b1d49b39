package verify

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/headers/httpsig"
)

// TestVerifiers has every verifier look at live requests of the gateway, and at
// what an attacker would make of them.
func TestVerifiers(t *testing.T) {
	worlds := startWorlds(t, httpsig.Ed25519, httpsig.ECDSAP256SHA256, httpsig.HMACSHA256)
	for _, w := range worlds {
		for _, v := range verifiers {
			t.Run(w.algorithm+"/"+v.name, func(t *testing.T) {
				before := w.fetches.Load()
				wrong := w.examine(t, v, v.start(t, w.settings(), patch{}, patch{}))
				for _, name := range slices.Sorted(maps.Keys(wrong)) {
					t.Errorf("%s: %s", name, wrong[name])
				}
				if n := w.fetches.Load() - before; w.secret == "" && n != 1 {
					t.Errorf("the keys were fetched %d times for many unknown ones, want once a minute", n)
				}
			})
		}
	}
	for _, v := range verifiers {
		t.Run("spoiled/"+v.name, func(t *testing.T) { worlds[0].spoil(t, v) })
	}
}

// spoil makes sure that the cases notice a verifier that is none, and one that
// lacks a single check.
func (w *world) spoil(t *testing.T, v verifier) {
	if v.yes.old != "" {
		t.Run("says yes", func(t *testing.T) {
			wrong := w.examine(t, v, v.start(t, w.settings(), patch{}, v.yes))
			for _, a := range w.attacks() {
				// Two hosts, none, or a folded line may be too much for the server itself.
				if wrong[a.name] == "" && !strings.HasPrefix(a.name, "moved: ") && a.name != "folded" {
					t.Errorf("it went unnoticed in the case %q", a.name)
				}
			}
		})
	}
	for _, p := range v.checks {
		t.Run("without a check/"+p.missed, func(t *testing.T) {
			all := slices.Concat(w.attacks(), v.attacks)
			i := slices.IndexFunc(all, func(a attack) bool { return a.name == p.missed })
			if i < 0 {
				t.Fatal("there is no such case")
			}
			wrong := map[string]string{}
			w.attack(t, v.start(t, w.settings(), patch{}, p), all[i:i+1], wrong)
			if wrong[p.missed] == "" || wrong["genuine"] != "" {
				t.Errorf("a verifier that says %q instead of %q went unnoticed, or refuses all: %s", p.new, p.old, wrong["genuine"])
			}
		})
	}
	if v.rotate.old != "" {
		t.Run("that may fetch often", func(t *testing.T) { w.rotate(t, v.start(t, w.settings(), patch{}, v.rotate)) })
	}
	if v.remember.old != "" {
		t.Run("that remembers", func(t *testing.T) {
			wrong := map[string]string{}
			remembers := v
			remembers.nonces = true
			if w.replay(t, remembers, v.start(t, w.settings(), v.remember, patch{}), wrong); wrong["replay"] != "" {
				t.Errorf("with a memory of nonces: %s", wrong["replay"])
			}
		})
	}
}

// rotate publishes another key: an app that does not know it yet fetches it.
func (w *world) rotate(t *testing.T, addr string) {
	if status, _, err := w.send(addr, w.genuine(t, "/")); err != nil || status != http.StatusOK {
		t.Fatalf("before: %d, %v", status, err)
	}
	private := newPrivate(t, httpsig.Ed25519)
	next, err := httpsig.NewPrivateKey("m2", private)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := headers.NewJWKS([]headers.Key{{ID: "m2", Private: private}})
	if err != nil {
		t.Fatal(err)
	}
	old := w.keys.Swap(jwks.Bytes())
	defer w.keys.Store(old)
	if status, _, err := w.send(addr, w.genuine(t, "/").signed(t, next, params())); err != nil || status != http.StatusOK {
		t.Errorf("with the next key: %d, %v", status, err)
	}
	if status, _, err := w.send(addr, w.genuine(t, "/")); err != nil || status == http.StatusOK {
		t.Errorf("with a key that is published no more: %d, %v", status, err)
	}
}

// TestWebXML holds the filter's entry in web.xml to the example that runs.
func TestWebXML(t *testing.T) {
	var entry struct {
		Class  string `xml:"filter-class"`
		Params []struct {
			Name  string `xml:"param-name"`
			Value string `xml:"param-value"`
		} `xml:"init-param"`
	}
	if err := xml.Unmarshal([]byte(example(t, "xml")), &entry); err != nil {
		t.Fatal(err)
	}
	java := example(t, "java")
	once(t, java, "FilterHolder("+entry.Class+".class)", "")
	for _, p := range entry.Params {
		java = once(t, java, fmt.Sprintf("samlgate.setInitParameter(%q, %q);", p.Name, p.Value), "")
	}
	if strings.Contains(java, "setInitParameter") {
		t.Error("web.xml lacks a parameter of the example")
	}
}
