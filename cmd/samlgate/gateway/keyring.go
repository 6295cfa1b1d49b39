package gateway

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	ringsKept = 64              // rings of which the store is told
	ringsLast = 5 * time.Minute // how long it remembers the last
	ringFresh = 2               // minutes after which a gateway that is silent has gone
)

// keyring is what a gateway tells others of a ring of its keys: when, and a
// fingerprint of each, from which nobody learns the key.
type keyring struct {
	name   string // of the list in the store
	minute int64
	prints []string
}

func newKeyring(key string, secrets [][]byte, now time.Time) (keyring, error) {
	k := keyring{name: "rings." + key, minute: now.Unix() / 60}
	for _, secret := range secrets {
		sum, err := hkdf.Key(sha256.New, secret, nil, "fingerprint of "+key, 8)
		if err != nil {
			return keyring{}, err
		}
		k.prints = append(k.prints, hex.EncodeToString(sum))
	}
	return k, nil
}

// encode is the same for all gateways with the same ring in the same minute.
func (k keyring) encode() []byte {
	return []byte(strconv.FormatInt(k.minute, 10) + " " + strings.Join(k.prints, " "))
}

// stranger reports whether others are there, and none of them has a key of ours.
func (k keyring) stranger(others [][]byte) bool {
	met := false
	for _, other := range others {
		words := strings.Fields(string(other))
		if len(words) < 2 {
			continue
		}
		minute, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil || max(minute-k.minute, k.minute-minute) > ringFresh {
			continue
		}
		if slices.ContainsFunc(words[1:], func(print string) bool { return slices.Contains(k.prints, print) }) {
			return false
		}
		met = true
	}
	return met
}
