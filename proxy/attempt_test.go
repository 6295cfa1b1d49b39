package proxy_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
	"github.com/samlgate/samlgate/proxy/signin"
	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// attempts remembers what is reported.
type attempts struct {
	mu       sync.Mutex
	all      []visit.Visit
	verdicts map[string]visit.Visit
	who      map[string]*identity.Identity
	away     error // instead of keeping a verdict
}

func (a *attempts) Attempt(v visit.Visit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, v)
}

func (a *attempts) Verdict(_ context.Context, id string, v visit.Visit, who *identity.Identity) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.verdicts == nil {
		a.verdicts, a.who = map[string]visit.Visit{}, map[string]*identity.Identity{}
	}
	if a.away != nil {
		return a.away
	}
	a.verdicts[id], a.who[id] = v, who
	return nil
}

// only returns the one attempt that was reported since the last call.
func (a *attempts) only(t testing.TB) visit.Visit {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.all) != 1 {
		t.Fatalf("%d attempts: %+v", len(a.all), a.all)
	}
	v := a.all[0]
	a.all = nil
	return v
}

func TestEachAttemptIsReportedOnce(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	b.signIn(wiki+"/", ann).is(200, ann)
	v := w.attempts.only(t)
	if v.Login.Result != "accepted" || !v.Login.Known || v.Login.Unsolicited || !v.Login.Report.Proven || v.IDP != "corp" || v.Session == "" {
		t.Errorf("%+v", v)
	}
	_, request := w.browser().open(wiki + "/").asked()
	other := w.browser()
	other.open(wiki + "/").asked()
	other.reply(saml{Request: request, IDP: "corp", Email: ann}).is(403)
	if v := w.attempts.only(t); v.Login.Result != "refused" || v.Login.Reason != "no_pending_login" || v.Login.Known {
		t.Errorf("%+v", v)
	}
	c := w.browser()
	_, request = c.open(wiki + "/").asked()
	c.reply(saml{Request: request, IDP: "partner", Email: ann}).is(403)
	if v := w.attempts.only(t); v.Login.Result != "refused" || v.Login.Reason != "mismatch" || !v.Login.Known || len(v.Login.Report.Checks) != 1 || v.Login.Detail == "" {
		t.Errorf("%+v", v)
	}
	d := w.browser()
	d.follow(d.started(saml{IDP: "corp", Email: ann, Roles: []string{"hr"}}, wiki+"/")).is(200, ann)
	if v := w.attempts.only(t); v.Login.Result != "accepted" || !v.Login.Unsolicited || !v.Login.Report.Proven {
		t.Errorf("%+v", v)
	}
	d.follow(d.started(saml{IDP: "corp", Email: ann, Roles: []string{"Restricted"}}, wiki+"/")).is(403)
	if v := w.attempts.only(t); v.Login.Reason != "role_denied" {
		t.Errorf("%+v", v)
	}
	w.browser().do(sso+"/.samlgate/saml/acs", ask{method: "POST", site: "cross-site", body: "SAMLResponse=x"})
	if v := w.attempts.only(t); v.Login.Result != "refused" || v.Login.Known || v.Login.Report.Proven {
		t.Errorf("%+v", v)
	}
}

// trial begins a dry run and returns the address of its page.
func (w *world) trial() signin.Trial {
	w.t.Helper()
	trial, err := w.door.Load().BeginTrial(w.t.Context(), "corp", "")
	w.must(err)
	return trial
}

var pressed = ask{method: "POST", site: "same-origin", body: "x=y", header: []string{"Origin: " + sso}}

// press presses the button and goes to the identity provider.
func (b *browser) press(trial signin.Trial) (request string) {
	b.t.Helper()
	a := b.do(trial.URL, pressed).is(200)
	to, err := url.Parse(strings.TrimPrefix(a.Header.Get("Refresh"), "0; url="))
	b.must(err)
	if to.Host != "corp.idp.test" {
		b.t.Fatalf("leads to %q", a.Header.Get("Refresh"))
	}
	return to.Query().Get("id")
}

