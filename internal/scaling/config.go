package scaling

import (
	"math"
	"time"

	"divims/internal/config/setting"
)

// Policy names a rule that says how many servers are required.
type Policy string

// The policies.
const (
	PolicyLoad     Policy = "load"
	PolicySchedule Policy = "schedule"
	PolicyForecast Policy = "forecast"
)

// Margin is how much room the forecast policy keeps beyond what it expects.
type Margin string

// The margins, from the cheapest.
const (
	Lean     Margin = "lean"
	Balanced Margin = "balanced"
	Safe     Margin = "safe"
)

// RecordingsPolicy says where published recordings are kept, and so what the drain gate
// requires. The zero value is as strict as RecordingsShipped.
type RecordingsPolicy string

// The recordings policies.
const (
	// RecordingsShipped: published recordings are moved to Scalelite. One that is
	// still on the server has not arrived there yet.
	RecordingsShipped RecordingsPolicy = "shipped"
	// RecordingsKept: published recordings live outside the machine.
	RecordingsKept RecordingsPolicy = "kept"
	// RecordingsNone: the pool does not record, and the gate does not check.
	RecordingsNone RecordingsPolicy = "none"
)

// Config holds the settings of the decision. This is where they are declared:
// package config reads them from the environment by the tags, which
// config.Settings explains.
type Config struct {
	Size      int      `envconfig:"POOL_SIZE" group:"The pool" required:"true" min:"1" max:"10000" example:"20" desc:"number of servers"`
	Capacity  int      `envconfig:"POOL_CAPACITY" min:"1" max:"10000000" example:"5000" desc:"participants that the whole pool is for, which are 100% in the calendar. If empty, POOL_SIZE × SERVER_PARTICIPANTS"`
	BareMetal int      `envconfig:"BARE_METAL_COUNT" default:"0" min:"0" desc:"how many servers, counted from the first, are bare metal: rebooted, never created or deleted"`
	Policies  []Policy `envconfig:"POLICIES" group:"How many servers are required" oneof:"load,schedule,forecast" example:"forecast,schedule" desc:"rules that say how many servers are required; the largest answer counts. If empty, forecast, and schedule if there is a CALENDAR_URL"`
	// ForecastMargin is Balanced if empty.
	ForecastMargin Margin `envconfig:"FORECAST_MARGIN" default:"balanced" oneof:"lean,balanced,safe" desc:"how much room the forecast keeps beyond the load that it expects: lean costs least, safe has the fewest overloaded servers"`
	// ForecastUncertainty and ForecastUnevenness replace the margin's own values if
	// they are not zero.
	ForecastUncertainty Pair          `envconfig:"FORECAST_UNCERTAINTY" example:"1.4" desc:"for experts: room for more people than expected, in standard deviations of the load; one number, or one for participants and one for meetings. If empty, the value of FORECAST_MARGIN"`
	ForecastUnevenness  Pair          `envconfig:"FORECAST_UNEVENNESS" example:"0.6,0.65" desc:"for experts: standard deviations of the load that are kept free for servers that get more than their share of it; one number, or one for participants and one for meetings. If empty, what FORECAST_MARGIN means"`
	Interval            time.Duration `envconfig:"INTERVAL" default:"5m" min:"1m" max:"1h" desc:"time between evaluations; the cron trigger must have the same"`
	BootTime            time.Duration `envconfig:"BOOT_TIME" default:"7m" min:"0s" max:"2h" desc:"time from creating a machine until it takes meetings; the time that the last ten machines took counts if it is longer, up to three times this one"`
	ServerParticipants  int           `envconfig:"SERVER_PARTICIPANTS" default:"250" min:"1" max:"10000" desc:"participants that one server can carry"`
	ServerMeetings      int           `envconfig:"SERVER_MEETINGS" default:"15" min:"1" max:"10000" desc:"meetings that one server can carry"`
	// MinimumMillionths is the share of the size that is always enabled. It is in
	// millionths, because as a binary fraction 7 % of 100 servers would be 8.
	MinimumMillionths setting.Percentage `envconfig:"MINIMUM_RATIO" default:"1%" min:"0%" max:"100%" desc:"share of the servers that is always enabled, rounded up; bare-metal servers, if any, are the minimum instead"`
	// TagMinimums is the minimum of each tag. It is limited to the number of servers
	// with the tag, and is 1 for a tag that is not in the map.
	TagMinimums setting.Counts `envconfig:"TAG_MINIMUMS" example:"gpu=2,exam=1" desc:"how many servers with a Scalelite tag are always enabled; 1 for a tag that is not named"`
	// The load policy requires a capacity of SteadyFactor times the load. While the
	// load grows by GrowthThreshold or more, it requires GrowingFactor times the load.
	SteadyFactor    Pair         `envconfig:"LOAD_FACTOR_STEADY" default:"2" desc:"enabled capacity in multiples of the load; one number, or one for participants and one for meetings"`
	GrowingFactor   Pair         `envconfig:"LOAD_FACTOR_GROWING" default:"3" desc:"enabled capacity in multiples of the load while the load grows; one number, or one for participants and one for meetings"`
	GrowthThreshold Pair         `envconfig:"LOAD_GROWTH_THRESHOLD" default:"1.2" desc:"the load counts as growing if it is at least this multiple of the previous evaluation's load"`
	ScheduleMode    ScheduleMode `envconfig:"CALENDAR_MODE" group:"Calendar" default:"step" oneof:"step,window" desc:"step: an event holds until the next begins; window: from its start to its end"`
	// Timezone is where the pool's people live: the forecast learns by their
	// weekdays and hours. UTC if not set.
	Timezone setting.Timezone `envconfig:"TIMEZONE" group:"The pool" default:"Europe/Paris" desc:"IANA time zone of the forecast's weekdays and hours, and of calendar times that name no zone"`

	MeetingMaxDuration     time.Duration    `envconfig:"MEETING_MAX_DURATION" group:"Drain, replacement and warnings" default:"10h" min:"1m" desc:"age at which meetings on draining servers are ended"`
	RecordingMaxProcessing time.Duration    `envconfig:"RECORDING_MAX_PROCESSING" default:"5h" min:"1m" desc:"on draining servers, a recording that is not published this long after its meeting causes a warning"`
	Recordings             RecordingsPolicy `envconfig:"RECORDINGS" default:"shipped" oneof:"shipped,kept,none" desc:"shipped: published recordings go to Scalelite and then leave the server; kept: they are on separate storage, and machines do not wait for them; none: the pool does not record, and draining does not wait for recordings"`
	RecycleAfter           time.Duration    `envconfig:"RECYCLE_AFTER" default:"7d" min:"0s" desc:"uptime at which a machine is replaced; 0 for never"`
	// Machines with an outdated image are replaced in RollOutHours only, and at
	// most RollOutParallel of them drain at once.
	RollOutHours            Hours         `envconfig:"ROLL_OUT_HOURS" default:"19:00-06:00" desc:"part of the day, in TIMEZONE, in which machines are replaced because there is a newer image; the same time twice for all day"`
	RollOutParallel         int           `envconfig:"ROLL_OUT_PARALLEL" default:"2" min:"0" max:"1000" desc:"how many machines with an outdated image may drain at once; 0 for no roll-out"`
	Grace                   time.Duration `envconfig:"GRACE" default:"6m" min:"0s" max:"2h" desc:"least time that a machine may take to come after it was started or rebooted; BOOT_TIME if that is longer"`
	UnresponsiveRebootAfter time.Duration `envconfig:"UNRESPONSIVE_REBOOT_AFTER" default:"20m" min:"0s" desc:"a machine that has answered nobody for this long is rebooted, once; after two hours at the earliest if people or recordings were on it; bare metal up to three times; 0 for never"`
	UnresponsiveDeleteAfter time.Duration `envconfig:"UNRESPONSIVE_DELETE_AFTER" default:"0" min:"0s" desc:"a machine that does not answer for this long may be deleted, although its recordings cannot be seen; 0 for never"`
	// UnresponsiveMillionths is the share of the servers that served above which, with at
	// least 2 that fell silent or offline together, the cause is taken to be a common one.
	UnresponsiveMillionths setting.Percentage `envconfig:"UNRESPONSIVE_SHARE" default:"30%" min:"0%" max:"100%" desc:"if more of the servers that served, and at least 2, fall silent or offline together, the cause is taken to be a common one, such as the network: nothing is done to them"`
	CertificateWarning     time.Duration      `envconfig:"CERTIFICATE_WARNING" default:"15d" min:"0s" desc:"a certificate causes a warning when it expires within this time"`
	CertificateAlert       time.Duration      `envconfig:"CERTIFICATE_ALERT" default:"5d" min:"0s" desc:"a certificate causes an error when it expires within this time"`

	MaxCreations    int  `envconfig:"MAX_CREATIONS" group:"Limits of one evaluation's plan" default:"10" min:"0" max:"1000" desc:"most machines that one evaluation creates"`
	MaxDeletions    int  `envconfig:"MAX_DELETIONS" default:"10" min:"0" max:"1000" desc:"most machines that one evaluation deletes"`
	MaxCordons      int  `envconfig:"MAX_CORDONS" default:"20" min:"0" desc:"most servers that one evaluation cordons"`
	MaxEnds         int  `envconfig:"MAX_ENDS" default:"10" min:"0" desc:"most meetings that one evaluation ends"`
	RegisterEntries bool `envconfig:"REGISTER_ENTRIES" group:"Scalelite" default:"false" desc:"add servers that Scalelite does not know; needs BBB_SECRET"`
	// ScalelitePoll is how old Scalelite's word about a server may be: its poller sets
	// the flag online and the load.
	ScalelitePoll time.Duration `envconfig:"SCALELITE_POLL" default:"60s" min:"5s" max:"10m" desc:"Scalelite's POLL_INTERVAL: how often it looks at the servers; used to tell a poller that stands still from a broken network"`

	// tagMinimum is the minimum of the group that this Config is for, if the group has
	// a tag.
	tagMinimum int
}

