package route

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// foldSegments returns the segments of a decoded path in the coarsest spelling
// that an app could take them for. Empty segments are dropped.
func foldSegments(decoded string) []string {
	var segments []string
	for segment := range strings.SplitSeq(fold(decoded), "/") {
		if segment = strings.TrimRightFunc(segment, trailing); segment != "" {
			segments = append(segments, segment)
		}
	}
	return segments
}

func trailing(r rune) bool { return r == '.' || unicode.IsSpace(r) }

// fold maps to lower case by way of upper case, so that "ı" and "ſ", whose
// capitals are plain "I" and "S", meet "i" and "s". Beyond ASCII it folds
// fully ("ß" is "ss") and by compatibility ("ａ" is "a", UAX #15).
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	s = norm.NFKC.String(s)
	s = strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
	return norm.NFKC.String(cases.Fold().String(s)) // a Caser has state: one each
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
