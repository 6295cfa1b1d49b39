// Package logins remembers the last attempts to sign in, for operators: which
// checks an answer passed, how large it was, what the clocks said, and the names
// of the attributes. It never holds an attribute of a person.
package logins
