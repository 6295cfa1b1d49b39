package idptest

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"unicode/utf16"
)

// encodingAttacks send bytes that a filter and a parser may read differently.
func encodingAttacks() []Misbehaviour {
	const ana = "ana@example.com"
	return rows(ClassEncoding,
		pair("UTF-16 with a byte order mark", "encoding", Wire(utf16With(binary.LittleEndian, "\ufeff"))),
		pair("UTF-16 without a byte order mark", "encoding", Wire(utf16With(binary.BigEndian, ""))),
		pair("UTF-16 claimed", "encoding", before(`<?xml version="1.0" encoding="UTF-16"?>`)),
		pair("UTF-7 claimed", "encoding", before(`<?xml version="1.0" encoding="UTF-7"?>`)),
		pair("ISO-8859-1 claimed", "encoding", before(`<?xml version="1.0" encoding="ISO-8859-1"?>`)),
		pair("EBCDIC claimed", "encoding", before(`<?xml version="1.0" encoding="IBM037"?>`)),
		pair("overlong UTF-8", "encoding", replace(ana, "\xc1\xa1na@example.com")),
		pair("surrogates in UTF-8", "encoding", replace(ana, "\xed\xa0\x80na@example.com")),
		pair("stray continuation byte", "encoding", replace(ana, "\x80"+ana)),
		pair("NUL byte", "encoding", replace(ana, ana+"\x00.evil.example")),
		pair("NUL byte as a reference", "not_xml", replace(ana, ana+"&#0;.evil.example")),
		pair("U+FFFF", "not_xml", replace(ana, "\uffff"+ana)),
		pair("byte order mark", "encoding", before("\ufeff")),
		pair("XML 1.1", "encoding", before(`<?xml version="1.1"?>`)),
		pair("second declaration", "processing_instruction", before(`<?xml version="1.0"?><?xml version="1.0"?>`)),
		pair("text after the end", "not_xml", after("x")),
		pair("second root element", "not_xml", after("<x/>")),
		pair("text before the start", "not_xml", before("x")),
		pair("cut short", "not_xml", Wire(func(b []byte) []byte { return b[:len(b)-20] })),
		pair("empty", "base64", Encode(func([]byte) string { return "" })),
		pair("not base64", "base64", Encode(func(b []byte) string { return string(b) })),
		pair("base64 of the other alphabet", "base64", Encode(func(b []byte) string { return "_-" + base64.URLEncoding.EncodeToString(b) })),
		pair("base64 of base64", "not_xml", Encode(func(b []byte) string {
			return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(b)))
		})),
		pair("base64, then more base64", "base64", Encode(func(b []byte) string {
			return base64.StdEncoding.EncodeToString(append(b, '\n')) + "=" + base64.StdEncoding.EncodeToString(b)
		})),
		pair("hexadecimal", "base64", Encode(func(b []byte) string { return "x'" + hex.EncodeToString(b) + "'" })),
		pair("escaped twice", "base64", Encode(func(b []byte) string { return url.QueryEscape(base64.StdEncoding.EncodeToString(b)) + "%3D" })),
		pair("deflated as in the redirect binding", "encoding", Wire(deflate)),
		pair("a web page", "not_response", Wire(func([]byte) []byte { return []byte("<html><body><p>Hello</p></body></html>") })),
	)
}

func utf16With(order binary.AppendByteOrder, mark string) func([]byte) []byte {
	return func(b []byte) []byte {
		var out []byte
		for _, u := range utf16.Encode([]rune(mark + string(b))) {
			out = order.AppendUint16(out, u)
		}
		return out
	}
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}
