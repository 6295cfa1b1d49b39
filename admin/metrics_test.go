package admin

import (
	"context"
	"crypto/x509"
	"reflect"
	"testing"
	"time"

	"github.com/samlgate/samlgate/sessionstore"
	"github.com/samlgate/samlgate/sessionstore/embedded"
)

// series returns the values of one metric as a scrape sees them; of a histogram
// how often it was told something.
func series(t *testing.T, m *Metrics, name string) (values []float64) {
	t.Helper()
	all, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		if family.GetName() != name {
			continue
		}
		for _, s := range family.GetMetric() {
			values = append(values, s.GetCounter().GetValue()+s.GetGauge().GetValue()+float64(s.GetHistogram().GetSampleCount()))
		}
	}
	return values
}

// Every operation of the store is timed, also one that is added later.
func TestMeterForgetsNothing(t *testing.T) {
	m := NewMetrics("test")
	store := reflect.ValueOf(m.MeterStore(embedded.New(time.Now)))
	contract := reflect.TypeFor[sessionstore.Store]()
	for i := range contract.NumMethod() {
		name := contract.Method(i).Name
		if name == "Watch" || name == "Close" { // one lasts, the other ends
			continue
		}
		before := timed(t, m)
		method := store.MethodByName(name)
		args := []reflect.Value{reflect.ValueOf(context.Background())}
		for j := 1; j < method.Type().NumIn(); j++ {
			args = append(args, reflect.Zero(method.Type().In(j)))
		}
		method.Call(args)
		if timed(t, m) != before+1 {
			t.Errorf("%s is not timed", name)
		}
	}
}

func timed(t *testing.T, m *Metrics) (n float64) {
	t.Helper()
	for _, count := range series(t, m, "samlgate_store_seconds") {
		n += count
	}
	return n
}

// Only a store that is away has failed; one that knows no such session has not.
func TestStoreErrors(t *testing.T) {
	m := NewMetrics("test")
	store := &away{}
	metered := m.MeterStore(store)
	for _, err := range []error{nil, sessionstore.ErrNotFound, sessionstore.ErrUnavailable} {
		store.err = err
		_, _ = metered.Load(t.Context(), "id")
	}
	if all := series(t, m, "samlgate_store_errors_total"); len(all) != 1 || all[0] != 1 {
		t.Errorf("store errors: %v", all)
	}
}

type away struct {
	sessionstore.Store
	err error
}

func (a *away) Load(context.Context, sessionstore.ID) (sessionstore.Row, error) {
	return sessionstore.Row{}, a.err
}

// A method that a visitor made up is no new series.
func TestMethodsAreFew(t *testing.T) {
	m := NewMetrics("test")
	for _, method := range []string{"GET", "BREW", "get", "\xff"} {
		m.Request("wiki", method, 200, time.Second)
	}
	if all := series(t, m, "samlgate_requests_total"); len(all) != 2 {
		t.Errorf("%d series, want GET and other: %v", len(all), all)
	}
}

// One certificate published twice, or two under one name, are one series: the
// one that ends first. A scrape never fails for it.
func TestCertificatesUnderOneName(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := NewMetrics("test")
	ends := func(d time.Duration) Certificate {
		return Certificate{Kind: "idp", Name: "corp", X509: &x509.Certificate{NotAfter: now.Add(d)}}
	}
	m.Watch(func() time.Time { return now }, func() State {
		return State{IDPs: []IDP{{"corp", true}}, Certificates: []Certificate{ends(time.Hour), ends(-time.Minute), ends(time.Hour)}}
	})
	all := series(t, m, "samlgate_cert_expiry_seconds")
	if len(all) != 1 || all[0] != -60 {
		t.Errorf("expiry: %v", all)
	}
}
