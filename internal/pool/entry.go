package pool

// EntryState is Scalelite's state of an entry. The zero value is not a valid state.
type EntryState string

// Scalelite's states. Scalelite disables a cordoned entry by itself when its load is 0.
// A disabled entry may still have meetings.
const (
	Enabled  EntryState = "enabled"  // takes new meetings
	Cordoned EntryState = "cordoned" // keeps its meetings, but takes no new ones
	Disabled EntryState = "disabled" // takes no new meetings, and nobody can join those it has
)

// ChecksumError is the key of an answer of BBB or Scalelite to a call that is signed with a
// wrong secret, or by a hash that it does not accept.
const ChecksumError = "checksumError"

// Entry is a server as Scalelite knows it.
type Entry struct {
	ID string `json:"id"`
	// URL is the server's BBB API, for example "https://bbb-w1.example.com/bigbluebutton/api".
	URL string `json:"url"`
	// Secret signs calls to the server's BBB API. It is never stored.
	Secret Secret     `json:"-"`
	State  EntryState `json:"state"`
	// Load is Scalelite's load figure, unknown while Scalelite shows "unavailable".
	Load           Reading[float64] `json:"load"`
	LoadMultiplier float64          `json:"load_multiplier"`
	Online         bool             `json:"online"`
	Tag            string           `json:"tag,omitempty"`
	BBBVersion     string           `json:"bbb_version,omitempty"`
	// Problem is why the entry cannot be read; empty if it can be. The fields that could
	// be read are set.
	Problem string `json:"problem,omitempty"`
}
