package redis

import (
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/samlgate/samlgate/sessionstore"
)

var errAnswer = errors.New("redis gave an answer of another shape")

// reader takes the answer of a script apart. Whatever does not fit makes it
// fail, once, at the end.
type reader struct {
	parts []any
	bad   bool
}

func (r *reader) more() bool { return len(r.parts) > 0 && !r.bad }

func (r *reader) next() any {
	if len(r.parts) == 0 {
		r.bad = true
		return nil
	}
	part := r.parts[0]
	r.parts = r.parts[1:]
	return part
}

func (r *reader) text() string {
	s, ok := r.next().(string)
	r.bad = r.bad || !ok
	return s
}

// time reads Unix milliseconds.
func (r *reader) time() time.Time {
	n, ok := r.next().(int64)
	r.bad = r.bad || !ok
	return time.UnixMilli(n)
}

func (r *reader) number() int {
	n, ok := r.next().(int64)
	r.bad = r.bad || !ok
	return int(n)
}

// row reads a record. One of another format keeps its Format alone.
func (r *reader) row(id string, now time.Time) sessionstore.Row {
	record, err := sessionstore.ParseRecord([]byte(r.text()))
	if err != nil && !errors.Is(err, sessionstore.ErrFormat) {
		r.bad = true
	}
	return sessionstore.Row{ID: sessionstore.ID(id), Record: record, Now: now}
}

func (r *reader) failed(doing string) error {
	if r.bad {
		return unavailable(doing, errAnswer)
	}
	return nil
}

// one reads an answer of now and one record.
func (s *Store) one(doing string, id sessionstore.ID, cmd *goredis.Cmd) (sessionstore.Row, error) {
	answer, err := cmd.Slice()
	if errors.Is(err, goredis.Nil) {
		return sessionstore.Row{}, sessionstore.ErrNotFound
	}
	if err != nil {
		return sessionstore.Row{}, unavailable(doing, err)
	}
	r := reader{parts: answer}
	now := r.time()
	return r.row(string(id), now), r.failed(doing)
}

// loaded reads an answer of now, one record, the note of its person, and how many
// were created later.
func (s *Store) loaded(id sessionstore.ID, cmd *goredis.Cmd) (sessionstore.Row, error) {
	const doing = "loading a session"
	answer, err := cmd.Slice()
	if errors.Is(err, goredis.Nil) {
		return sessionstore.Row{}, sessionstore.ErrNotFound
	}
	if err != nil {
		return sessionstore.Row{}, unavailable(doing, err)
	}
	r := reader{parts: answer}
	now := r.time()
	row := r.row(string(id), now)
	if note := r.text(); note != "" {
		row.Note = []byte(note)
	}
	row.Later = r.number()
	return row, r.failed(doing)
}

// many reads an answer of now and any number of ids with records.
func many(doing string, cmd *goredis.Cmd) ([]sessionstore.Row, error) {
	answer, err := cmd.Slice()
	if err != nil {
		return nil, unavailable(doing, err)
	}
	r := reader{parts: answer}
	now := r.time()
	var rows []sessionstore.Row
	for r.more() {
		id := r.text()
		rows = append(rows, r.row(id, now))
	}
	return rows, r.failed(doing)
}
