package admin

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are the series of one gateway, listed in docs/metrics.md. Labels are
// configured names and enums only, so that no visitor can make a new series.
type Metrics struct {
	registry *prometheus.Registry

	requests, logins, started, ended, storeErrors *prometheus.CounterVec
	stripped, dropped, cookies, sha1, logouts     *prometheus.CounterVec
	unconfirmed                                   *prometheus.CounterVec
	returns, auditErrors, attemptsAlone           prometheus.Counter
	requestSeconds, storeSeconds                  *prometheus.HistogramVec
}

// NewMetrics returns the series of a gateway of this version.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "samlgate_" + name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, label string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "samlgate_" + name, Help: help, Buckets: buckets}, []string{label})
		m.registry.MustRegister(h)
		return h
	}
	m.requests = counter("requests_total", "Requests by route, method and status; an empty route is one of our own pages.", "route", "method", "code")
	m.logins = counter("logins_total", "Sign-ins by identity provider, result (started, accepted, refused, error) and reason.", "idp", "result", "reason")
	m.logouts = counter("logouts_total", "Single logout by identity provider, direction (sent, received) and result (started, success, partial, failed, refused, error).", "idp", "direction", "result")
	m.started = counter("sessions_started_total", "Sessions started, by identity provider.", "idp")
	m.ended = counter("sessions_ended_total", "Sessions ended by this process, by reason; expiry is not counted.", "reason")
	m.storeErrors = counter("store_errors_total", "Failed operations of the session store.", "operation")
	m.unconfirmed = counter("store_unconfirmed_total", "Writes that ended or used up something and that no replica of the store had confirmed in time, by operation.", "operation")
	m.stripped = counter("headers_stripped_total", "Client header fields removed because only the gateway may set them: managed ones say who somebody is, other ones how they came.", "route", "kind")
	m.dropped = counter("header_values_dropped_total", "Attribute values that no header could carry safely.", "route")
	m.sha1 = counter("sha1_logins_total", "Sign-ins that rest on SHA-1, which allow_sha1 lets in.", "idp")
	m.cookies = counter("set_cookies_dropped_total", "Cookies of the gateway's names that an app tried to set.", "route")
	m.returns = counter("return_addresses_refused_total", "Return addresses that lead somewhere else.").WithLabelValues()
	m.attemptsAlone = counter("login_attempts_alone_total", "Attempts to sign in that this process alone remembers, since the store was away or slow.").WithLabelValues()
	m.auditErrors = counter("audit_errors_total", "Audit records that could not be written.").WithLabelValues()
	m.requestSeconds = histogram("request_seconds", "Time to answer, by route.", prometheus.DefBuckets, "route")
	m.storeSeconds = histogram("store_seconds", "Time of one operation of the session store.",
		[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1}, "operation")
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "samlgate_build_info", Help: "Always 1; the label tells the version."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// Request counts one answered request.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if !slices.Contains(methods, method) {
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.requestSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// Login counts one step of a sign-in.
func (m *Metrics) Login(idp, result, reason string) {
	m.logins.WithLabelValues(idp, result, reason).Inc()
	if result == "accepted" {
		m.started.WithLabelValues(idp).Inc()
	}
}

// Logout counts one step of a single logout.
func (m *Metrics) Logout(idp, direction, result string) {
	m.logouts.WithLabelValues(idp, direction, result).Inc()
}

// Ended counts a session that this process ended.
func (m *Metrics) Ended(reason string) { m.ended.WithLabelValues(reason).Inc() }

// ReturnRefused counts a return address that leads somewhere else.
func (m *Metrics) ReturnRefused() { m.returns.Inc() }

// HeadersStripped counts what a client may not say: who somebody is, and how
// the request came.
func (m *Metrics) HeadersStripped(route string, managed, other int) {
	m.stripped.WithLabelValues(route, "managed").Add(float64(managed))
	m.stripped.WithLabelValues(route, "other").Add(float64(other))
}

// ValuesDropped counts values that no header could carry.
func (m *Metrics) ValuesDropped(route string, n int) {
	m.dropped.WithLabelValues(route).Add(float64(n))
}

// CookiesDropped counts cookies that an app may not set.
func (m *Metrics) CookiesDropped(route string, n int) {
	m.cookies.WithLabelValues(route).Add(float64(n))
}

// SHA1 counts a sign-in that rests on SHA-1.
func (m *Metrics) SHA1(idp string) { m.sha1.WithLabelValues(idp).Inc() }

// Unconfirmed counts a write that no replica had confirmed in time.
func (m *Metrics) Unconfirmed(operation string) { m.unconfirmed.WithLabelValues(operation).Inc() }

// AttemptAlone counts an attempt that could not be brought to the store.
func (m *Metrics) AttemptAlone() { m.attemptsAlone.Inc() }

// AuditFailed counts a record that was not written.
func (m *Metrics) AuditFailed() { m.auditErrors.Inc() }
