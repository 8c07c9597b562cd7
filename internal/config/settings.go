// Package config turns the environment into settings. In go DIVIMS_ variables;
// out come typed and checked Settings, or all problems at once, each with the
// variable's name, what is wrong with it and an example.
package config

import (
	"log/slog"
	"time"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

// Settings are all that an operator can say. The tags are envconfig's, and
// besides:
//   - oneof: the words that are allowed, of a list in each place;
//   - min, max: bounds of a number or a duration;
//   - match: a name in patterns, which the text has to fit, in each place of a list;
//   - example: what a problem shows, where the default is none;
//   - only: commands, for a setting that the function does not need and that is
//     not deployed with it.
//
// An empty variable counts as not set.
type Settings struct {
	// The pool.
	Pool             string `envconfig:"POOL" required:"true" match:"pool name" example:"campus" desc:"name of the pool: 1 to 40 of a-z, 0-9 and -"`
	PoolSize         int    `envconfig:"POOL_SIZE" required:"true" min:"1" max:"10000" example:"20" desc:"number of servers"`
	PoolCapacity     int    `envconfig:"POOL_CAPACITY" min:"1" max:"10000000" example:"5000" desc:"participants that the whole pool is for, of which the calendar's percentages are; if empty, POOL_SIZE × SERVER_PARTICIPANTS"`
	BareMetalCount   int    `envconfig:"BARE_METAL_COUNT" default:"0" min:"0" desc:"how many servers, the first ones, are bare metal: rebooted, never created or deleted"`
	HostnameTemplate string `envconfig:"HOSTNAME_TEMPLATE" required:"true" match:"template" example:"bbb-w{n}" desc:"machine name of a server; {n} is its number"`
	DomainTemplate   string `envconfig:"DOMAIN_TEMPLATE" required:"true" match:"template" example:"bbb-w{n}.example.com" desc:"domain of a server; {n} is its number"`

	// How many servers are required.
	Policies            []string      `envconfig:"POLICIES" oneof:"load,schedule,forecast" example:"forecast,schedule" desc:"rules that say how many servers are required; the largest answer counts. If empty, forecast, and schedule if there is a CALENDAR_URL"`
	ForecastMargin      string        `envconfig:"FORECAST_MARGIN" default:"balanced" oneof:"lean,balanced,safe" desc:"how much room the forecast keeps beyond what it expects: lean costs least, safe has the fewest overloaded servers"`
	ForecastUncertainty Pair          `envconfig:"FORECAST_UNCERTAINTY" example:"1.4" desc:"for experts: standard deviations of the load kept free for more people than expected; one number, or one for participants and one for meetings. If empty, what FORECAST_MARGIN means"`
	ForecastUnevenness  Pair          `envconfig:"FORECAST_UNEVENNESS" example:"0.6,0.65" desc:"for experts: likewise, for servers that get more than their share"`
	Interval            time.Duration `envconfig:"INTERVAL" default:"5m" min:"1m" max:"1h" desc:"time between evaluations, as the cron trigger has it"`
	BootTime            time.Duration `envconfig:"BOOT_TIME" default:"7m" min:"0s" max:"2h" desc:"time from creating a machine until it takes meetings"`
	ServerParticipants  int           `envconfig:"SERVER_PARTICIPANTS" default:"250" min:"1" max:"10000" desc:"participants that one server carries"`
	ServerMeetings      int           `envconfig:"SERVER_MEETINGS" default:"15" min:"1" max:"10000" desc:"meetings that one server carries"`
	MinimumRatio        Percentage    `envconfig:"MINIMUM_RATIO" default:"1%" min:"0%" max:"100%" desc:"share of the servers that is always enabled, rounded up; bare-metal servers, if any, are the minimum instead"`
	TagMinimums         Counts        `envconfig:"TAG_MINIMUMS" example:"gpu=2,exam=1" desc:"the same for servers that bear a tag in Scalelite, in servers; 1 for a tag that is not named"`
	LoadFactorSteady    Pair          `envconfig:"LOAD_FACTOR_STEADY" default:"2" desc:"enabled capacity in multiples of the load; one number, or one for participants and one for meetings"`
	LoadFactorGrowing   Pair          `envconfig:"LOAD_FACTOR_GROWING" default:"3" desc:"the same while the load grows"`
	LoadGrowthThreshold Pair          `envconfig:"LOAD_GROWTH_THRESHOLD" default:"1.2" desc:"load, in multiples of the previous evaluation's, from which on it grows"`
	CalendarURL         pool.Secret   `envconfig:"CALENDAR_URL" match:"address" example:"https://example.com/courses.ics" desc:"iCalendar feed, by its public or its private address, with users=500 or users=40% in the summaries"`
	CalendarMode        string        `envconfig:"CALENDAR_MODE" default:"step" oneof:"step,window" desc:"step: an event holds until the next begins; window: from its start to its end"`
	Timezone            Timezone      `envconfig:"TIMEZONE" default:"Europe/Paris" desc:"IANA zone of calendar times that name none, whose weekdays and hours the forecast goes by"`

	// Limits in time.
	MeetingMaxDuration      time.Duration `envconfig:"MEETING_MAX_DURATION" default:"10h" min:"1m" desc:"meetings on draining servers are ended at this age"`
	RecordingMaxProcessing  time.Duration `envconfig:"RECORDING_MAX_PROCESSING" default:"5h" min:"1m" desc:"a recording in work for longer is warned of"`
	RecycleAfter            time.Duration `envconfig:"RECYCLE_AFTER" default:"7d" min:"0s" desc:"uptime at which a machine is replaced; 0 for never"`
	RollOutHours            Hours         `envconfig:"ROLL_OUT_HOURS" default:"19:00-06:00" desc:"part of the day, in TIMEZONE, in which machines are replaced because there is a newer image; the same time twice for all day"`
	RollOutParallel         int           `envconfig:"ROLL_OUT_PARALLEL" default:"2" min:"0" max:"1000" desc:"how many of them may drain at once; 0 for no roll-out"`
	Grace                   time.Duration `envconfig:"GRACE" default:"6m" min:"0s" max:"2h" desc:"a running machine may be silent for this long"`
	UnresponsiveRebootAfter time.Duration `envconfig:"UNRESPONSIVE_REBOOT_AFTER" default:"20m" min:"0s" desc:"a machine that answers nobody for this long is rebooted, once; 0 for never"`
	UnresponsiveDeleteAfter time.Duration `envconfig:"UNRESPONSIVE_DELETE_AFTER" default:"0" min:"0s" desc:"a machine that answers nobody for this long may be deleted, although its recordings cannot be seen; 0 for never"`
	CertificateWarning      time.Duration `envconfig:"CERTIFICATE_WARNING" default:"15d" min:"0s" desc:"a certificate is warned of when it expires within this time"`
	CertificateAlert        time.Duration `envconfig:"CERTIFICATE_ALERT" default:"5d" min:"0s" desc:"likewise, as an error"`

	// Limits of one evaluation.
	Timeout           time.Duration `envconfig:"TIMEOUT" default:"240s" min:"10s" max:"1h" desc:"deadline of an evaluation; less than the function's timeout"`
	CallTimeout       time.Duration `envconfig:"CALL_TIMEOUT" default:"8s" min:"100ms" max:"5m" desc:"deadline of one outside call"`
	ObserveParallel   int           `envconfig:"OBSERVE_PARALLEL" default:"100" min:"1" max:"1000" desc:"servers that are looked at at once; as many again may keep it waiting"`
	ActParallel       int           `envconfig:"ACT_PARALLEL" default:"5" min:"1" max:"100" desc:"servers that are acted on at once"`
	MaxCreations      int           `envconfig:"MAX_CREATIONS" default:"10" min:"0" max:"1000" desc:"machines created by one evaluation at most"`
	MaxDeletions      int           `envconfig:"MAX_DELETIONS" default:"10" min:"0" max:"1000" desc:"machines deleted by one evaluation at most"`
	MaxCordons        int           `envconfig:"MAX_CORDONS" default:"20" min:"0" desc:"servers cordoned by one evaluation at most"`
	MaxEnds           int           `envconfig:"MAX_ENDS" default:"10" min:"0" desc:"meetings ended by one evaluation at most"`
	UnresponsiveShare Percentage    `envconfig:"UNRESPONSIVE_SHARE" default:"30%" min:"0%" max:"100%" desc:"if more of the running servers, and at least 2, look unresponsive at once, it is the network, and nothing is changed"`
	DryRun            bool          `envconfig:"DRY_RUN" default:"false" desc:"decide, record it and tell what would be done, but change nothing"`

	// BBB and Scalelite.
	Recordings        string        `envconfig:"RECORDINGS" default:"shipped" oneof:"shipped,kept,none" desc:"shipped: published recordings go to Scalelite and then leave the server; kept: they are on storage of their own and hold no machine; none: the pool does not record, and draining does not look"`
	ScaleliteURL      string        `envconfig:"SCALELITE_URL" required:"true" match:"base address" example:"https://scalelite.example.com" desc:"Scalelite"`
	ScaleliteSecret   pool.Secret   `envconfig:"SCALELITE_SECRET" required:"true" example:"your-secret" desc:"Scalelite's LOADBALANCER_SECRET"`
	ScaleliteChecksum checksum.Hash `envconfig:"SCALELITE_CHECKSUM" default:"sha256" oneof:"sha1,sha256,sha512" desc:"hash that signs calls to Scalelite"`
	BBBChecksum       checksum.Hash `envconfig:"BBB_CHECKSUM" default:"sha256" oneof:"sha1,sha256,sha384,sha512" desc:"hash that signs calls to BBB servers"`
	RegisterEntries   bool          `envconfig:"REGISTER_ENTRIES" default:"false" desc:"add servers that Scalelite does not know; needs BBB_SECRET"`
	BBBSecret         pool.Secret   `envconfig:"BBB_SECRET" example:"your-secret" desc:"secret of BBB in the image, for REGISTER_ENTRIES"`

	// Stats endpoints.
	StatsURLs     []string      `envconfig:"STATS_URLS" match:"stats address" example:"https://{domain}/node_exporter/metrics,https://{domain}/metrics/" desc:"where a server's metrics are; {domain} is the server's domain. If the path has node_exporter in it and there is no query, only the collectors in need are asked for"`
	StatsUser     string        `envconfig:"STATS_USER" match:"user name" example:"divims" desc:"user name for them; sent to the server's own domain only, as are the next two"`
	StatsPassword pool.Secret   `envconfig:"STATS_PASSWORD" example:"your-secret" desc:"password to STATS_USER"`
	StatsToken    pool.Secret   `envconfig:"STATS_TOKEN" example:"your-secret" desc:"bearer token, instead of user name and password"`
	StatsMaxAge   time.Duration `envconfig:"STATS_MAX_AGE" default:"5m" min:"10s" max:"1d" desc:"older figures of recordings and probe are not believed"`

	// Scaleway.
	ScalewayURL       string      `envconfig:"SCALEWAY_URL" default:"https://api.scaleway.com" match:"base address" desc:"Scaleway's API"`
	ScalewayProjectID string      `envconfig:"SCALEWAY_PROJECT_ID" required:"true" match:"uuid" example:"11111111-1111-1111-1111-111111111111" desc:"project of the pool; it should have one of its own"`
	ScalewayAccessKey pool.Secret `envconfig:"SCALEWAY_ACCESS_KEY" required:"true" match:"access key" example:"SCWXXXXXXXXXXXXXXXXX" desc:"access key"`
	ScalewaySecretKey pool.Secret `envconfig:"SCALEWAY_SECRET_KEY" required:"true" match:"uuid" example:"11111111-1111-1111-1111-111111111111" desc:"secret key"`
	Zones             []string    `envconfig:"ZONES" required:"true" match:"zone" example:"fr-par-1,fr-par-2" desc:"zones for machines, preferred first"`
	CommercialTypes   []string    `envconfig:"COMMERCIAL_TYPES" required:"true" match:"word" example:"POP2-HC-8C-16G,PRO2-S" desc:"commercial types for machines, preferred first"`
	ImageName         string      `envconfig:"IMAGE_NAME" required:"true" example:"bbb-" desc:"beginning of the image's name; the newest counts"`
	Tag               string      `envconfig:"TAG" match:"word" example:"divims-campus" desc:"tag of the pool's machines, volumes and addresses; if empty, divims-POOL"`
	Adopt             bool        `envconfig:"ADOPT" default:"false" desc:"machines without the tag, but with a server's exact name, are the pool's too"`
	ServerSetup       bool        `envconfig:"SERVER_SETUP" default:"true" desc:"new machines set themselves up by cloud-init: the server's names in the system and in BBB, and its stats endpoint with STATS_USER; false for an image that does so itself"`
	UserData          UserData    `envconfig:"USER_DATA" example:"storage:cloud-init.yaml" desc:"cloud-init document of your own for new machines, besides: storage:KEY for an object in the bucket, or file:PATH"`

	// Object storage.
	StorageURL       string      `envconfig:"STORAGE_URL" match:"base address" example:"https://s3.fr-par.scw.cloud" desc:"S3 endpoint; if empty, Scaleway's of the region"`
	StorageRegion    string      `envconfig:"STORAGE_REGION" default:"fr-par" match:"word" desc:"region of the bucket"`
	StorageBucket    string      `envconfig:"STORAGE_BUCKET" required:"true" match:"bucket" example:"example-divims" desc:"bucket for state, history and decisions"`
	StoragePrefix    string      `envconfig:"STORAGE_PREFIX" default:"divims" match:"key prefix" desc:"beginning of the object keys"`
	StoragePathStyle bool        `envconfig:"STORAGE_PATH_STYLE" default:"true" desc:"the bucket is in the path and not in the host name"`
	StorageAccessKey pool.Secret `envconfig:"STORAGE_ACCESS_KEY" example:"SCWXXXXXXXXXXXXXXXXX" desc:"access key; if empty, Scaleway's above"`
	StorageSecretKey pool.Secret `envconfig:"STORAGE_SECRET_KEY" example:"your-secret" desc:"secret key; if empty, Scaleway's above"`

	// Notifications.
	NotifyURLs          NotifyURLs    `envconfig:"NOTIFY_URLS" example:"smtp://divims:PASSWORD@mail.example.com:587/?fromaddress=divims@example.com&toaddresses=ops@example.com" desc:"whom to tell, as shoutrrr's addresses with commas or spaces between them: smtp, slack, mattermost, matrix, teams, telegram, generic; if empty, nobody"`
	NotifyEveryWarning  time.Duration `envconfig:"NOTIFY_EVERY_WARNING" default:"24h" min:"1m" desc:"a warning that goes on is told again after this time"`
	NotifyEveryError    time.Duration `envconfig:"NOTIFY_EVERY_ERROR" default:"8h" min:"1m" desc:"likewise, an error"`
	NotifyEveryCritical time.Duration `envconfig:"NOTIFY_EVERY_CRITICAL" default:"1h" min:"1m" desc:"likewise, what is critical"`

	// The function's callers.
	Token pool.Secret `envconfig:"TOKEN" match:"token" example:"what-openssl-rand-hex-32-gives" desc:"bearer token that callers have to show besides the platform's key; the cron trigger need not"`

	// Setting up, for the command line alone.
	DNSProvider          string      `envconfig:"DNS_PROVIDER" only:"commands" default:"none" oneof:"scaleway,ovh,none" desc:"who has the zone into which provision writes; none: the records are written by hand"`
	DNSZone              string      `envconfig:"DNS_ZONE" only:"commands" match:"host name" example:"example.com" desc:"zone that the servers' domains are in"`
	DNSCNAME             bool        `envconfig:"DNS_CNAME" only:"commands" default:"false" desc:"a server's domain is an alias of its machine name below DNS_SUBDOMAIN, which has the address"`
	DNSSubdomain         string      `envconfig:"DNS_SUBDOMAIN" only:"commands" match:"host name" example:"ext" desc:"where below DNS_ZONE the machine names are, for DNS_CNAME"`
	DNSIPv6              bool        `envconfig:"DNS_IPV6" only:"commands" default:"false" desc:"servers have an IPv6 network, too, and an AAAA record of its first address, which the image has to take"`
	DNSServer            string      `envconfig:"DNS_SERVER" only:"commands" match:"socket address" example:"9.9.9.9:53" desc:"name server to ask where names lead; if empty, the system's"`
	OVHEndpoint          string      `envconfig:"OVH_ENDPOINT" only:"commands" default:"ovh-eu" match:"OVH endpoint" desc:"API of OVH: ovh-eu, ovh-ca, ovh-us or its address"`
	OVHApplicationKey    pool.Secret `envconfig:"OVH_APPLICATION_KEY" only:"commands" example:"your-key" desc:"application key"`
	OVHApplicationSecret pool.Secret `envconfig:"OVH_APPLICATION_SECRET" only:"commands" example:"your-secret" desc:"application secret"`
	OVHConsumerKey       pool.Secret `envconfig:"OVH_CONSUMER_KEY" only:"commands" example:"your-key" desc:"consumer key, which may GET, POST, PUT and DELETE /domain/zone/*"`

	// The surroundings.
	CACertificates CACertificates `envconfig:"CA_CERTIFICATES" example:"file:/etc/ssl/campus.pem" desc:"authorities to trust besides the system's: PEM text, or file:PATH. On the platform a variable ends at 1000 characters, a secret at 65,536 bytes"`
	ConnectTo      ConnectTo      `envconfig:"CONNECT_TO" example:"example.com=10.0.0.5:443" desc:"hosts, with those below them, whose connections go to another address, for private networks and the sandbox"`
	LogLevel       slog.Level     `envconfig:"LOG_LEVEL" default:"info" oneof:"debug,info,warn,error" desc:"least level that is logged"`
	ClockURL       string         `envconfig:"CLOCK_URL" match:"loopback address" example:"http://127.0.0.1:8080/clock" desc:"for the sandbox only: a loopback address that answers the virtual time as RFC 3339"`
}
