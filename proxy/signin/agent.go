package signin

import (
	"net/http"
	"strings"

	"github.com/samlgate/samlgate/proxy/visit"
	"github.com/samlgate/samlgate/sessionstore"
)

// The order matters: nearly every browser also claims to be the older ones.
var (
	browsers = [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// client describes the browser in the words people use for it, and in no more
// of its own: the User-Agent header is not kept.
func client(r *http.Request, v *visit.Visit) sessionstore.Client {
	ua := r.UserAgent()
	words := firstOf(browsers, ua)
	if system := firstOf(systems, ua); system != "" {
		words = strings.TrimPrefix(words+" on "+system, " on ")
	}
	return sessionstore.Client{Addr: v.Client(), Agent: words}
}

func firstOf(table [][2]string, ua string) string {
	for _, row := range table {
		if strings.Contains(ua, row[0]) {
			return row[1]
		}
	}
	return ""
}
