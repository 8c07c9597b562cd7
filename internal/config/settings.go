// Package config reads the DIVIMS_ variables of an environment and returns
// validated Settings, or all problems at once. A setting is declared where it is
// used; Settings embeds these declarations.
package config

import (
	"log/slog"
	"time"

	"divims/internal/client/bbb"
	"divims/internal/client/calendar"
	"divims/internal/client/cloudinit"
	"divims/internal/client/exporter"
	"divims/internal/client/httpclient"
	"divims/internal/client/notify"
	"divims/internal/client/scalelite"
	"divims/internal/client/scaleway"
	"divims/internal/client/storage"
	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// The parts of Settings. Each is declared in the package that uses it.
type (
	// Pool has the pool's name and the templates of its servers' names.
	Pool = pool.Settings
	// Decision says how the pool's size is decided, and what may be done to its servers.
	Decision = scaling.Config
	// Evaluation says how one evaluation runs.
	Evaluation = cycle.Settings
	// Scalelite says how Scalelite is reached.
	Scalelite = scalelite.Settings
	// BBB says how BBB servers are called.
	BBB = bbb.Settings
	// Stats says where the servers' stats endpoints are.
	Stats = exporter.Config
	// Calendar says where the schedule's calendar is.
	Calendar = calendar.Settings
	// Scaleway says how Scaleway is reached, and where and from what machines are created.
	Scaleway = scaleway.Settings
	// CloudInit says how new machines set themselves up.
	CloudInit = cloudinit.Settings
	// Storage says where state, history and records are.
	Storage = storage.Settings
	// Notify says who is notified.
	Notify = notify.Settings
	// Network says how connections to all services are made.
	Network = httpclient.Settings
)

// Settings are everything that an operator can set. Every field of the embedded
// structs is a setting. Its tags are:
//   - envconfig: the variable's name without DIVIMS_;
//   - desc: what it means;
//   - default: its value if the variable is empty or not set;
//   - required: "true" if it must be set;
//   - oneof: the allowed words;
//   - min, max: bounds of a number or a duration, written like a value;
//   - match: a name in patterns, which the text must match;
//   - example: what a problem shows; needed only where there is no default;
//   - group: the heading in docs/settings.md of this setting and the next ones;
//   - deploy: "secret" for a setting that is deployed as a secret although its type
//     is not a secret's; "never" for one that only the command line needs; "function"
//     for one that says what the deployed function is like.
//
// oneof and match apply to each item of a list. A field that is no setting is
// unexported or has the tag ignored:"true".
type Settings struct {
	Pool
	Decision
	Calendar
	Evaluation
	Notify
	Scalelite
	BBB
	Stats
	Scaleway
	CloudInit
	Storage
	Function
	DNS
	OVH
	Network
	Deployment
}

// Function are the settings of the package handler. They are declared here because
// handler imports this package.
type Function struct {
	Token    pool.Secret `envconfig:"TOKEN" group:"The function" match:"token" example:"what-openssl-rand-hex-32-gives" desc:"bearer token that callers must send in addition to the platform's key; the cron trigger need not"`
	LogLevel slog.Level  `envconfig:"LOG_LEVEL" default:"info" oneof:"debug,info,warn,error" desc:"lowest level that is logged"`
	ClockURL string      `envconfig:"CLOCK_URL" match:"loopback address" example:"http://127.0.0.1:8080/clock" desc:"for the sandbox only: a loopback address that answers with the virtual time as RFC 3339"`
}

// DNS and OVH are the settings of the command line's setup. They are declared here
// because the deployed archive contains neither setup nor the client of OVH.
type DNS struct {
	Provider  string `envconfig:"DNS_PROVIDER" group:"DNS" deploy:"never" default:"none" oneof:"scaleway,ovh,none" desc:"who hosts the zone that provision writes to; none: the records are written by hand"`
	Zone      string `envconfig:"DNS_ZONE" deploy:"never" match:"DNS zone" example:"example.com" desc:"zone that contains the servers' domains"`
	CNAME     bool   `envconfig:"DNS_CNAME" deploy:"never" default:"false" desc:"a server's domain is an alias of its machine name below DNS_SUBDOMAIN, which has the address"`
	Subdomain string `envconfig:"DNS_SUBDOMAIN" deploy:"never" match:"host name" example:"ext" desc:"subdomain of DNS_ZONE that contains the machine names, for DNS_CNAME"`
	IPv6      bool   `envconfig:"DNS_IPV6" deploy:"never" default:"false" desc:"servers also have an IPv6 network and an AAAA record of its first address, which the shipped user data sets on the machine"`
	Server    string `envconfig:"DNS_SERVER" deploy:"never" match:"socket address" example:"9.9.9.9:53" desc:"name server for look-ups; if empty, the system's"`
}

// OVH are the settings of DNS_PROVIDER=ovh; see DNS.
type OVH struct {
	Endpoint          string      `envconfig:"OVH_ENDPOINT" group:"DNS at OVH" deploy:"never" default:"ovh-eu" match:"OVH endpoint" desc:"API of OVH: ovh-eu, ovh-ca, ovh-us or its address"`
	ApplicationKey    pool.Secret `envconfig:"OVH_APPLICATION_KEY" deploy:"never" match:"visible" example:"your-key" desc:"application key"`
	ApplicationSecret pool.Secret `envconfig:"OVH_APPLICATION_SECRET" deploy:"never" match:"visible" example:"your-secret" desc:"application secret"`
	ConsumerKey       pool.Secret `envconfig:"OVH_CONSUMER_KEY" deploy:"never" match:"visible" example:"your-key" desc:"consumer key, which may GET, POST and DELETE /domain/zone/*"`
}

// Deployment are the settings of the command deploy. They are declared here because the
// deployed archive does not contain it.
type Deployment struct {
	CronMinute      string        `envconfig:"CRON_MINUTE" group:"Deployment" deploy:"function" match:"minute" example:"2" desc:"minute of the hour in which the cron trigger calls first; it calls again every INTERVAL. If empty, deploy gives the pools different minutes"`
	FunctionMemory  int           `envconfig:"FUNCTION_MEMORY" deploy:"function" default:"256" oneof:"128,256,512,1024,2048,3072,4096" desc:"memory of the function in MB; it gets CPU in proportion"`
	FunctionTimeout time.Duration `envconfig:"FUNCTION_TIMEOUT" deploy:"function" min:"10s" max:"1h" example:"300s" desc:"when Scaleway ends a call of the function; must be longer than TIMEOUT. If empty, 5m, or TIMEOUT and a minute if that is longer"`
	FunctionPrivacy string        `envconfig:"FUNCTION_PRIVACY" deploy:"function" default:"private" oneof:"private,public" desc:"private: Scaleway demands a key of every caller; public: only TOKEN protects the function"`
	FunctionDomains []string      `envconfig:"FUNCTION_DOMAINS" deploy:"function" match:"host name" example:"divims.example.com" desc:"domains of the function besides the one that Scaleway gives it; others are taken away when it is deployed again"`
}
