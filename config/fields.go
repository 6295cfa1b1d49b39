package config

import (
	"reflect"
	"strings"
)

// A field is one key of a block, as its struct tags describe it.
type field struct {
	key   string
	index []int
	def   string   // value when absent; of a list, separated by commas
	oneof []string // the words it may be
	is    string   // the shape each text must have, see shape
}

// fieldsOf lists the keys of a block, those of inlined blocks among them.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key, opts, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if opts == "inline" {
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				out = append(out, f)
			}
			continue
		}
		if key == "" || key == "-" {
			continue
		}
		out = append(out, field{key, []int{i}, sf.Tag.Get("default"), strings.Fields(sf.Tag.Get("oneof")), sf.Tag.Get("is")})
	}
	return out
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// setDefaults fills a block with the values its tags write down. It is called
// on zero values only.
func setDefaults(v reflect.Value) {
	if d, ok := v.Addr().Interface().(interface{ setDefault() }); ok {
		d.setDefault()
		return
	}
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		fv := v.FieldByIndex(f.index)
		switch {
		case f.def == "":
			setDefaults(fv)
		case fv.Kind() == reflect.Slice:
			for _, item := range strings.Split(f.def, ",") {
				fv.Set(reflect.Append(fv, reflect.ValueOf(item)))
			}
		default:
			// A test decodes every default, so that none can fail here.
			_ = setScalar(fv, f.def)
		}
	}
}

func (a *Attributes) setDefault() {
	*a = Attributes{
		"email":       {"Email", "OfficeEMail", "urn:oid:0.9.2342.19200300.100.1.3", "NameID"},
		"first_name":  {"FirstName", "urn:oid:2.5.4.42"},
		"last_name":   {"LastName", "urn:oid:2.5.4.4"},
		"username":    {},
		"roles":       {"Role", "groups"},
		"employee_id": {"EmployeeId"},
	}
}
