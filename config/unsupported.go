package config

import "slices"

const notSupported = "not supported yet"

// isUnsupported reports keys that are accepted at their default only, because
// the feature behind them is not built yet. Building one deletes its row.
func isUnsupported(schema string) bool {
	return slices.Contains([]string{
		"server.tls.acme", "server.proxy_protocol", "server.forward_auth", "server.paths.scim",
		"server.rate_limits.scim",

		"access.provisioning", "access.known_users_file", "access.reactivate_on_login", "access.scim.tokens_file",

		"routes[].upstreams", "routes[].health", "routes[].upstream_carrier", "routes[].strip_path",
		"routes[].rewrite_redirects", "routes[].host_header", "routes[].provisioning",
		"routes[].allow.max_age", "routes[].allow.when",
		"routes[].raw_path",
		"routes[].post_replay.max_bytes", "routes[].limits.in_flight",

		"notices.webhooks", "notices.smtp", "pages.templates_dir", "profile",
		"audit.syslog", "tracing.otlp_endpoint", "tracing.sample",
	}, schema)
}

// unsupportedValue reports single values of keys that are otherwise built.
func unsupportedValue(schema, value string) bool {
	return slices.Contains([][2]string{
		{"routes[].upstream", "h2c"}, {"routes[].upstream", "unix"},
	}, [2]string{schema, value})
}
