// Package access decides who may enter: the roles a person has here, and the
// rules of a route. It knows no request and no store; the caller asks and
// records the answer.
package access
