// Package identity says who signed in, and how.
//
// A [Person] is the key by which limits, lists, "end all" and epochs go: the
// normalised e-mail address, or, where an identity provider sends none, that
// provider's name with its NameID. [NormalizeEmail] is the one place where an
// address becomes a Person, so that two spellings of one mailbox can never be
// two people and two mailboxes can never be one.
package identity
