package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

// TestEndCutsAtTheOtherGateway ends sessions at one gateway, in each of the ways
// there are, while their connections are open at another one.
func TestEndCutsAtTheOtherGateway(t *testing.T) {
	h := house{testenv.StartPySAML2(t), testenv.StartRedis(t)}
	o, turn := h.openReplicas(t, "redirect", ", max_concurrent: 2")
	for name, end := range map[string]func(t *testing.T, c *http.Client){
		"account page": func(t *testing.T, _ *http.Client) {
			phone := testenv.NewClient(t)
			o.arrive(t, phone, testenv.Ana)
			res := o.post(t, phone, "account", url.Values{"do": {"others"}})
			expectPage(t, res, "Done.")
		},
		"operator": func(t *testing.T, _ *http.Client) {
			cmd := o.replicas[1].Command(t, operatorToken, "sessions", "end", "--user", testenv.Ana.Email, "--reason", "left the company")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("sessions end: %v: %s", err, out)
			}
		},
		"limit": func(t *testing.T, _ *http.Client) {
			for range 2 {
				o.arrive(t, testenv.NewClient(t), testenv.Ana)
			}
		},
		"sign-out": func(t *testing.T, c *http.Client) {
			open(t, c, o.site.Origin()+"/.samlgate/logout")
		},
	} {
		t.Run(name, func(t *testing.T) {
			turn(0)
			c, bystander := testenv.NewClient(t), testenv.NewClient(t)
			o.arrive(t, c, testenv.Ana)
			o.arrive(t, bystander, testenv.Bob)
			stays := testenv.ListenSocket(t, bystander, o.site.App("wiki"))
			socket, stream := testenv.ListenSocket(t, c, o.site.App("wiki")), o.listen(t, c)
			<-time.After(1500 * time.Millisecond) // a gateway looks once more when a connection is a second old
			turn(1)
			end(t, c)
			ended := time.Now()
			for range 2 {
				select {
				case code := <-socket:
					if code != 4401 {
						t.Errorf("the WebSocket closes with %d", code)
					}
					socket = nil
				case <-stream:
					stream = nil
				case <-stays:
					t.Fatal("somebody else's WebSocket is cut")
				case <-time.After(time.Until(ended.Add(2 * time.Second))):
					t.Fatalf("still open after 2 s: WebSocket %v, stream %v", socket != nil, stream != nil)
				}
			}
			t.Logf("cut after %v", time.Since(ended))
			o.expectSignedOut(t, c)
			turn(0)
			o.expectSignedOut(t, c)
			o.expectSignedIn(t, bystander, testenv.Bob)
		})
	}
}

// post sends a form to a page of the gateway as that page does.
func (o office) post(t *testing.T, c *http.Client, page string, form url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.site.Origin()+"/.samlgate/"+page, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Origin": o.site.Origin(),
		"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	} {
		req.Header.Set(name, value)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}
