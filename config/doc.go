// Package config reads the one YAML file that says what a gateway does, and
// checks it: [Load] returns a [Config] in which every default is filled in and
// every value is resolved (durations, URLs, networks, keys), or [Errors] with
// all mistakes at once, each as "file:line: path: reason".
//
// The struct tags are the schema: "yaml" names the key, "default" its value
// when absent, "oneof" the words it may be, "is" the shape it must have. An
// expanded value (${env:N}, ${file:P}) and every secret is never quoted in a
// message. Only cmd imports this package; others take the values themselves.
package config
