package metadata

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/samlgate/samlgate/samlsp"
)

// setEndpoints reads the addresses for sign-on and logout (§2.4.3, §2.4.2). Of
// several with one binding the first counts.
func (d *Descriptor) setEndpoints(role *element) error {
	var err error
	if d.SSO, err = endpoints(role.all("SingleSignOnService"), "Location"); err != nil {
		return fmt.Errorf("the address for sign-on (SingleSignOnService): %w", err)
	}
	if len(d.SSO) == 0 {
		return errors.New("the identity provider offers neither HTTP-Redirect nor HTTP-POST for sign-on (SingleSignOnService)")
	}
	logout := role.all("SingleLogoutService")
	if d.SLO, err = endpoints(logout, "Location"); err != nil {
		return fmt.Errorf("the address for logout (SingleLogoutService): %w", err)
	}
	if d.SLOResponses, err = endpoints(logout, "ResponseLocation"); err != nil {
		return fmt.Errorf("the address for logout responses (SingleLogoutService): %w", err)
	}
	return nil
}

func endpoints(elements []*element, attr string) (map[samlsp.Binding]string, error) {
	found := map[samlsp.Binding]string{}
	for _, e := range elements {
		binding := samlsp.Binding(e.attr["Binding"])
		location, given := e.attr[attr]
		if binding != samlsp.RedirectBinding && binding != samlsp.PostBinding || !given && attr != "Location" {
			continue
		}
		if _, twice := found[binding]; twice {
			continue
		}
		if err := CheckEndpoint(location); err != nil {
			return nil, err
		}
		found[binding] = location
	}
	return found, nil
}

// CheckEndpoint returns an error unless s is an absolute https URL, or http on a
// loopback address, without user information and fragment.
func CheckEndpoint(s string) error {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return errors.New("it is empty")
	case err != nil || u.Hostname() == "" || u.Opaque != "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("it is not an absolute URL")
	case u.User != nil || u.Fragment != "":
		return errors.New("it has user information or a fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("it is http; https is required except on a loopback address")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("it is not https")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
