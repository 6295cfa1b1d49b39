package pages

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed lang/*.json
var languages embed.FS

// reference is the catalogue that the others are compared with.
const reference = "en"

// Languages lists the shipped catalogues, the default first.
func Languages() []string { return []string{reference, "de", "fr"} }

// catalogue holds every word of one language. {name} in a text stands for an
// argument of that name.
type catalogue struct {
	Problems map[Code]problemText         `json:"problems"`
	Absent   map[string]string            `json:"absent"` // argument → general words when it is absent
	Values   map[string]map[string]string `json:"values"` // argument → value → words for it
	Actions  map[ActionKind]string        `json:"actions"`
	Words    words                        `json:"words"`
	Ended    map[EndReason]text           `json:"ended"`
	Time     timeWords                    `json:"time"`
	Keep     keepWords                    `json:"keep"`

	tag string
}

type text struct {
	Title string `json:"title"`
	What  string `json:"what"`
	Next  string `json:"next"`
}

type problemText struct {
	text
	Detail string `json:"detail,omitempty"` // shown when all its arguments are there
}

type words struct {
	Brand           string `json:"brand"` // when no title is configured
	SupportID       string `json:"support_id"`
	Time            string `json:"time"`
	Status          string `json:"status"`
	Help            string `json:"help"`
	HelpText        string `json:"help_text"`
	RetryAfter      string `json:"retry_after"`
	ChooserTitle    string `json:"chooser_title"`
	ChooserWhat     string `json:"chooser_what"`
	ChooserRoute    string `json:"chooser_route"`
	ChooserList     string `json:"chooser_list"`
	ChooserEmail    string `json:"chooser_email"`
	ChooserUse      string `json:"chooser_email_use"`
	ChooserWrong    string `json:"chooser_email_wrong"`
	ChooserGo       string `json:"chooser_go"`
	ChooserOr       string `json:"chooser_or"`
	ChooserKeep     string `json:"chooser_remember"`
	RealmTitle      string `json:"realm_title"`
	RealmWhat       string `json:"realm_what"` // idp; true whether or not the address is known
	RealmNext       string `json:"realm_next"`
	PersonTitle     string `json:"person_title"`
	PersonWhat      string `json:"person_what"` // now, person
	PersonNext      string `json:"person_next"`
	LogoutTitle     string `json:"logout_title"`
	LogoutWhat      string `json:"logout_what"`
	LogoutNext      string `json:"logout_next"`
	AccountTitle    string `json:"account_title"`
	AccountWhat     string `json:"account_what"`
	AccountDone     string `json:"account_done"`
	SessionsTitle   string `json:"sessions_title"`
	SessionThis     string `json:"session_this"`
	SessionDevice   string `json:"session_device"` // where nothing is known of the browser
	SessionCreated  string `json:"session_created"`
	SessionUsed     string `json:"session_used"`
	SessionEnd      string `json:"session_end"`
	SessionsOthers  string `json:"sessions_others"`
	SessionsAll     string `json:"sessions_all"`
	ChoiceTitle     string `json:"choice_title"`
	ChoiceIdle      string `json:"choice_idle"`
	ChoiceMax       string `json:"choice_max"`
	ChoiceNone      string `json:"choice_none"`
	ChoiceNoLimit   string `json:"choice_no_limit"`
	ChoiceNote      string `json:"choice_note"`
	ChoiceKeep      string `json:"choice_keep"`
	SelfTitle       string `json:"self_title"`
	SelfWhat        string `json:"self_what"`
	SelfNext        string `json:"self_next"`
	Name            string `json:"name"`
	Email           string `json:"email"`
	IDP             string `json:"idp"`
	Since           string `json:"since"`
	Ends            string `json:"ends"`
	IdleEnds        string `json:"idle_ends"`
	Apps            string `json:"apps"`
	PostTitle       string `json:"post_title"`
	PostWhat        string `json:"post_what"`
	PostNoScript    string `json:"post_noscript"`
	SharedDesk      string `json:"shared_desk"`
	LimitTitle      string `json:"limit_title"`
	LimitWhat       string `json:"limit_what"`
	LimitNext       string `json:"limit_next"`
	LimitList       string `json:"limit_list"`
	LimitUsed       string `json:"limit_used"`
	LimitSince      string `json:"limit_since"`
	UnknownDevice   string `json:"unknown_device"`
	SignedInSince   string `json:"signed_in_since"` // device, time
	TrialTitle      string `json:"trial_title"`
	TrialWhat       string `json:"trial_what"`
	TrialNext       string `json:"trial_next"`
	TrialOver       string `json:"trial_over"`
	TrialDone       string `json:"trial_done"`
	TrialRead       string `json:"trial_read"`
	ResumedTitle    string `json:"resumed_title"`
	ResumedWhat     string `json:"resumed_what"`
	LeavingTitle    string `json:"leaving_title"`
	LeavingWhat     string `json:"leaving_what"`
	LeavingNoScript string `json:"leaving_noscript"`
}

func loadCatalogue(tag string) (*catalogue, error) {
	raw, err := languages.ReadFile("lang/" + tag + ".json")
	if err != nil {
		return nil, fmt.Errorf("no catalogue for language %q", tag)
	}
	c := &catalogue{tag: tag}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("reading catalogue %q: %w", tag, err)
	}
	return c, nil
}

// loadCatalogues reads the wanted languages and proves them complete.
func loadCatalogues(tags []string) ([]*catalogue, error) {
	ref, err := loadCatalogue(reference)
	if err != nil {
		return nil, err
	}
	var all []*catalogue
	for _, tag := range tags {
		c, err := loadCatalogue(tag)
		if err == nil {
			err = errors.Join(c.complete(), c.matches(ref))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// complete reports what the program asks for and c does not say.
func (c *catalogue) complete() error {
	var errs []error
	errs = append(errs, sameKeys(c.tag, "problems", c.Problems, kinds),
		sameKeys(c.tag, "actions", c.Actions, actionKinds), sameKeys(c.tag, "ended", c.Ended, endGlyphs))
	for key, s := range c.flat() {
		if s == "" {
			errs = append(errs, fmt.Errorf("catalogue %q: %s is missing", c.tag, key))
		}
		for _, name := range placeholders(s) {
			if _, ok := c.Absent[name]; !ok && !slices.Contains(inner, name) {
				errs = append(errs, fmt.Errorf("catalogue %q: %s: {%s} has no words for when it is absent", c.tag, key, name))
			}
		}
	}
	return errors.Join(errs...)
}

// inner are the arguments that our own code always gives.
var inner = []string{"n", "when", "day", "month", "year", "clock", "zone"}

// matches reports where c and ref have different keys or arguments.
func (c *catalogue) matches(ref *catalogue) error {
	mine, theirs := c.flat(), ref.flat()
	errs := []error{sameKeys(c.tag, "catalogue", mine, theirs)}
	for key, s := range mine {
		if got, want := placeholders(s), placeholders(theirs[key]); !slices.Equal(got, want) {
			errs = append(errs, fmt.Errorf("catalogue %q: %s: arguments are %v, %s has %v", c.tag, key, got, ref.tag, want))
		}
	}
	return errors.Join(errs...)
}

func sameKeys[K ~string, A, B any](tag, what string, got map[K]A, want map[K]B) error {
	var errs []error
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[k]; !ok {
			errs = append(errs, fmt.Errorf("catalogue %q: %s: %s is missing", tag, what, k))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			errs = append(errs, fmt.Errorf("catalogue %q: %s: %s is unknown", tag, what, k))
		}
	}
	return errors.Join(errs...)
}

// flat returns every text of c by its dotted key.
func (c *catalogue) flat() map[string]string {
	out := map[string]string{}
	raw, err := json.Marshal(c)
	if err != nil {
		return out
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err == nil {
		flatten("", tree, out)
	}
	return out
}

func flatten(key string, node any, out map[string]string) {
	switch n := node.(type) {
	case string:
		out[key] = n
	case []any:
		for i, child := range n {
			flatten(fmt.Sprintf("%s.%d", key, i), child, out)
		}
	case map[string]any:
		for name, child := range n {
			flatten(strings.TrimPrefix(key+"."+name, "."), child, out)
		}
	}
}

// maxAcceptLanguage bounds what we parse; a browser sends less than 200 bytes.
const maxAcceptLanguage = 1024

// pick returns the catalogue that suits the request best, else the first one.
func (p *Pages) pick(r *http.Request) *catalogue {
	accept := strings.Join(r.Header.Values("Accept-Language"), ",")
	if accept == "" || len(accept) > maxAcceptLanguage {
		return p.catalogues[0]
	}
	_, i := language.MatchStrings(p.matcher, accept)
	if i < 0 || i >= len(p.catalogues) {
		return p.catalogues[0]
	}
	return p.catalogues[i]
}
