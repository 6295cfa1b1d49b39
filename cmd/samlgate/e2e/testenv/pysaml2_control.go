package testenv

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"testing"
)

// PySAML2State is what pySAML2 remembers.
type PySAML2State struct {
	Sessions []PySAML2Session // of everybody who is signed in at pySAML2
	Outcomes []PySAML2Outcome // of the LogoutRequests that it has sent, oldest first
}

// PySAML2Session is one person's session, with every assertion it was used for.
type PySAML2Session struct {
	Login  string
	Visits []struct {
		SP, Format, Index string
		NameID            string `json:"name_id"`
	}
}

// PySAML2Outcome is how a service provider answered a LogoutRequest. Its
// LogoutResponse was signed and answered that request, unless Error is set.
type PySAML2Outcome struct {
	SP, Binding string // SP is empty where the answer was refused before it could be told whose it is
	Status      string
	SubStatus   string `json:"sub_status"` // such as PartialLogout
	Relay       bool   // RelayState came back unchanged
	Error       string
}

// Answer changes how Responses are made from now on. A new pySAML2 signs the
// assertion only.
func (p *PySAML2) Answer(t testing.TB, o AnswerOptions) {
	t.Helper()
	data, err := json.Marshal(o.settings())
	if err != nil {
		t.Fatalf("changing pySAML2's options: %v", err)
	}
	p.control(t, "options", data)
}

// Trust hands a service provider's metadata to pySAML2, or its newer version.
func (p *PySAML2) Trust(t testing.TB, metadata []byte) {
	t.Helper()
	p.control(t, "trust", metadata)
}

// TrustURL fetches a service provider's metadata and hands it to pySAML2.
func (p *PySAML2) TrustURL(t testing.TB, url string) {
	t.Helper()
	p.Trust(t, fetch(t, url))
}

// State asks pySAML2 who is signed in there and what its logouts came to.
func (p *PySAML2) State(t testing.TB) PySAML2State {
	t.Helper()
	var s PySAML2State
	if err := json.Unmarshal(p.control(t, "state", nil), &s); err != nil {
		t.Fatalf("reading pySAML2's state: %v", err)
	}
	return s
}

func (p *PySAML2) control(t testing.TB, name string, body []byte) []byte {
	t.Helper()
	res, err := NewClient(t).Post(p.direct+"/test/"+name, "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		t.Fatalf("controlling pySAML2: %v", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("pySAML2 refuses %s: status %d, %v; it printed:\n%s", name, res.StatusCode, err, p.Log())
	}
	return answer
}

// spMetadata writes down what an administrator typed in as SAML metadata, the
// only thing that pysaml2 reads.
func spMetadata(t testing.TB, sps []SPInfo) []string {
	t.Helper()
	documents := []string{}
	for _, sp := range sps {
		certificate := ""
		if sp.Certificate != nil {
			certificate = base64.StdEncoding.EncodeToString(sp.Certificate.Raw)
		}
		var b bytes.Buffer
		if err := spTemplate.Execute(&b, map[string]any{"SP": sp, "Certificate": certificate}); err != nil {
			t.Fatalf("writing the metadata of %s: %v", sp.EntityID, err)
		}
		documents = append(documents, b.String())
	}
	return documents
}

// In this place HTML's escapes are XML's.
var spTemplate = template.Must(template.New("sp").Parse(
	`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{{.SP.EntityID}}">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
{{with .Certificate}}<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>{{.}}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
{{end}}{{with .SP.SLO}}<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{{.}}"/>
{{end}}{{with .SP.NameIDFormat}}<NameIDFormat>{{.}}</NameIDFormat>
{{end}}<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{{.SP.ACS}}" index="0" isDefault="true"/>
</SPSSODescriptor></EntityDescriptor>`))
