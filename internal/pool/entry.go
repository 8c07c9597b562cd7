package pool

// EntryState is Scalelite's state of an entry. The zero value is no state that
// Scalelite knows.
type EntryState string

// Scalelite's states. A cordoned entry whose load is 0 becomes disabled by
// itself, and a disabled one may still have meetings.
const (
	Enabled  EntryState = "enabled"  // takes new meetings
	Cordoned EntryState = "cordoned" // keeps its meetings, takes no new ones
	Disabled EntryState = "disabled" // out
)

// Entry is a server as Scalelite knows it.
type Entry struct {
	ID string `json:"id"`
	// URL is the server's BBB API, for example "https://bbb-w1.example.com/bigbluebutton/api".
	URL string `json:"url"`
	// Secret signs calls to the server's BBB API. It is used and never stored.
	Secret Secret     `json:"-"`
	State  EntryState `json:"state"`
	// Load is Scalelite's own measure, unknown while Scalelite says "unavailable".
	Load           Reading[float64] `json:"load"`
	LoadMultiplier float64          `json:"load_multiplier"`
	Online         bool             `json:"online"`
	Tag            string           `json:"tag,omitempty"`
	BBBVersion     string           `json:"bbb_version,omitempty"`
}
