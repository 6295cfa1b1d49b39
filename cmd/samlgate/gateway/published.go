package gateway

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/samlgate/samlgate/headers"
	"github.com/samlgate/samlgate/proxy"
)

// publishAhead is how long every gateway must have published a key before any
// of them signs with it: a verifier that fetched the keys just before may go on
// without it for half of that.
const publishAhead = 2 * headers.KeysMaxAge

const (
	announcements     = "signing keys" // the list in the store
	announcementsKept = 64
)

// published knows which signing keys may sign. Every gateway writes down each
// minute, in the store that all share, which keys it publishes; a key signs when
// no list of the last ten minutes lacks it. So a key that was put on top begins
// on all replicas alike, ten minutes after the last of them has it, whichever of
// them restart meanwhile; and where nobody has been heard of, as at the very
// first start, nobody can have fetched older keys, and the first signs at once.
type published struct {
	waiting atomic.Pointer[map[string]bool] // :: kid → not yet, of the keys there were when the store was heard last; nil: never
}

// ready reports whether a key may sign: not one of which nothing is known, as after
// a reload while the store is away.
func (p *published) ready(keyID string) bool {
	waiting := p.waiting.Load()
	if waiting == nil {
		return false
	}
	not, known := (*waiting)[keyID]
	return known && !not
}

// announcement is what a gateway publishes, and in which minute.
type announcement struct {
	minute int64
	prints []string // of the keys with their ids, in their order
}

func announce(keys []headers.Key, now time.Time) (announcement, error) {
	a := announcement{minute: now.Unix() / 60}
	for _, k := range keys {
		material := k.Secret
		if k.Private != nil {
			var err error
			if material, err = x509.MarshalPKIXPublicKey(k.Private.Public()); err != nil {
				return a, err
			}
		}
		sum, err := hkdf.Key(sha256.New, material, nil, "signing key "+k.ID, 8)
		if err != nil {
			return a, err
		}
		a.prints = append(a.prints, hex.EncodeToString(sum))
	}
	return a, nil
}

// encode is the same for all gateways with the same keys in the same minute.
func (a announcement) encode() []byte {
	return []byte(strconv.FormatInt(a.minute, 10) + " " + strings.Join(slices.Sorted(slices.Values(a.prints)), " "))
}

// lacks reports whether another announcement is recent and without a key. Its
// gateway may have gone on without it until just before its next one.
func (a announcement) lacks(other []byte, print string) bool {
	words := strings.Fields(string(other))
	if len(words) == 0 {
		return false
	}
	minute, err := strconv.ParseInt(words[0], 10, 64)
	recent := err == nil && a.minute-minute <= int64(publishAhead/time.Minute)+1
	return recent && !slices.Contains(words[1:], print)
}

// publish tells the others which keys we publish, and learns from theirs which
// may sign. While the store is away everything stays as it is.
func (r *Runner) publish(ctx context.Context, t *tree) {
	keys := allSigningKeys(t.cfg)
	own, err := announce(keys, r.now())
	if err != nil {
		r.log.Error("the signing keys cannot be told apart", "err", err)
		return
	}
	others, err := t.sessions.Recent(ctx, announcements)
	if err != nil {
		return
	}
	waiting := map[string]bool{}
	for i, k := range keys {
		waiting[k.ID] = slices.ContainsFunc(others, func(o []byte) bool { return own.lacks(o, own.prints[i]) })
	}
	r.tellWaiting(waiting)
	r.published.waiting.Store(&waiting)
	note := own.encode()
	if slices.ContainsFunc(others, func(o []byte) bool { return bytes.Equal(o, note) }) {
		return // one is enough in a minute
	}
	if err := t.sessions.Append(ctx, announcements, note, announcementsKept, 2*publishAhead); err != nil {
		r.log.Warn("the other gateways could not be told of our signing keys", "err", err)
	}
}

// tellGone logs which keys a reload took out that may have signed a moment ago:
// apps refuse what they signed as soon as they have fetched the keys again.
func (r *Runner) tellGone(old, t *tree) {
	if old == nil {
		return
	}
	keys := allSigningKeys(t.cfg)
	for _, k := range allSigningKeys(old.cfg) {
		gone := !slices.ContainsFunc(keys, func(other headers.Key) bool { return other.ID == k.ID })
		signed := slices.ContainsFunc(old.routes, func(rt *proxy.Route) bool { return rt.Signer != nil && rt.Signer.KeyID() == k.ID })
		if gone && signed {
			r.log.Warn("a signing key was taken out while it signed: what it signed is refused by apps that fetch the keys now", "key", k.ID)
		}
	}
}

// tellWaiting logs which keys begin to wait, and which have waited enough.
func (r *Runner) tellWaiting(waiting map[string]bool) {
	var before map[string]bool
	if p := r.published.waiting.Load(); p != nil {
		before = *p
	}
	for id, not := range waiting {
		if not && !before[id] {
			r.log.Info("a new signing key is published; it signs when every gateway has published it for a while", "key", id, "while", publishAhead.String())
		}
	}
	for id, not := range before {
		if not && !waiting[id] {
			r.log.Info("a signing key has been published for long enough, and may sign", "key", id)
		}
	}
}
