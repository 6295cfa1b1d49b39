package samlsp

import (
	"slices"
	"testing"
)

// One changed, lost or doubled byte is refused, or changes nothing of what the
// response says: layout outside of what is signed, say.
func TestOneByteOff(t *testing.T) {
	for _, response := range []bool{false, true} {
		m := fixedGood()
		m.assertion, m.response = !response, response
		whole, sp := []byte(m.sealed(t)), m.provider(t)
		identityOf := func(data []byte) (string, error) {
			m.replay.Forget() // each is judged alone
			return identityOf(t, sp, m.want, data)
		}
		want, err := identityOf(whole)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(whole); i += 5 {
			for kind, changed := range map[string][]byte{
				"changed": slices.Concat(whole[:i], []byte{whole[i] ^ 1}, whole[i+1:]),
				"lost":    slices.Concat(whole[:i], whole[i+1:]),
				"doubled": slices.Concat(whole[:i+1], whole[i:]),
			} {
				if got, err := identityOf(changed); err == nil && got != want {
					t.Errorf("byte %d %s (%.40q): accepted as %q", i, kind, whole[i:], got)
				}
			}
		}
	}
}

// identityOf returns everything that a session would keep of a response.
func identityOf(t *testing.T, sp *ServiceProvider, want Expected, data []byte) (string, error) {
	t.Helper()
	a, err := sp.VerifyResponse(t.Context(), encode(string(data)), want)
	if err != nil {
		return "", err
	}
	id, err := a.Identity()
	text := string(id.Person) + "|" + id.NameID.Value + id.NameID.Format + id.NameID.SPNameQualifier + "|" + id.FirstName + "|" +
		id.Authn.SessionIndex + id.Authn.ContextClass + stamp(id.Authn.Instant) + stamp(id.Authn.NotOnOrAfter)
	for _, r := range id.Roles {
		text += "|" + r
	}
	return text, err
}
