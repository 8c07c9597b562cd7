package scaling

import "time"

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

// RecordingsPolicy says what becomes of a pool's recordings, and so what the
// drain gate asks for. The zero value is the strictest.
type RecordingsPolicy string

// What becomes of recordings.
const (
	// RecordingsShipped: published recordings are moved to Scalelite; one that
	// is still on the server has not arrived there yet.
	RecordingsShipped RecordingsPolicy = "shipped"
	// RecordingsKept: published recordings live outside the machine.
	RecordingsKept RecordingsPolicy = "kept"
	// RecordingsNone: the pool does not record; the gate does not look.
	RecordingsNone RecordingsPolicy = "none"
)

// Config is what the decision needs to know of the pool. config.Settings,
// checked and with its defaults, is where its values come from.
type Config struct {
	// Size is the number of servers, Capacity the participants they carry together.
	Size, Capacity int
	// BareMetal is how many servers, the first ones, are bare metal.
	BareMetal int
	Policies  []Policy
	Interval  time.Duration // between evaluations
	BootTime  time.Duration // from creating a machine until it takes meetings

	// ServerParticipants and ServerMeetings are what one server carries.
	ServerParticipants, ServerMeetings int
	// MinimumMillionths is the share of the size that is always enabled, in
	// millionths: a binary fraction would make 7 % of 100 servers 8.
	MinimumMillionths int
	// TagMinimums are how many servers of a tag are always enabled, if there are
	// so many; 1 where a tag is not in it.
	TagMinimums map[string]int
	// SteadyFactor, or GrowingFactor from GrowthThreshold on, times the load is
	// what the load policy keeps enabled.
	SteadyFactor, GrowingFactor, GrowthThreshold Pair

	ScheduleMode ScheduleMode

	// ForecastMargin is the forecast policy's; Balanced if empty.
	ForecastMargin Margin
	// ForecastUncertainty and ForecastUnevenness stand in the place of what the margin
	// means, in standard deviations; 0 for the margin's.
	ForecastUncertainty, ForecastUnevenness Pair
	// Zone is where the pool's people live: their weekdays and hours are its. UTC
	// if nil.
	Zone *time.Location

	MeetingMaxDuration     time.Duration // a draining server's meetings are ended at this age
	RecordingMaxProcessing time.Duration // a recording in work for longer is warned of
	Recordings             RecordingsPolicy
	// Machines whose image is outdated are replaced in RollOutHours only, and at
	// most RollOutParallel of them drain at once.
	RollOutHours       Hours
	RollOutParallel    int
	RecycleAfter       time.Duration // uptime at which a machine is replaced; 0 never
	Grace              time.Duration // a running machine may be silent for this long
	CertificateWarning time.Duration // warned of when it expires within this time
	CertificateAlert   time.Duration // likewise, as an error

	// UnresponsiveMillionths is the share of the running servers that may look
	// unresponsive at once; with more, and at least 2, it is the network.
	UnresponsiveMillionths int
	// UnresponsiveRebootAfter is when a machine that answers nobody is rebooted,
	// once; 0 never.
	UnresponsiveRebootAfter time.Duration
	// UnresponsiveDeleteAfter is when a machine that answers nobody may be
	// deleted, although its recordings cannot be seen; 0 never.
	UnresponsiveDeleteAfter time.Duration

	// MaxCreations, MaxDeletions, MaxCordons and MaxEnds (of meetings) bound one
	// evaluation.
	MaxCreations, MaxDeletions, MaxCordons, MaxEnds int
	// RegisterEntries adds an entry for a server that has none.
	RegisterEntries bool

	// tagMinimum is the minimum of the group with a tag that the decision makes
	// this Config for.
	tagMinimum int
}

// minimumOf is the least that is enabled of a group with a tag.
func (c Config) minimumOf(tag string) int { return max(1, c.TagMinimums[tag]) }

// million is what shares are parts of.
const million = 1_000_000

// zone is Zone with its default.
func (c Config) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// LeadTime is how long it takes from a need that just missed an evaluation to a
// machine that takes meetings.
func (c Config) LeadTime() time.Duration { return c.Interval + c.BootTime }

// Minimum is the number of servers that are always enabled: the bare-metal
// ones if there are any, else the configured share of the size, rounded up.
func (c Config) Minimum() int {
	if c.tagMinimum > 0 {
		return c.tagMinimum
	}
	if c.BareMetal > 0 {
		return c.BareMetal
	}
	return ceilDiv(c.Size*c.MinimumMillionths, million)
}

// youngest is the age below which a running machine is not deleted: three
// evaluations, as the predecessor had it.
func (c Config) youngest() time.Duration { return 3 * c.Interval }
