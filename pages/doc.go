// Package pages is what people see: one error page with its JSON twin for
// programs, and the pages around signing in and out, in every shipped language.
//
// A page needs no second request, no script and no other host: its style is in
// the page and allowed by its hash, so it looks right even while the gateway is
// draining. Texts live in lang/, one catalogue per language; [New] refuses to
// start when one of them lacks a key that another one has. A new language is a
// file there and its tag in [Languages]. Whatever comes from
// outside (names, addresses, hosts) is text, never markup, and is cut and
// cleaned before it is shown.
//
// The caller adds Strict-Transport-Security where it is configured, and guards
// every address that our POST forms lead to against cross-site requests.
package pages
