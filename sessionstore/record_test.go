package sessionstore

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/samlgate/samlgate/identity"
)

func example() Record {
	at := time.UnixMilli(1772355600123)
	return Record{Format: Format, Created: at, LastUse: at.Add(time.Minute), Idle: time.Hour, Interval: 30 * time.Second, Expires: at.Add(12 * time.Hour),
		Epochs: Epochs{Person: 3, Bucket: 1 << 40}, Person: identity.Person("ana@example.com").Hash(), Body: []byte("sealed")}
}

func TestRecord(t *testing.T) {
	b, err := example().AppendBinary(nil)
	if err != nil || len(b) != headerLen+len("sealed") {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if bytes.Contains(b, []byte("ana@")) {
		t.Error("the address is readable")
	}
	other := bytes.Clone(b)
	other[0]++
	if r, err := ParseRecord(other); !errors.Is(err, ErrFormat) || r.Format != Format+1 {
		t.Errorf("another format gave %+v, %v", r, err)
	}
	for n := range headerLen {
		if _, err := ParseRecord(b[:n]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%d bytes gave %v", n, err)
		}
	}
}

func TestRecordEnd(t *testing.T) {
	r := example()
	if want := r.LastUse.Add(time.Hour + 30*time.Second); !r.End().Equal(want) {
		t.Errorf("ends at %v, want %v", r.End(), want)
	}
	r.LastUse = r.Expires.Add(-time.Minute)
	if !r.End().Equal(r.Expires) {
		t.Errorf("ends at %v, past %v", r.End(), r.Expires)
	}
}

// What parses prints back the same bytes.
func FuzzParseRecord(f *testing.F) {
	b, err := example().AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:headerLen])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRecord(b)
		if err != nil {
			return
		}
		if again, err := r.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x became %x, %v", b, again, err)
		}
	})
}