func TestATrialTellsTheVerdictAndSignsNobodyIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	trial := w.trial()
	b.do(trial.URL, ask{}).is(200, "<form")
	b.do(trial.URL, ask{header: []string{"Sec-Purpose: prefetch"}}).is(200, "<form")
	request := b.press(trial) // neither spent it
	b.reply(saml{Request: request, IDP: "corp", Email: ann, Roles: []string{"hr"}}).is(200, "trial is over").signsNobodyIn()
	if w.live(ann) != 0 {
		t.Error("a session")
	}
	v := w.attempts.verdicts[trial.ID]
	if v.Login.Result != "accepted" || !v.Login.Trial || w.attempts.who[trial.ID] == nil || w.attempts.who[trial.ID].Email != ann {
		t.Errorf("%+v", v)
	}
	if v := w.attempts.only(t); !v.Login.Trial || v.Session != "" {
		t.Errorf("%+v", v)
	}
	b.do(trial.URL, pressed).is(403) // the code is spent
	b.reply(saml{Request: request, IDP: "corp", Email: ann}).is(403).signsNobodyIn()
	b.open(wiki + "/").asked() // still nobody
	if strings.Contains(w.log.String(), ann) || slices.Contains(w.observer.logins, "accepted ") {
		t.Error("a trial counts as a sign-in, or its person is logged")
	}
}

func TestTrialsThatAreRefused(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	b := w.browser()
	trial := w.trial()
	b.press(trial)
	// An answer to no request would sign in elsewhere; here it is the verdict.
	b.started(saml{IDP: "corp", Email: ann}, "").is(200, "trial is over").signsNobodyIn()
	if v := w.attempts.verdicts[trial.ID]; v.Login.Result != "refused" || v.Login.Reason != "mismatch" || w.attempts.who[trial.ID] != nil {
		t.Errorf("%+v", v)
	}
	trial = w.trial()
	request := b.press(trial)
	b.reply(saml{Request: request, IDP: "corp", Email: ann, Roles: []string{"Restricted"}}).is(200).signsNobodyIn()
	if v := w.attempts.verdicts[trial.ID]; v.Login.Reason != "role_denied" {
		t.Errorf("%+v", v)
	}
	if _, err := w.door.Load().BeginTrial(t.Context(), "nobody", ""); err != signin.ErrUnknownIDP {
		t.Error(err)
	}
	if w.live(ann) != 0 {
		t.Error("a session")
	}
}

// Whoever has the address may try, and learns nothing; another site, another
// browser, or a later time gets nowhere.
func TestTrialsBelongToWhoeverPressesTheButton(t *testing.T) {
	w := newWorld(t)
	trial := w.trial()
	if strings.Contains(trial.URL, trial.ID) {
		t.Error("the address holds the id")
	}
	evil := ask{method: "POST", site: "cross-site", body: "x=y", header: []string{"Origin: https://evil.example"}}
	w.browser().do(trial.URL, evil).is(403)
	b := w.browser()
	request := b.press(trial)
	w.browser().reply(saml{Request: request, IDP: "corp", Email: ann}).is(403).signsNobodyIn()
	if len(w.attempts.verdicts) != 0 {
		t.Error("an answer in another browser counts")
	}
	for _, c := range b.jar["sso.example.com"] {
		if strings.Contains(c.Value, trial.ID) {
			t.Error("the browser can read the id")
		}
	}
	late := w.trial()
	w.later(11 * time.Minute)
	w.browser().do(late.URL, pressed).is(403)
	b.do(wiki+"/.samlgate/try/"+strings.Repeat("A", 43), ask{}).is(404) // on the gateway origin alone
	b.do(sso+"/.samlgate/try/short", ask{}).is(404)
	b.do(sso+"/.samlgate/try/"+strings.Repeat("A", 43), pressed).is(403)
}

