package admin

import (
	"crypto/x509"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what is read anew at each scrape.
type State struct {
	Cache        Cache
	Live         int // exchanges on behalf of sessions that are under way
	IDPs         []IDP
	Certificates []Certificate
}

// IDP is an identity provider of the configuration.
type IDP struct {
	Name  string
	Ready bool // people can sign in there
}

// Cache is the memory of the sessions in use.
type Cache struct {
	Hits, Misses, Suspended, Graced uint64
	Entries                         int
	Bytes                           int64
	Watched                         bool // all of the store can be relied on to tell of ends
}

// Certificate is one certificate that will expire.
type Certificate struct {
	Kind string // sp, idp, metadata or tls
	Name string // as configured
	X509 *x509.Certificate
}

// Watch publishes the state of the gateway. It is called once.
func (m *Metrics) Watch(now func() time.Time, state func() State) {
	m.registry.MustRegister(&watcher{now, state})
}

type watcher struct {
	now   func() time.Time
	state func() State
}

var (
	readyDesc = prometheus.NewDesc("samlgate_idp_ready",
		"1 when people can sign in there, 0 while its metadata is missing or has expired.", []string{"idp"}, nil)
	expiryDesc = prometheus.NewDesc("samlgate_cert_expiry_seconds",
		"Seconds until the first certificate of that kind and name expires, negative when it has; kind is sp, idp, metadata or tls.", []string{"kind", "name"}, nil)
)

var (
	liveDesc    = prometheus.NewDesc("samlgate_live_exchanges", "Requests, WebSockets and streams of sessions that are under way.", nil, nil)
	lookupsDesc = prometheus.NewDesc("samlgate_session_lookups_total",
		"Lookups of a session, by result: hit (from memory), miss (the store was asked), suspended (of the misses, those that memory could not be relied on) and graced (of these, those that went on under store.grace).", []string{"result"}, nil)
	entriesDesc = prometheus.NewDesc("samlgate_session_cache_entries", "Sessions in memory, one for each host they are used on.", nil, nil)
	bytesDesc   = prometheus.NewDesc("samlgate_session_cache_bytes", "Memory that they take, estimated; store.cache_bytes bounds it.", nil, nil)
	watchedDesc = prometheus.NewDesc("samlgate_session_store_watched", "1 while ends of sessions are heard from all of the store, 0 while every request must ask.", nil, nil)
)

func (c Cache) collect(ch chan<- prometheus.Metric) {
	for result, n := range map[string]uint64{"hit": c.Hits, "miss": c.Misses, "suspended": c.Suspended, "graced": c.Graced} {
		ch <- prometheus.MustNewConstMetric(lookupsDesc, prometheus.CounterValue, float64(n), result)
	}
	watched := 0.0
	if c.Watched {
		watched = 1
	}
	ch <- prometheus.MustNewConstMetric(entriesDesc, prometheus.GaugeValue, float64(c.Entries))
	ch <- prometheus.MustNewConstMetric(bytesDesc, prometheus.GaugeValue, float64(c.Bytes))
	ch <- prometheus.MustNewConstMetric(watchedDesc, prometheus.GaugeValue, watched)
}

// Describe implements prometheus.Collector.
func (w *watcher) Describe(ch chan<- *prometheus.Desc) {
	ch <- readyDesc
	ch <- expiryDesc
	ch <- liveDesc
	ch <- lookupsDesc
	ch <- entriesDesc
	ch <- bytesDesc
	ch <- watchedDesc
}

// Collect implements prometheus.Collector. Two certificates under one name are
// one series: a series that comes twice fails the whole scrape.
func (w *watcher) Collect(ch chan<- prometheus.Metric) {
	s := w.state()
	s.Cache.collect(ch)
	ch <- prometheus.MustNewConstMetric(liveDesc, prometheus.GaugeValue, float64(s.Live))
	for _, idp := range s.IDPs {
		ready := 0.0
		if idp.Ready {
			ready = 1
		}
		ch <- prometheus.MustNewConstMetric(readyDesc, prometheus.GaugeValue, ready, idp.Name)
	}
	first := map[[2]string]time.Time{} // kind and name → the earliest end
	for _, c := range s.Certificates {
		key := [2]string{c.Kind, c.Name}
		if end, seen := first[key]; !seen || c.X509.NotAfter.Before(end) {
			first[key] = c.X509.NotAfter
		}
	}
	for key, end := range first {
		ch <- prometheus.MustNewConstMetric(expiryDesc, prometheus.GaugeValue, end.Sub(w.now()).Seconds(), key[0], key[1])
	}
}
