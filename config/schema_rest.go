package config

import (
	"net/url"
	"time"
)

// Notices tells other systems what happened.
type Notices struct {
	Webhooks []Webhook         `yaml:"webhooks"`
	SMTP     map[string]Secret `yaml:"smtp"`
}

// Webhook is told of some events.
type Webhook struct {
	URL    *url.URL `yaml:"url"`
	Secret Secret   `yaml:"secret"`
	Events []string `yaml:"events"`
}

// Pages is how the gateway's own pages look and speak.
type Pages struct {
	Title        string         `yaml:"title"`
	LogoFile     File           `yaml:"logo_file"`
	Support      Support        `yaml:"support"`
	Footer       string         `yaml:"footer"`
	Languages    []string       `yaml:"languages" default:"en,de,fr" is:"language"` // the first is the fallback
	TemplatesDir Path           `yaml:"templates_dir"`
	TimeZone     *time.Location `yaml:"time_zone" default:"UTC"`
}

// Support is whom a stuck person may ask.
type Support struct {
	Text  string `yaml:"text"`
	URL   string `yaml:"url" is:"link"`
	Email string `yaml:"email" is:"email"`
}

// Audit is where the record of security decisions goes.
type Audit struct {
	File   Path   `yaml:"file"` // empty: no file
	Stdout bool   `yaml:"stdout" default:"true"`
	Syslog string `yaml:"syslog"`
}

// Log is the operator's log, on standard error.
type Log struct {
	Level  string `yaml:"level" default:"info" oneof:"debug info warn error"`
	Format string `yaml:"format" default:"json" oneof:"json text"`
	Access bool   `yaml:"access" default:"false"` // a line for each request
}

// Tracing sends spans; an empty endpoint sends none.
type Tracing struct {
	OTLPEndpoint string  `yaml:"otlp_endpoint"`
	Sample       float64 `yaml:"sample" default:"0"` // 0 to 1
}
