package xmlenc

import (
	"crypto"
	_ "crypto/sha1"   // SHA-1 of OAEP, XML Encryption 1.1 §5.5.2
	_ "crypto/sha256" // SHA-256
	_ "crypto/sha512" // SHA-384 and SHA-512
	"fmt"
	"slices"
	"strings"
)

// The algorithms that are understood, by their URIs.
const (
	AES128GCM = nsEnc11 + "aes128-gcm" // §5.2
	AES256GCM = nsEnc11 + "aes256-gcm"
	AES128CBC = nsEnc + "aes128-cbc" // only with [Policy.AllowCBC]
	AES256CBC = nsEnc + "aes256-cbc"

	OAEPMGF1P = nsEnc + "rsa-oaep-mgf1p" // §5.5.2, mask MGF1 with SHA-1
	OAEP      = nsEnc11 + "rsa-oaep"     // §5.5.2, mask by an xenc11:MGF element

	SHA1   = nsDSig + "sha1" // the default of both
	SHA256 = nsEnc + "sha256"
	SHA384 = nsMore + "sha384"
	SHA512 = nsEnc + "sha512"

	MGF1SHA1   = nsEnc11 + "mgf1sha1" // the default of OAEP
	MGF1SHA256 = nsEnc11 + "mgf1sha256"
	MGF1SHA384 = nsEnc11 + "mgf1sha384"
	MGF1SHA512 = nsEnc11 + "mgf1sha512"
)

// Part says what an algorithm was to be used for.
type Part string

// The parts of a message that name an algorithm.
const (
	Content   Part = "content encryption"
	Transport Part = "key transport"
	Digest    Part = "OAEP digest"
	Mask      Part = "OAEP mask generation"
)

// AlgorithmError says that a message names an algorithm that is not allowed. It
// depends on nothing but what stands in the clear and comes before any key is
// used, so it may be told to anybody.
type AlgorithmError struct {
	Part Part
	URI  string // empty when none was named, or none that a standard knows
}

// Error names the part, and the URI if it is one of a standard.
func (e *AlgorithmError) Error() string {
	if e.URI == "" {
		return fmt.Sprintf("%s: no algorithm that we know", e.Part)
	}
	return fmt.Sprintf("%s: %s is not allowed", e.Part, e.URI)
}

func refuse(part Part, uri string) error {
	if !slices.Contains(wellKnown(), uri) {
		uri = "" // what others invent is not repeated to anybody
	}
	return &AlgorithmError{part, uri}
}

// wellKnown lists what a refusal may name: the algorithms above, and those that
// identity providers offer though nobody should use them, or nobody does.
func wellKnown() []string {
	return []string{
		AES128GCM, AES256GCM, AES128CBC, AES256CBC, OAEPMGF1P, OAEP,
		SHA1, SHA256, SHA384, SHA512, MGF1SHA1, MGF1SHA256, MGF1SHA384, MGF1SHA512,
		nsEnc + "rsa-1_5", nsEnc + "tripledes-cbc", nsEnc + "aes192-cbc", nsEnc11 + "aes192-gcm",
		nsEnc + "kw-tripledes", nsEnc + "kw-aes128", nsEnc + "kw-aes192", nsEnc + "kw-aes256",
		nsEnc + "dh", nsEnc11 + "dh-es", nsEnc11 + "ECDH-ES", nsEnc11 + "mgf1sha224",
		nsMore + "md5", nsMore + "sha224", nsEnc + "ripemd160",
	}
}

// content is a way to encrypt the content.
type content struct {
	keyBytes int
	cbc      bool
}

func contentOf(uri string) (content, bool) {
	switch uri {
	case AES128GCM:
		return content{keyBytes: 16}, true
	case AES256GCM:
		return content{keyBytes: 32}, true
	case AES128CBC:
		return content{keyBytes: 16, cbc: true}, true
	case AES256CBC:
		return content{keyBytes: 32, cbc: true}, true
	}
	return content{}, false
}

func digestOf(uri string) (crypto.Hash, bool) {
	switch uri {
	case SHA1:
		return crypto.SHA1, true
	case SHA256:
		return crypto.SHA256, true
	case SHA384:
		return crypto.SHA384, true
	case SHA512:
		return crypto.SHA512, true
	}
	return 0, false
}

func maskOf(uri string) (crypto.Hash, bool) {
	switch uri {
	case MGF1SHA1:
		return crypto.SHA1, true
	case MGF1SHA256:
		return crypto.SHA256, true
	case MGF1SHA384:
		return crypto.SHA384, true
	case MGF1SHA512:
		return crypto.SHA512, true
	}
	return 0, false
}

// shortName is the last part of the URI of an algorithm that was understood.
func shortName(uri string) string { return uri[strings.LastIndexByte(uri, '#')+1:] }
