package config

// HeaderPresets are apps that take a person from headers, each with the headers
// that its own documentation speaks of. A preset stands for all names of a route,
// so that the app sees nothing that it did not ask for; what the route writes
// itself wins. docs/apps shows them with the settings of each app, and a test
// compares.
func HeaderPresets() map[string]HeaderNames {
	return map[string]HeaderNames{
		"sd-elements": {Email: "X-Auth-Email", FirstName: "X-Auth-First-Name", LastName: "X-Auth-Last-Name"},
		"grafana":     {Email: "X-WEBAUTH-USER", Roles: "X-WEBAUTH-GROUPS", Separator: ","},
		"jenkins":     {Email: "X-Forwarded-User", Roles: "X-Forwarded-Groups", Separator: "|"},
		"splunk":      {Email: "Remote-User", Roles: "Remote-Groups", Separator: ","},
		"remote-user": {Email: "Remote-User"},
	}
}

// usePreset lays a preset over what the route inherits, before its own names are
// read. Further headers, fixed ones and encodings stay.
func (h *RouteHeaders) usePreset() {
	chosen, known := HeaderPresets()[h.Preset]
	if !known {
		return
	}
	chosen.Extra, chosen.Set, chosen.Encoding = h.Extra, h.Set, h.Encoding
	if chosen.Separator == "" {
		chosen.Separator = h.Separator
	}
	h.HeaderNames = chosen
}
