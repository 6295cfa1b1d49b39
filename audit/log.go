package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Config is what a [Log] is made of.
type Config struct {
	File    string           // appended to; empty = no file
	Also    io.Writer        // written to as well, such as standard output; nil = nothing
	Key     []byte           // HMAC key of the chain, 32 bytes or more
	Now     func() time.Time // clock
	OnError func(err error)  // told of each line that could not be written
}

// Log is a chain of records. It is safe for concurrent use.
type Log struct {
	cfg   Config
	chain string

	mu   sync.Mutex // guards what follows
	file *os.File
	seq  uint64
	prev []byte
}

// New opens the file, if one is named, and begins a chain.
func New(cfg Config) (*Log, error) {
	if len(cfg.Key) < sha256.Size {
		return nil, errors.New("audit key is shorter than 32 bytes")
	}
	name := make([]byte, 12)
	if _, err := rand.Read(name); err != nil {
		return nil, fmt.Errorf("naming the audit chain: %w", err)
	}
	l := &Log{cfg: cfg, chain: hex.EncodeToString(name)}
	l.prev = l.mac([]byte(l.chain))
	if err := l.Reopen(); err != nil {
		return nil, err
	}
	return l, nil
}

// Reopen closes the file and opens it again by its name, so that a rotation
// tool may have moved it away. The chain goes on.
func (l *Log) Reopen() error {
	if l.cfg.File == "" {
		return nil
	}
	f, err := os.OpenFile(l.cfg.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the audit file: %w", err)
	}
	l.mu.Lock()
	old := l.file
	l.file = f
	l.mu.Unlock()
	if old != nil {
		return old.Close()
	}
	return nil
}

// Close closes the file. Records that come later reach only Also.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// Record writes one event as the next line of the chain.
func (l *Log) Record(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := e.encode(l.cfg.Now(), l.chain, l.seq+1, hex.EncodeToString(l.prev))
	if err == nil {
		l.seq++
		l.prev = l.mac(b)
		err = l.write(append(b, '\n'))
	}
	if err != nil && l.cfg.OnError != nil {
		l.cfg.OnError(fmt.Errorf("writing an audit record: %w", err))
	}
}

func (l *Log) write(b []byte) error {
	var errs []error
	if l.file != nil {
		_, err := l.file.Write(b)
		errs = append(errs, err)
	}
	if l.cfg.Also != nil {
		_, err := io.Copy(l.cfg.Also, bytes.NewReader(b))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (l *Log) mac(b []byte) []byte {
	h := hmac.New(sha256.New, l.cfg.Key)
	h.Write(b)
	return h.Sum(nil)
}