// A trial with a further SP identity asks as that one, and its answer comes by
// that one's ACS.
func TestTrialsOfAFurtherIdentity(t *testing.T) {
	w := newWorld(t, furtherIdentities)
	if _, err := w.door.Load().BeginTrial(t.Context(), "corp", "nobody"); err != signin.ErrUnknownServiceProvider {
		t.Error(err)
	}
	begin := func() signin.Trial {
		trial, err := w.door.Load().BeginTrial(t.Context(), "corp", "old")
		w.must(err)
		return trial
	}
	b := w.browser()
	trial := begin()
	b.replyAt(oldACS, saml{Request: b.press(trial), IDP: "corp", Email: ann, SP: "old"}).is(200, "trial is over").signsNobodyIn()
	if v := w.attempts.verdicts[trial.ID]; v.Login.Result != "accepted" || v.ServiceProvider != "old" || w.attempts.who[trial.ID] == nil {
		t.Errorf("%+v", v)
	}
	// What comes to another ACS of ours is the verdict, not a riddle.
	trial = begin()
	b.reply(saml{Request: b.press(trial), IDP: "corp", Email: ann, SP: "old"}).is(200, "trial is over").signsNobodyIn()
	if v := w.attempts.verdicts[trial.ID]; v.Login.Result != "refused" || v.Login.Reason != "other_service_provider" || w.attempts.who[trial.ID] != nil {
		t.Errorf("%+v", v)
	}
	// Nor does the answer to one identity count as that to another.
	trial = begin()
	b.replyAt(oldACS, saml{Request: b.press(trial), IDP: "corp", Email: ann}).is(200).signsNobodyIn()
	if v := w.attempts.verdicts[trial.ID]; v.Login.Result != "refused" || w.attempts.who[trial.ID] != nil {
		t.Errorf("%+v", v)
	}
	if w.live(ann) != 0 {
		t.Error("a session")
	}
}

// Whoever reads logs would have the address otherwise before it is used.
func TestTheCodeOfATrialIsNotLogged(t *testing.T) {
	w := newWorld(t)
	b, trial := w.browser(), w.trial()
	b.do(trial.URL, ask{}).is(200)
	b.do(trial.URL, ask{method: "POST", site: "cross-site", header: []string{"Origin: https://evil.example"}}).is(403)
	b.do(strings.Replace(trial.URL, "sso.", "wiki.", 1), ask{}).is(404)
	b.do(trial.URL+"/", ask{}).is(404)
	w.server.Close() // waits for the log lines
	if _, code, _ := strings.Cut(trial.URL, "/try/"); strings.Contains(w.log.String(), code) || !strings.Contains(w.log.String(), "/.samlgate/try/…") {
		t.Errorf("%s in\n%s", code, w.log.String())
	}
}

// With the store away nobody can tell how an attempt would end. It is on record.
func TestAttemptsWithTheStoreAwayAreReportedOnce(t *testing.T) {
	w := newWorld(t, policy(signin.Accept))
	unanswered := func(what string, a *answer) {
		t.Helper()
		a.is(503)
		w.store.down.Store(false)
		if v := w.attempts.only(t); v.Login.Result != "error" || v.Login.Reason != "unavailable" {
			t.Errorf("%s: %+v", what, v.Login)
		}
	}
	b := w.browser()
	_, request := b.open(wiki + "/").asked()
	w.store.down.Store(true)
	unanswered("asked", b.reply(saml{Request: request, IDP: "corp", Email: ann}))

	w.store.down.Store(true)
	unanswered("unasked", w.browser().started(saml{IDP: "corp", Email: ann}, ""))

	c := w.browser()
	request = c.press(w.trial())
	w.attempts.away = sessionstore.ErrUnavailable
	unanswered("a trial", c.reply(saml{Request: request, IDP: "corp", Email: ann}))
}
