package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

func unixDialer(path string, next dial) dial {
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return next(ctx, "unix", path) }
}

// watchAnswers wraps what a dialer returns.
func watchAnswers(next dial) dial {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &answerConn{Conn: c}, nil
	}
}

// overTLS adds the handshake, which the transport leaves to a dialer of ours.
// The context carries the time limit.
func overTLS(next dial, config *tls.Config) dial {
	if config == nil {
		config = &tls.Config{}
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		own := config.Clone()
		own.NextProtos = []string{"http/1.1"}
		if host, _, err := net.SplitHostPort(addr); err == nil && own.ServerName == "" {
			own.ServerName = host
		}
		t := tls.Client(c, own)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
		return t, nil
	}
}

// within bounds dialling as a whole.
func within(next dial, limit time.Duration) dial {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return next(ctx, network, addr)
	}
}