// limit returns how many actions of a kind a plan may have. Only some kinds have a limit.
func (c Config) limit(kind Kind) int {
	switch kind {
	case Create:
		return c.MaxCreations
	case Delete:
		return c.MaxDeletions
	case Cordon:
		return c.MaxCordons
	case EndMeeting:
		return c.MaxEnds
	}
	return math.MaxInt
}

// minimumOf returns how many servers with a tag are always enabled.
func (c Config) minimumOf(tag string) int { return max(1, c.TagMinimums[tag]) }

// million is the unit of setting.Percentage: a share of 1.
const million = 1_000_000

// zone returns the location of Timezone, or UTC if that is not set.
func (c Config) zone() *time.Location {
	if c.Timezone.Location == nil {
		return time.UTC
	}
	return c.Timezone.Location
}

// LeadTime returns the longest time from a need to a machine that takes meetings: the
// need may arise just after an evaluation.
func (c Config) LeadTime() time.Duration { return c.Interval + c.BootTime }

// Minimum returns the number of servers that are always enabled: the bare-metal servers
// if there are any, else the configured share of the size, rounded up.
func (c Config) Minimum() int {
	if c.tagMinimum > 0 {
		return c.tagMinimum
	}
	if c.BareMetal > 0 {
		return c.BareMetal
	}
	return ceilDiv(c.Size*int(c.MinimumMillionths), million)
}

// youngest returns the least age at which a running machine may be deleted: three
// intervals, as in the predecessor.
func (c Config) youngest() time.Duration { return 3 * c.Interval }
