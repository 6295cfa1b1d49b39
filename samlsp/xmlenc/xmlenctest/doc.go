// Package xmlenctest encrypts as identity providers do, and as they should not:
// for tests of those who decrypt. It can do what package xmlenc refuses to, so
// that a refusal is shown with a message that would otherwise have opened.
package xmlenctest
