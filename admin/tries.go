package admin

import (
	"errors"
	"net"
	"net/http"
	"time"
)

func (cfg Config) beginTry(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IDP             string `json:"idp"`
		ServiceProvider string `json:"service_provider"`
	}
	if !body(w, r, &in) {
		return
	}
	begun, err := cfg.API.Trials.Begin(r.Context(), in.IDP, in.ServiceProvider)
	if refused(w, err) {
		return
	}
	reply(w, http.StatusCreated, begun)
}

func (cfg Config) showTry(w http.ResponseWriter, r *http.Request) {
	verdict, err := cfg.API.Trials.Verdict(r.Context(), r.PathValue("id"))
	if refused(w, err) {
		return
	}
	reply(w, http.StatusOK, verdict)
}

// refused answers an error, and reports whether there was one.
func refused(w http.ResponseWriter, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, ErrUnknownIDP):
		refuse(w, http.StatusNotFound, "unknown_idp", "no identity provider of the configuration has this name")
	case errors.Is(err, ErrUnknownServiceProvider):
		refuse(w, http.StatusNotFound, "unknown_service_provider", "no service provider of the configuration has this name")
	default:
		refuse(w, http.StatusServiceUnavailable, "store_down", "the session store does not answer")
	}
	return true
}

// levelUntil is the answer to PUT /api/v1/log/level.
type levelUntil struct {
	Level string    `json:"level"`
	IDP   string    `json:"idp,omitempty"`
	Until time.Time `json:"until"`
}

func (cfg Config) setLogLevel(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Level string `json:"level"`
		IDP   string `json:"idp"`
		For   string `json:"for"`
	}
	if !body(w, r, &in) {
		return
	}
	span, err := time.ParseDuration(in.For)
	known := in.Level == "debug" || in.IDP == "" && (in.Level == "info" || in.Level == "warn" || in.Level == "error")
	if err != nil || span < time.Second || span > MaxLevelTime || !known {
		refuse(w, http.StatusBadRequest, "bad_request", "level is debug, info, warn or error (of one identity provider: debug), for is 1s to 24h")
		return
	}
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	until, err := cfg.API.LogLevel.Raise(LevelChange{Level: in.Level, IDP: in.IDP, For: span, Addr: addr})
	if refused(w, err) {
		return
	}
	reply(w, http.StatusOK, levelUntil{in.Level, in.IDP, until})
}
