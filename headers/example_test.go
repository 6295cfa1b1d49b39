package headers_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/samlgate/samlgate/headers"
)

// gateway stands in for the real one: it returns its key set, and a request as
// the gateway would send it to the app with the audience "wiki".
func gateway() (jwks []byte, r *http.Request) {
	key, err := headers.GenerateSigningKey()
	if err != nil {
		log.Fatal(err)
	}
	signer, err := headers.NewSigner(headers.SignerConfig{
		Issuer: "https://sso.example.com", Keys: []headers.Key{{ID: "k1", Private: key}},
	})
	if err != nil {
		log.Fatal(err)
	}
	ana := headers.Values{Subject: "ana@example.com", Email: "ana@example.com", FirstName: "Ana", Roles: []string{"staff"}}
	token, err := signer.Sign("wiki", ana)
	if err != nil {
		log.Fatal(err)
	}
	r = httptest.NewRequest("GET", "http://10.0.0.5:8080/", nil)
	if _, err := headers.Apply(r.Header, headers.DefaultNames(), ana); err != nil {
		log.Fatal(err)
	}
	r.Header.Set("X-Auth-Assertion", token)
	return signer.JWKS(), r
}

// In an app the key set usually comes from the gateway itself:
//
//	keys, err := headers.FetchKeySet("https://sso.example.com/.samlgate/jwks.json", nil, nil)
func ExampleVerifier() {
	jwks, request := gateway()

	keys, err := headers.ParseKeySet(jwks)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := headers.NewVerifier(headers.VerifierConfig{
		Issuer:   "https://sso.example.com", // server.external_url
		Audience: "wiki",                    // the route's audience
		Keys:     keys,
	})
	if err != nil {
		log.Fatal(err)
	}

	claims, err := verifier.Verify(request)
	fmt.Println(claims.Email, claims.HasRole("staff"), err)

	request.Header.Set("X-Auth-Email", "boss@example.com") // not what was signed
	_, err = verifier.Verify(request)
	fmt.Println(err)
	// Output:
	// ana@example.com true <nil>
	// the request's identity is refused: the identity header X-Auth-Email disagrees with the token
}

func ExampleVerifier_Middleware() {
	jwks, request := gateway()
	keys, err := headers.ParseKeySet(jwks)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := headers.NewVerifier(headers.VerifierConfig{Issuer: "https://sso.example.com", Audience: "wiki", Keys: keys})
	if err != nil {
		log.Fatal(err)
	}

	app := verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := headers.FromContext(r.Context())
		fmt.Fprintf(w, "Hello %s!", claims.GivenName)
	}))

	w := httptest.NewRecorder()
	app.ServeHTTP(w, request)
	fmt.Println(w.Code, w.Body)

	w = httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) // somebody inside the network, past the gateway
	fmt.Print(w.Code, " ", w.Body)
	// Output:
	// 200 Hello Ana!
	// 401 This request does not come from the sign-in gateway.
}

// A signature covers one request, and is taken once.
func ExampleVerifier_signature() {
	secret := headers.Key{ID: "h1", Secret: []byte("a secret that gateway and app share")}
	signer, err := headers.NewMessageSigner(headers.MessageSignerConfig{Keys: []headers.Key{secret}, Algorithm: "hmac-sha256"})
	if err != nil {
		log.Fatal(err)
	}
	request := httptest.NewRequest("GET", "http://wiki.example.com/page?n=1", nil)
	request.Header.Set("X-Auth-Email", "ana@example.com")
	if err := signer.Sign(request, headers.NewManaged(), "wiki"); err != nil {
		log.Fatal(err)
	}

	keys, err := (*headers.KeySet)(nil).With(secret)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := headers.NewVerifier(headers.VerifierConfig{
		Issuer: "https://sso.example.com", Audience: "wiki", Authorities: []string{"wiki.example.com"}, Keys: keys, Proof: headers.BySignature,
	})
	if err != nil {
		log.Fatal(err)
	}
	request.RequestURI = "/page?n=1" // as a server has it
	claims, err := verifier.Verify(request)
	fmt.Println(claims.Email, err)
	_, err = verifier.Verify(request)
	fmt.Println(err)
	// Output:
	// ana@example.com <nil>
	// the request's identity is refused: the signature has been used before
}
