package metadata

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dsig "github.com/russellhaering/goxmldsig"
)

func withID() doc { d := good(); d.before, d.attrs = "", ` ID="_one"`; return d }

func pinned() []*x509.Certificate { return []*x509.Certificate{signers().federation.cert} }

// All that signers of metadata do is accepted.
func TestSignedMetadata(t *testing.T) {
	s := signers()
	entity := withID().bytes()
	aggregate := group(` ID="_all" Name="federation"`, spEntity, withID().entity())
	lines := withID()
	lines.attrs += " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:a\r\n\ta.xsd\" note='it is \"so\" &gt;'"
	lines.extra = "<!-- <a b=' --><md:Extensions><![CDATA[ <x y=\"\n\"> ]]></md:Extensions>"
	allow := func(what string, g signing, document []byte, certs ...*x509.Certificate) {
		t.Helper()
		if certs == nil {
			certs = pinned()
		}
		d, err := ParseSigned(g.sign(t, document), "", certs, testNow())
		if err != nil || d.EntityID != testID {
			t.Errorf("%s: %v", what, err)
		}
	}
	allow("an entity", signing{key: s.federation.key}, entity)
	allow("by the empty URI", signing{key: s.federation.key, uri: "none"}, entity)
	allow("by the empty URI without an ID", signing{key: s.federation.key, uri: "none"}, good().bytes())
	allow("an aggregate", signing{key: s.federation.key}, aggregate)
	allow("nested aggregates", signing{key: s.federation.key}, group(` ID="_top"`, string(group("", string(group("", good().entity()))))))
	allow("an entity signed by its owner in a signed aggregate", signing{key: s.federation.key},
		signing{key: s.stranger.key, path: "//md:EntityDescriptor[@ID='_one']"}.sign(t, aggregate))
	allow("ECDSA", signing{key: s.curve.key, method: dsig.ECDSASHA384SignatureMethod}, entity, s.curve.cert)
	allow("SHA-512", signing{key: s.federation.key, method: dsig.RSASHA512SignatureMethod, digest: "http://www.w3.org/2001/04/xmlenc#sha512"}, entity)
	allow("two are pinned", signing{key: s.federation.key}, entity, s.curve.cert, s.federation.cert)
	allow("its certificate in KeyInfo", signing{key: s.federation.key, keyInfo: keyInfo(s.federation.cert)}, entity)
	allow("another certificate in KeyInfo", signing{key: s.federation.key, keyInfo: keyInfo(s.stranger.cert)}, entity)
	allow("a key name in KeyInfo", signing{key: s.federation.key, keyInfo: "<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo>"}, entity)
	allow("inclusive prefixes", signing{key: s.federation.key, prefixes: "md xsi"}, entity)
	allow("line breaks in attributes", signing{key: s.federation.key}, lines.bytes())
	if _, err := ParseSigned(signing{key: s.federation.key}.sign(t, entity), "", pinned(), testNow().Add(2000*time.Hour)); err != nil {
		t.Errorf("a pinned certificate that has expired: %v", err)
	}
	raw := signing{key: s.federation.key}.sign(t, lines.bytes())
	raw = bytes.Replace(raw, []byte("urn:a  a.xsd"), []byte("urn:a\r\n\ta.xsd"), 1) // as its author wrapped it
	if !bytes.Contains(raw, []byte("\r\n\ta.xsd")) {
		raw = bytes.Replace(raw, []byte("urn:a "), []byte("urn:a\n"), 1)
	}
	if _, err := ParseSigned(raw, "", pinned(), testNow()); err != nil {
		t.Errorf("an attribute wrapped on the way: %v", err)
	}
}

