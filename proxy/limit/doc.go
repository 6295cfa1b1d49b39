// Package limit bounds how often one client address may knock at a door, such
// as the login page or the assertion consumer, with bounded memory.
package limit
