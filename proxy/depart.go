package proxy

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"

	"github.com/samlgate/samlgate/pages"
	"github.com/samlgate/samlgate/proxy/visit"
)

// recorder notes the status of an answer. Flushing and hijacking reach the
// writer below through Unwrap.
type recorder struct {
	http.ResponseWriter
	status int
}

// Unwrap lets http.ResponseController reach the server's writer.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	return rec.ResponseWriter.Write(b)
}

// Hijack hands the connection over, which happens for an upgrade alone.
func (rec *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(rec.ResponseWriter).Hijack()
	if err == nil {
		rec.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// depart ends a visit: no panic reaches the browser, every request is counted,
// and those worth a line get one.
func (g *Gateway) depart(rec *recorder, r *http.Request, v *visit.Visit) {
	p := recover()
	if p != nil && p != http.ErrAbortHandler {
		v.Err = fmt.Errorf("panic at %s", origin())
		v.Reason = "panic"
		if rec.status == 0 {
			g.problem(rec, r, v, pages.Internal)
			p = nil
		}
	}
	took := g.Now().Sub(v.Start)
	g.Observer.Request(v.Route, r.Method, rec.status, took)
	g.line(rec.status, r.Method, v, slog.Float64("seconds", took.Seconds()))
	if p != nil {
		panic(http.ErrAbortHandler) // net/http cuts the connection, so that half an answer is not taken for a whole
	}
}

// line writes the one log line of a request: always for what went wrong, on
// wish for the rest. Neither query nor any header or value is in it.
func (g *Gateway) line(status int, method string, v *visit.Visit, took slog.Attr) {
	level, message := slog.LevelInfo, "request"
	switch {
	case status >= 500:
		level, message = slog.LevelError, "request failed"
	case status >= 400:
		message = "request refused"
	case !g.AccessLog:
		return
	}
	attrs := append(v.Attrs(), slog.Int("status", status), slog.String("method", named(method)),
		slog.String("host", v.Host), slog.String("path", g.SignIn.Printed(v)), took)
	g.Log.LogAttrs(context.Background(), level, message, attrs...)
}

// named is a method as it stands in the log: clients may invent long ones.
func named(method string) string { return method[:min(len(method), 20)] }

// origin names the function that panicked. The value of a panic may hold
// anything, so it is not logged.
func origin() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(3, pc)])
	for {
		f, more := frames.Next()
		if f.Function != "runtime.gopanic" && f.Function != "runtime.sigpanic" && f.Function != "runtime.panicmem" || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}