// Each attack has a twin that differs in nothing else and is accepted.
func TestSignedMetadataAttacks(t *testing.T) {
	s := signers()
	ours := signing{key: s.federation.key}
	evil := withID()
	evil.keys = keyDescriptor("signing", s.stranger.cert)
	entity := withID().bytes()
	signed := ours.sign(t, entity)
	signature := cut(t, signed, "<ds:Signature", "</ds:Signature>")
	wrap := func(outer string) []byte { // an evil entity around the genuine one
		return []byte(strings.Replace(evil.entity(), "><md:IDPSSO", outer+"<md:IDPSSO", 1))
	}
	inner := group(` ID="_all"`, withID().entity())
	for name, c := range map[string]struct {
		twin, attack []byte
		want         string
	}{
		"unsigned":                {signed, entity, "not signed as a whole"},
		"stripped":                {signed, bytes.Replace(signed, signature, nil, 1), "not signed as a whole"},
		"another key":             {signed, signing{key: s.stranger.key}.sign(t, entity), "none of the pinned"},
		"another key, ours named": {signed, signing{key: s.stranger.key, keyInfo: keyInfo(s.federation.cert)}.sign(t, entity), "none of the pinned"},
		"another kind of key":     {signed, signing{key: s.curve.key}.sign(t, entity), "none of the pinned"},
		"an address changed":      {signed, bytes.Replace(signed, []byte("idp.example.net/sso"), []byte("evil.example.net/sso"), 1), "changed after"},
		"a key added": {signed, bytes.Replace(signed, []byte("</md:KeyDescriptor>"),
			[]byte("</md:KeyDescriptor>"+keyDescriptor("signing", s.stranger.cert)), 1), "changed after"},
		"validUntil taken away": {ours.sign(t, bytes.Replace(entity, []byte(` ID=`), []byte(` validUntil="2026-12-01T00:00:00Z" ID=`), 1)),
			bytes.Replace(ours.sign(t, bytes.Replace(entity, []byte(` ID=`), []byte(` validUntil="2026-12-01T00:00:00Z" ID=`), 1)),
				[]byte(` validUntil="2026-12-01T00:00:00Z"`), nil, 1), "changed after"},
		"the digest fitted":                  {signed, refit(t, signed), "none of the pinned"},
		"wrapped, the signature left inside": {signed, wrap("><md:Extensions>" + string(signed) + "</md:Extensions>"), "not signed as a whole"},
		"wrapped, the signature moved out":   {signed, wrap(">" + string(signature) + "<md:Extensions>" + string(entity) + "</md:Extensions>"), "changed after"},
		"wrapped, under another ID": {signed, bytes.Replace(wrap(">"+string(signature)+"<md:Extensions>"+string(entity)+"</md:Extensions>"),
			[]byte(`ID="_one"`), []byte(`ID="_two"`), 1), "something else than the whole"},
		"in the signature's own Object": {signed, bytes.Replace(wrap(">"+string(signature)), []byte("</ds:Signature>"),
			[]byte("<ds:Object>"+string(entity)+"</ds:Object></ds:Signature>"), 1), "unusual shape"},
		"an aggregate around one that is signed":            {ours.sign(t, inner), group(` ID="_all"`, string(signed)), "not signed as a whole"},
		"a reference to a child":                            {ours.sign(t, inner), move(t, signing{key: s.federation.key, path: "//md:EntityDescriptor"}.sign(t, inner)), "something else than the whole"},
		"inner signature, then the outer one of a stranger": {ours.sign(t, inner), signing{key: s.stranger.key}.sign(t, group(` ID="_all"`, string(signed))), "none of the pinned"},
		"no ID, and a reference to it": {signing{key: s.federation.key, uri: "none"}.sign(t, good().bytes()),
			signing{key: s.federation.key, uri: "#"}.sign(t, good().bytes()), "something else than the whole"},
		"an XPointer":              {signed, signing{key: s.federation.key, uri: "#xpointer(/)"}.sign(t, entity), "something else than the whole"},
		"two references":           {signed, signing{key: s.federation.key, second: true}.sign(t, entity), "unusual shape"},
		"two signatures":           {signed, bytes.Replace(signed, signature, append(bytes.Clone(signature), signature...), 1), "several signatures"},
		"the signature at the end": {signed, signing{key: s.federation.key, at: 1}.sign(t, entity), "not signed as a whole"},
		"SHA-1 as the method":      {signed, signing{key: s.federation.key, method: dsig.RSASHA1SignatureMethod}.sign(t, entity), "not allowed"},
		"SHA-1 as the digest":      {signed, signing{key: s.federation.key, digest: sha1Digest}.sign(t, entity), "not allowed"},
		"HMAC with the public key": {signed, bytes.Replace(signed, []byte(dsig.RSASHA256SignatureMethod), []byte("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), 1), "not allowed"},
		"inclusive form":           {signed, signing{key: s.federation.key, c14n: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}.sign(t, entity), "exclusive"},
		"with comments":            {signed, signing{key: s.federation.key, c14n: nsExclusive + "WithComments"}.sign(t, entity), "exclusive"},
		"a transform too few":      {signed, signing{key: s.federation.key, noEnveloped: true}.sign(t, entity), "something else than the whole"},
		"XSLT in its place":        {signed, bytes.Replace(signed, []byte(nsSignature+"enveloped-signature"), []byte("http://www.w3.org/TR/1999/REC-xslt-19991116"), 1), "something else than the whole"},
		"SignedInfo edited":        {signed, bytes.Replace(signed, []byte("<ds:Transforms>"), []byte("<ds:Transforms> "), 1), "none of the pinned"},
		"no value":                 {signed, bytes.Replace(signed, cut(t, signed, "<ds:SignatureValue>", "</ds:SignatureValue>"), []byte("<ds:SignatureValue/>"), 1), "unusual shape"},
		"a DTD":                    {signed, append([]byte(`<!DOCTYPE a [<!ATTLIST a ID CDATA #IMPLIED>]>`), bytes.TrimPrefix(signed, []byte(good().before))...), "DTD"},
		"too many namespaces":      {signed, bytes.Replace(signed, []byte(` ID="_one"`), append([]byte(` ID="_one"`), namespaces(300)...), 1), "attributes"},
	} {
		if _, err := ParseSigned(c.twin, "", pinned(), testNow()); err != nil {
			t.Errorf("%s: the twin: %v", name, err)
		}
		if _, err := ParseSigned(c.attack, "", pinned(), testNow()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, wanted %q", name, err, c.want)
		}
	}
	_, unsigned := ParseSigned(entity, "", pinned(), testNow())
	_, stranger := ParseSigned(signing{key: s.stranger.key}.sign(t, entity), "", pinned(), testNow())
	if !errors.Is(unsigned, ErrUnsigned) || !errors.Is(stranger, ErrSigner) {
		t.Errorf("callers cannot tell: %v, %v", unsigned, stranger)
	}
}

// What is read is what was signed: a comment that splits a value for one reader
// and not for another is gone before either reads.
func TestSignedMetadataIsReadFromWhatIsSigned(t *testing.T) {
	d := withID()
	signed := signing{key: signers().federation.key}.sign(t, d.bytes())
	half := bare(shared())[:40]
	commented := bytes.Replace(signed, []byte(half), []byte(half+"<!-- x -->"), 1)
	got, err := ParseSigned(commented, "", pinned(), testNow())
	if err != nil || len(got.Certificates) != 1 || !got.Certificates[0].Equal(shared()) {
		t.Errorf("%v", err)
	}
}

// A large aggregate is verified in a moment, and one made to be slow as well.
func TestSignedAggregateOfManyEntities(t *testing.T) {
	entities := make([]string, 1500)
	for i := range entities {
		d := good()
		d.id = fmt.Sprintf("https://idp-%d.example.net", i)
		entities[i] = d.entity() + strings.Repeat("<!---->", 50)
	}
	signed := signing{key: signers().federation.key}.sign(t, group(` ID="_all"`, entities...))
	start := time.Now()
	d, err := ParseSigned(signed, "https://idp-700.example.net", pinned(), testNow())
	if err != nil || d.EntityID != "https://idp-700.example.net" {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func cut(t *testing.T, data []byte, from, to string) []byte {
	t.Helper()
	i := bytes.Index(data, []byte(from))
	j := bytes.Index(data, []byte(to))
	if i < 0 || j < i {
		t.Fatalf("no %s", from)
	}
	return bytes.Clone(data[i : j+len(to)])
}

// refit changes an address and puts the digest of the result into SignedInfo.
func refit(t *testing.T, signed []byte) []byte {
	t.Helper()
	forged := bytes.Replace(bytes.Replace(signed, cut(t, signed, "<ds:Signature", "</ds:Signature>"), nil, 1),
		[]byte("idp.example.net/sso"), []byte("evil.example.net/sso"), 1)
	other := signing{key: signers().stranger.key}.sign(t, forged)
	return bytes.Replace(other, cut(t, other, "<ds:SignatureValue>", "</ds:SignatureValue>"), cut(t, signed, "<ds:SignatureValue>", "</ds:SignatureValue>"), 1)
}

// move takes the signature of an inner element to the front of the document.
func move(t *testing.T, signed []byte) []byte {
	t.Helper()
	signature := cut(t, signed, "<ds:Signature", "</ds:Signature>")
	bareDocument := bytes.Replace(signed, signature, nil, 1)
	i := bytes.IndexByte(bareDocument, '>') + 1
	return bytes.Join([][]byte{bareDocument[:i], signature, bareDocument[i:]}, nil)
}

func namespaces(n int) (out []byte) {
	for i := range n {
		out = fmt.Appendf(out, ` xmlns:n%d="urn:n"`, i)
	}
	return out
}

// fuzzed has keys that are made quickly; each process of a fuzzer makes its own.
var fuzzed = sync.OnceValue(func() (s struct {
	document []byte
	certs    []*x509.Certificate
}) {
	t := &testing.T{}
	key := newKey(t, elliptic.P256())
	s.document = signing{key: key}.sign(t, withID().bytes())
	s.certs = []*x509.Certificate{issue(t, 500, key, nil, nil)}
	return s
})

// Nothing can be put into a signed document, taken out or replaced so that
// something else is read.
func FuzzSigned(f *testing.F) {
	f.Add(uint(30), uint(1), []byte("x"))
	f.Add(uint(900), uint(0), []byte("<!-- -->"))
	f.Add(uint(0), uint(0), []byte{})
	f.Fuzz(func(t *testing.T, at, out uint, in []byte) {
		whole := fuzzed().document
		at %= uint(len(whole))
		end := min(at+out%uint(len(whole)), uint(len(whole)))
		data := slices.Concat(whole[:at], in, whole[end:])
		d, err := ParseSigned(data, "", fuzzed().certs, testNow())
		if err == nil && (d.EntityID != testID || d.SSO[redirect] != "https://idp.example.net/sso" || len(d.Certificates) != 1 || !d.Certificates[0].Equal(shared())) {
			t.Fatalf("a forgery: %+v", d)
		}
	})
}
