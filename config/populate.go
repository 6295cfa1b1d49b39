package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A populator writes nodes into the schema's types, expands scalars on the
// way, and remembers which node stands behind each path.
type populator struct {
	expander
	cfg  *Config
	at   map[string]*node // path in the merged file → what was written there
	errs Errors
}

// A spot is where in the schema a value goes.
type spot struct {
	path   string // in the merged file: routes[2].upstream
	schema string // without positions: routes[].upstream
	field  field
}

func (s spot) key(f field) spot {
	return spot{join(s.path, f.key), join(s.schema, f.key), f}
}

func (s spot) item(i int) spot {
	return spot{fmt.Sprintf("%s[%d]", s.path, i), s.schema + "[]", s.field}
}

func (s spot) entry(key string) spot {
	f := s.field
	f.is, f.oneof = "", nil
	return spot{join(s.path, key), s.schema + ".*", f}
}

func (p *populator) mistake(n *node, reason string) {
	n.bad = true
	p.errs = append(p.errs, &Error{n.file.name, n.line, n.path, reason})
}

// value writes n into v, which holds the default.
func (p *populator) value(n *node, v reflect.Value, s spot) {
	p.at[s.path] = n
	if n.bad && n.kind == scalar {
		return
	}
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	switch t := v.Type(); {
	case t == reflect.TypeFor[Encoding]() && n.kind == mapping:
		p.encoding(n, v, s)
	case isScalar(t):
		p.scalar(n, v, s)
	case t.Kind() == reflect.Pointer:
		p.block(n, v, s)
	case n.null:
		n.bad = false // "key:" with nothing below it is as good as absent
	case t.Kind() == reflect.Struct:
		p.structure(n, v, s)
	case t.Kind() == reflect.Slice:
		p.list(n, v, s)
	case t.Kind() == reflect.Map:
		p.mapping(n, v, s)
	}
	if isUnsupported(s.schema) && !reflect.DeepEqual(before.Interface(), v.Interface()) {
		p.mistake(n, notSupported)
		v.Set(before)
	}
}

// block writes a value whose presence means something: nil is absent.
func (p *populator) block(n *node, v reflect.Value, s spot) {
	if n.null {
		p.mistake(n, "has no value; write one or take the key out")
		return
	}
	to := reflect.New(v.Type().Elem())
	if setDefaults(to.Elem()); !v.IsNil() {
		to.Elem().Set(v.Elem()) // a route's block that begins with what it inherits
	}
	p.value(n, to.Elem(), s)
	v.Set(to)
}

func (p *populator) structure(n *node, v reflect.Value, s spot) {
	if n.kind != mapping {
		p.mistake(n, "must be a map of keys: "+strings.Join(keysOf(fieldsOf(v.Type())), ", "))
		return
	}
	fields := fieldsOf(v.Type())
	for _, e := range n.entries {
		if !e.value.bad && !slices.ContainsFunc(fields, func(f field) bool { return f.key == e.key }) {
			p.errs = append(p.errs, &Error{e.value.file.name, e.line, e.value.path, "unknown key" + hint(e.key, keysOf(fields))})
		}
	}
	for _, f := range fields { // in the schema's order: headers come before the routes that inherit them
		if value := n.get(f.key); value != nil {
			p.value(value, v.FieldByIndex(f.index), s.key(f))
		}
		if owner, ok := v.Addr().Interface().(interface{ usePreset() }); ok && f.key == "preset" {
			owner.usePreset() // stands in the schema before all that it changes
		}
	}
}

func (p *populator) list(n *node, v reflect.Value, s spot) {
	if n.kind != list {
		p.mistake(n, "must be a list: write [a, b], or one \"- a\" a line")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		setDefaults(v.Index(i))
		if r, ok := v.Index(i).Addr().Interface().(*Route); ok {
			r.Headers.inherit(p.cfg.Headers)
		}
		if item.null || (item.kind == scalar && item.text == "" && !item.bad) {
			p.at[s.item(i).path] = item
			p.mistake(item, "is empty")
			continue
		}
		p.value(item, v.Index(i), s.item(i))
	}
}

// mapping writes an open map: keys that are given replace those of the default.
func (p *populator) mapping(n *node, v reflect.Value, s spot) {
	if n.kind != mapping {
		p.mistake(n, "must be a map of keys to values")
		return
	}
	m := reflect.MakeMap(v.Type())
	for _, k := range v.MapKeys() {
		m.SetMapIndex(k, v.MapIndex(k))
	}
	for _, e := range n.entries {
		to := reflect.New(v.Type().Elem()).Elem()
		setDefaults(to)
		p.value(e.value, to, s.entry(e.key))
		m.SetMapIndex(reflect.ValueOf(e.key), to)
	}
	v.Set(m)
}

