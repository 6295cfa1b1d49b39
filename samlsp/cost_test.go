package samlsp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bigMessage has n values in one attribute, each with the given start tag
// attributes.
func bigMessage(t testing.TB, n int, attrs string) *message {
	var b strings.Builder
	for range n {
		b.WriteString("<saml:AttributeValue" + attrs + ">g</saml:AttributeValue>")
	}
	return good().replaced(t, "<saml:AttributeValue>a</saml:AttributeValue>", b.String())
}

// worst is what hurts a parser, or a canonicaliser, below the size limits.
func worst(t testing.TB) map[string]string {
	wrap := func(inside string) string {
		return strings.Replace(goodXML(), "<saml:AttributeValue>a</saml:AttributeValue>", "<saml:AttributeValue>"+inside+"</saml:AttributeValue>", 1)
	}
	nest := func(n int, open, shut string) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	attrs := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	tampered := func(m *message) string {
		m.editSigned = func(s string) string { return strings.Replace(s, ">n-1<", ">n-2<", 1) }
		return m.sealed(t)
	}
	// The signature is genuine and the digest is not: all but the last step is done.
	signed := func(inside string) string {
		m := good()
		m.editSigned = func(s string) string {
			return strings.Replace(s, ">a</saml:AttributeValue>", ">"+inside+"</saml:AttributeValue>", 1)
		}
		return m.sealed(t)
	}
	nested := strings.Repeat("<a"+attrs(10, ` xmlns:p%d="u%[1]d"`)+">", 50)
	return map[string]string{
		"signed, long text":                signed(many(700_000, "x")),
		"signed, references":               signed(many(170_000, "&lt;")),
		"signed, long names":               signed(many(5_900, "<"+many(58, "a")+"></"+many(58, "a")+">")),
		"signed, text and elements":        signed(many(5_900, "<a/>"+many(110, "y"))),
		"signed, attributes out of order":  signed(many(240, "<a"+attrs(32, ` `+many(60, "z")+`%d="`+many(20, "y")+`"`)+"/>")),
		"signed, many namespaces above":    signed(nested + many(230, "<a"+attrs(10, ` p%d:b="" p%[1]d:c="" p%[1]d:a=""`)+"/>") + many(50, "</a>")),
		"signed, namespaces written again": signed("<a" + attrs(5, ` xmlns:p%d="`+many(250, "u")+`%[1]d"`) + ">" + many(1_400, "<b"+attrs(5, ` p%d:b=""`)+"/>") + "</a>"),
		"deep tree":                        wrap(nest(100_000, "<a>", "</a>")),
		"deep as allowed":                  wrap(many(90, nest(58, "<a>", "</a>"))),
		"many empty elements":              wrap(many(180_000, "<a/>")),
		"elements as allowed":              wrap(many(5_900, "<a/>")),
		"attributes of one element":        wrap("<a " + attrs(20_000, ` a%d=""`) + "/>"),
		"attributes everywhere":            wrap(many(240, "<a"+attrs(32, ` a%d=""`)+"/>")),
		"namespaces of one element":        wrap("<a " + attrs(10_000, ` xmlns:a%d="u"`) + "/>"),
		"namespaces everywhere":            wrap(many(790, "<a"+attrs(10, ` xmlns:a%d="u"`)+"/>")),
		"long text":                        wrap(many(750_000, "x")),
		"references":                       wrap(many(180_000, "&lt;")),
		"entity bomb":                      `<!DOCTYPE x [<!ENTITY a "` + many(700_000, "x") + `">]>` + goodXML(),
		"long name":                        wrap("<" + many(750_000, "a") + "/>"),
		"long namespace":                   wrap(`<a xmlns="` + many(750_000, "a") + `"/>`),
		"no end":                           "<a " + many(750_000, "b"),
		"angle brackets":                   many(780_000, "<"),
		"genuine signature, 5000 values, another subject":             tampered(bigMessage(t, 5_000, "")),
		"genuine signature, 3000 typed values, another subject":       tampered(bigMessage(t, 3_000, ` xsi:type="xs:string"`)),
		"genuine signature, attributes everywhere, another subject":   tampered(good().replaced(t, ">a</saml:AttributeValue>", ">"+many(240, "<a"+attrs(32, ` a%d=""`)+"/>")+"</saml:AttributeValue>")),
		"genuine signature, namespaces everywhere, another subject":   tampered(good().replaced(t, ">a</saml:AttributeValue>", ">"+many(790, "<a"+attrs(10, ` xmlns:a%d="u"`)+"/>")+"</saml:AttributeValue>")),
		"genuine signature, namespaces used everywhere, other person": tampered(good().replaced(t, ">a</saml:AttributeValue>", "><a"+attrs(10, ` xmlns:a%d="`+many(250, "u")+`%[1]d"`)+">"+many(2500, "<a1:b a3:c='' a2:c=''/>")+"</a></saml:AttributeValue>")),
	}
}

// Any body of up to 1 MiB is refused within 8 MiB of allocation and 50 ms of
// CPU. The clock of a shared machine is no judge, so time is only reported.
func TestWorstInputIsCheap(t *testing.T) {
	measure(t, good().provider(t), worst(t))
}

func measure(t *testing.T, sp *ServiceProvider, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		value := base64.StdEncoding.EncodeToString([]byte(text))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		_, err := sp.VerifyResponse(t.Context(), value, good().want)
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		var r *Rejection
		if !errors.As(err, &r) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%-60s %-22v %7d KiB %8v", name, r.Reason, allocated>>10, took.Round(10*time.Microsecond))
		if allocated > 8<<20 {
			t.Errorf("%s: %d bytes allocated", name, allocated)
		}
	}
}

// BenchmarkWorst is what a forgery may cost: 50 ms for the worst that fits.
func BenchmarkWorst(b *testing.B) {
	sp := good().provider(b)
	for name, text := range worst(b) {
		value := base64.StdEncoding.EncodeToString([]byte(text))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sp.VerifyResponse(b.Context(), value, good().want); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
