// Package xmlenc opens what an identity provider encrypted for us: the one
// EncryptedData of an EncryptedAssertion, EncryptedID or EncryptedAttribute
// (SAML Core §2.2.4, §2.3.4, §2.7.3.2; XML Encryption 1.1).
//
// It works in two steps. [Read] looks at what anybody can see, the shape and
// the names of algorithms, and refuses in plain words: [ErrShape],
// [AlgorithmError]. [Message.Decrypt] then uses our keys, and has one answer to
// everything that goes wrong: [ErrDecrypt]. Whoever sends us forgeries to learn
// from our refusals (Bleichenbacher; Manger; Jager and Somorovsky) learns only
// what he could read himself.
//
// That the time is the same, too, is so by design, and tests count it: all our
// keys are tried on all encrypted keys whatever happens, a content key that
// does not come out right is replaced by a random one, and the content is
// decrypted with it all the same. What the work depends on beyond that is
// public: lengths and names that stand in the clear.
//
// RSA PKCS #1 v1.5 and Triple DES are not implemented, so no option can turn
// them on. Nothing is ever fetched: a CipherReference is refused, and a
// RetrievalMethod or key hint is not followed, as there are at most
// [MaxKeys] encrypted keys and all of them are tried.
//
// Encryption proves nothing about who sent a message: anybody can encrypt for
// us. The plaintext is as untrusted as what came over the wire, and is to be
// read with the same care.
package xmlenc