// defaultEncoding is the key for all headers that are not named.
const defaultEncoding = "default"

// encoding reads the long form: an encoding for each header. Those that are not
// given keep theirs.
func (p *populator) encoding(n *node, v reflect.Value, s spot) {
	e := v.Interface().(Encoding)
	to := reflect.ValueOf(&e.PerHeader).Elem()
	p.mapping(n, to, s)
	for _, one := range n.entries {
		if !one.value.bad && !isEncoding(e.PerHeader[one.key]) {
			p.refused(one.value, &refusal{"is not an encoding: one of " + strings.Join(encodings(), ", "), hint(e.PerHeader[one.key], encodings())})
			return
		}
		p.oneEncoding(n, one.value, one.key, e.PerHeader)
	}
	if all, given := e.PerHeader[defaultEncoding]; given {
		e.All = all
		delete(e.PerHeader, defaultEncoding)
	}
	v.Set(reflect.ValueOf(e))
}

// oneEncoding lets what is given for a header stand in place of what was inherited
// under another spelling, since case makes no difference to a header name.
func (p *populator) oneEncoding(n, given *node, header string, all map[string]string) {
	for other := range all {
		switch {
		case other == header || !strings.EqualFold(other, header):
		case n.get(other) == nil:
			delete(all, other)
		case other < header:
			p.mistake(given, "is the same header as "+other+", which is here too")
		}
	}
}

// scalar expands a text and writes it; what cannot be written leaves v at its default.
func (p *populator) scalar(n *node, v reflect.Value, s spot) {
	n.secret = n.secret || isSecret(v.Type())
	if n.kind != scalar {
		p.mistake(n, "must be one value, not a map or a list")
		return
	}
	if n.null {
		p.mistake(n, "has no value; write one or take the key out")
		return
	}
	if !p.expanded(n) {
		return
	}
	text := n.text
	if text != "" && len(s.field.oneof) > 0 && !slices.Contains(s.field.oneof, text) {
		p.refused(n, &refusal{"is not one of " + strings.Join(s.field.oneof, ", "), hint(text, s.field.oneof)})
		return
	}
	if text == "" && (len(s.field.oneof) > 0 && s.field.def != "" || !mayBeEmpty(v.Type())) {
		p.mistake(n, "is empty")
		return
	}
	if text != "" && s.field.is != "" {
		normal, err := shape(s.field.is, text)
		if err != nil {
			p.refused(n, err)
			return
		}
		text = normal
	}
	if text == "" && v.Kind() == reflect.Pointer {
		v.SetZero() // an URL may be written as "" where it is not wanted
		return
	}
	if err := setScalar(v, text); err != nil {
		p.refused(n, err)
		return
	}
	locate(v, n.file.dir)
}

// expanded replaces the expansions of n, once however often n is used, and
// reports whether its value is known.
func (p *populator) expanded(n *node) bool {
	if n.expansion == literal && strings.Contains(n.text, "${") && !n.done {
		text, state, err := p.expand(n.text, n.file.dir)
		if err != nil {
			p.mistake(n, err.Error())
			return false
		}
		n.text, n.expansion = text, state
	}
	n.done = true
	if n.expansion == skipped {
		n.bad = true
	}
	return n.expansion != skipped
}

// refused reports a value, quoted where it may be shown.
func (p *populator) refused(n *node, err error) {
	reason := n.quoted() + " " + err.Error()
	if r := (*refusal)(nil); errors.As(err, &r) && n.mayShow() {
		reason += r.hint
	}
	p.mistake(n, reason)
}

func (n *node) mayShow() bool { return n != nil && !n.secret && n.expansion == literal }

// quoted is the value as messages show it: never a secret, never what was expanded.
func (n *node) quoted() string {
	if !n.mayShow() || strings.Contains(n.text, "@") && strings.Contains(n.text, ":") { // user:password@host
		return "the value"
	}
	return fmt.Sprintf("%q", shown(n.text))
}

func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[Key]() || t == reflect.TypeFor[Certificate]()
}

// mayBeEmpty reports the types for which "" is a value: off, none, or absent.
func mayBeEmpty(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Address](), reflect.TypeFor[Path](), reflect.TypeFor[File](), reflect.TypeFor[Secret]():
		return true
	}
	return t.Kind() == reflect.String || (t.Kind() == reflect.Pointer && t.Elem().Name() == "URL")
}

// locate makes file names relative to the file that wrote them.
func locate(v reflect.Value, dir string) {
	switch p := v.Addr().Interface().(type) {
	case *Path:
		*p = p.from(dir)
	case *File:
		p.Path = p.Path.from(dir)
	case *Certificate:
		p.Path = p.Path.from(dir)
	}
}
