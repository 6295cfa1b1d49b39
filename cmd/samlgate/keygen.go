package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

type keygenCmd struct {
	Out       string `required:"" help:"Folder to write into; it is made when it is not there." placeholder:"DIR"`
	Name      string `default:"samlgate" help:"Host name to put into the certificate, ${default} if not given." placeholder:"HOST"`
	Next      bool   `xor:"which" help:"Make sp-next.crt and sp-next.key only, which take the place of sp.crt and sp.key in three steps: see docs/key-rollover.md."`
	Rotate    bool   `xor:"which" help:"Make the next signing key only, such as signing-2.key, which takes the place of the present one: see docs/key-rollover.md."`
	Algorithm string `default:"EdDSA" enum:"EdDSA,ES256,RS256,HS256" help:"With --rotate: what the key is for, ${enum}; HS256 is a secret that one app shares." placeholder:"NAME"`
}

// Run makes all keys, or none when one of the files is there already.
func (c *keygenCmd) Run(s streams) error {
	if c.Algorithm != "EdDSA" && !c.Rotate {
		return errors.New("--algorithm goes with --rotate")
	}
	sets := keyFiles(c.Name)
	switch {
	case c.Next:
		sets = nextFiles(c.Name)
	case c.Rotate:
		return c.rotate(s)
	}
	for _, set := range sets {
		for _, name := range set.names {
			if _, err := os.Lstat(filepath.Join(c.Out, name)); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is there already; keys are never overwritten: choose another folder, or move it away if nothing uses it", filepath.Join(c.Out, name))
			}
		}
	}
	if err := makeSets(s, c.Out, sets); err != nil || !c.Next {
		return err
	}
	_, err := fmt.Fprint(s.out, nextSteps)
	return err
}

const nextSteps = `
Next:
  1. Add it to saml.keys below the key in use, and reload: the metadata then shows both.
  2. Wait until every identity provider has taken over that metadata.
  3. Put it first, reload, and drop the old one a day later.
`

// keySet is files that belong together.
type keySet struct {
	names []string
	what  string
	make  func() ([][]byte, error)
}

func keyFiles(host string) []keySet {
	return []keySet{
		{[]string{"sp.crt", "sp.key"}, "certificate and key of the SAML service provider", func() ([][]byte, error) { return spPair(host) }},
		{[]string{"cookie.key"}, "key of the cookies", cookieKey},
		{[]string{"signing.key"}, "key that signs what apps are told", func() ([][]byte, error) { return signingKeyFor("EdDSA") }},
	}
}

// nextFiles is the pair that will sign requests after the present one.
func nextFiles(host string) []keySet {
	return []keySet{
		{[]string{"sp-next.crt", "sp-next.key"}, "next certificate and key of the SAML service provider", func() ([][]byte, error) { return spPair(host) }},
	}
}

// makeKeys writes the sets of which no file is there yet.
func makeKeys(s streams, dir, host string) error { return makeSets(s, dir, keyFiles(host)) }

func makeSets(s streams, dir string, sets []keySet) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := whole(dir, sets); err != nil {
		return err
	}
	for _, set := range sets {
		made, err := writeSet(dir, set)
		if err != nil {
			return err
		}
		verb := "wrote"
		if !made {
			verb = "kept"
		}
		for _, name := range set.names {
			fmt.Fprintf(s.out, "%s %s (%s)\n", verb, filepath.Join(dir, name), set.what)
		}
	}
	return nil
}

// whole refuses half a pair: nobody could say which half to keep.
func whole(dir string, sets []keySet) error {
	for _, set := range sets {
		var there, missing []string
		for _, name := range set.names {
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				there = append(there, name)
			} else {
				missing = append(missing, name)
			}
		}
		if len(there) > 0 && len(missing) > 0 {
			return fmt.Errorf("%s has %s without %s: bring the missing one, or move the other away", dir, there[0], missing[0])
		}
	}
	return nil
}

func writeSet(dir string, set keySet) (made bool, err error) {
	for _, name := range set.names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return false, nil
		}
	}
	contents, err := set.make()
	if err != nil {
		return false, fmt.Errorf("making the %s: %w", set.what, err)
	}
	for i, name := range set.names {
		if err := writeNew(filepath.Join(dir, name), contents[i], 0o600); err != nil {
			return false, err
		}
	}
	return true, nil
}

// writeNew writes a file that must not be there yet.
func writeNew(name string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

const spCertificateLife = 10 * 365 * 24 * time.Hour

// spPair returns a self-signed certificate and its RSA key. SAML trusts the key
// by the metadata it is in, so nobody else needs to sign it.
func spPair(host string) ([][]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, err
	}
	der, err := selfSigned(key, host, time.Now())
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return [][]byte{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

func selfSigned(key *rsa.PrivateKey, host string, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(spCertificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, &x509.Certificate{Subject: pkix.Name{CommonName: host}}, key.Public(), key)
}

func cookieKey() ([][]byte, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return nil, err
	}
	return [][]byte{[]byte(hex.EncodeToString(b) + "\n")}, nil
}
