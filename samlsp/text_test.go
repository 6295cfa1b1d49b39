package samlsp

import (
	"strings"
	"testing"
)

// Long text that goes past the decoder is what the decoder would have made of
// it, and stands where it stood: a reference in it takes it through the decoder.
func TestLongText(t *testing.T) {
	long := strings.Repeat("all of\tthis 'is' \"plain\" > text\n", 20)
	read := func(text string) string {
		root, r := parse([]byte("<a k='/'>"+text+"<b/>"+text+"<c>"+text+"</c>"+text+"<d>x</d></a>"), received())
		if r != nil {
			t.Fatal(r)
		}
		if root.last != "" || root.kids[0].last != "" || root.kids[2].last != "x" {
			t.Errorf("text in the wrong place: %+v", root)
		}
		for _, k := range root.kids[1:] {
			if k.before != root.kids[0].before {
				t.Errorf("another text before %s", k.local)
			}
		}
		if root.kids[1].last != root.kids[0].before {
			t.Error("another text inside an element")
		}
		return root.kids[0].before
	}
	if past, through := read(long+"A"), read(long+"&#65;"); past != through || past != long+"A" {
		t.Errorf("%q and %q", past, through)
	}
	for name, text := range map[string]string{"a control": "\x01", "an end of CDATA": "]]>", "a bare ampersand": "&", "no character": "\uffff"} {
		if _, r := parse([]byte("<a>"+long+text+"</a>"), received()); r == nil {
			t.Errorf("%s in long text passes", name)
		}
	}
	for _, outside := range []string{long + "<a></a>", "<a></a>" + long + "<!-- -->", "<a></a>" + long} {
		if _, r := parse([]byte(outside), received()); r == nil {
			t.Error("long text outside the document element passes")
		}
	}
	if root, r := parse([]byte("<a>"+long+"\r\n</a>"), received()); r != nil || root.last != long+"\n" {
		t.Errorf("the end of a line is %q, %v", root.last, r)
	}
}
