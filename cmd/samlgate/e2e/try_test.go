package e2e

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/samlgate/samlgate/cmd/samlgate/e2e/testenv"
)

const operatorToken = "operator-token-for-the-office-0123456789"

// terminal is a "samlgate try idp" that waits for its browser.
type terminal struct {
	*testing.T
	cmd      *exec.Cmd
	out      *bufio.Reader
	mistakes bytes.Buffer
	address  string
}

func (o office) tries(t *testing.T) *terminal {
	t.Helper()
	x := &terminal{T: t, cmd: o.site.Command(t, operatorToken, "try", "idp", "office")}
	x.cmd.Stderr = &x.mistakes
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x.out = bufio.NewReader(out)
	line, err := x.out.ReadString('\n')
	if x.address = strings.TrimSpace(line); err != nil || !strings.HasPrefix(x.address, o.site.Origin()+"/.samlgate/try/") {
		t.Fatalf("prints %q: %v\n%s", line, err, x.mistakes.String())
	}
	return x
}

// ends waits for the verdict.
func (x *terminal) ends(code int, want ...string) {
	x.Helper()
	out, err := io.ReadAll(x.out)
	if err != nil {
		x.Fatal(err)
	}
	_ = x.cmd.Wait()
	if got := x.cmd.ProcessState.ExitCode(); got != code {
		x.Errorf("exit code %d, want %d: %s", got, code, x.mistakes.String())
	}
	for _, w := range want {
		if !strings.Contains(string(out), w) {
			x.Errorf("the terminal lacks %q:\n%s", w, out)
		}
	}
}

// TestTryShowsAnOperatorWhatAnIDPSays presses the button in a real browser: once
// the gateway would take the answer, and once it would not.
func TestTryShowsAnOperatorWhatAnIDPSays(t *testing.T) {
	o := openOffice(t, testenv.StartSimpleSAMLphp(t), "redirect, require_signed: both")
	o.idp.Answer(t, testenv.AnswerOptions{SignAssertion: true, SignResponse: true})
	b := testenv.NewBrowser(t)
	b.Phone(false)

	x := o.tries(t)
	b.Open(x.address)
	b.WaitText("Try out signing in")
	b.Screenshot("start-light")
	b.ClickText("Continue")
	b.WaitURL(o.idp.Origin())
	b.Fill("#username", testenv.Ana.Login)
	b.Fill("#password", testenv.Ana.Password)
	b.Click("#submit_button button, button[type=submit], input[type=submit]")
	b.WaitText("The trial is over")
	b.Screenshot("over-light")
	x.ends(0, "Result       accepted", testenv.Ana.Email, "samlgate try", "Signature    holds")

	// The address is spent.
	b.Open(x.address)
	b.ClickText("Continue")
	b.WaitText("took too long")

	o.idp.Answer(t, testenv.AnswerOptions{SignResponse: true})
	b.Phone(true)
	x = o.tries(t)
	b.Open(x.address)
	b.Screenshot("start-dark")
	b.ClickText("Continue") // the identity provider remembers Ana
	b.WaitText("The trial is over")
	b.Screenshot("over-dark")
	x.ends(1, "Result       refused: signature_not_required_part", "Refused by   signature_not_required_part: the assertion is not signed")
	b.NoProblems(o.idp.Origin())

	b.Open(o.site.App("wiki"))
	b.WaitText(notAccepted) // a sign-in of its own: neither trial has left a session
}
