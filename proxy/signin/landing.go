package signin

import (
	"net/url"
	"slices"
	"strings"
)

// landing is where a journey to target, an address on host or an absolute one,
// ends. A link on any site can begin a login, and the pages of ours on its way
// make the last step one of this site, which [Handler.Deliberate] takes for the
// person's own. So no login ends at a sign-out, but where its host begins.
func (h *Handler) landing(host, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return h.below("account")
	}
	origin := ""
	if u.IsAbs() {
		host = u.Hostname()
		origin = h.originOf(host)
	}
	if !h.signsOut(target, host) && !h.leadsOut(host, u.Path) {
		return target
	}
	for _, p := range h.Places {
		if slices.Contains(p.Hosts, host) {
			return origin + "/" + strings.TrimPrefix(p.Path, "/")
		}
	}
	return h.below("account")
}

// leadsOut reports whether path on host is a sign-out that an app knows of.
func (h *Handler) leadsOut(host, path string) bool {
	return slices.ContainsFunc(h.Further, func(sp ServiceProvider) bool { return sp.Host == host && sp.SLOPath == path }) ||
		slices.ContainsFunc(h.Places, func(p Place) bool { return slices.Contains(p.Hosts, host) && slices.Contains(p.LogoutPaths, path) })
}
