package scaling

// Stage is how far a server is from taking meetings, by the evidence there is. A server is
// in the first stage that fits. Not knowing never makes it better.
type Stage string

// The stages.
const (
	// StageHeld: the server is in maintenance, or a person has cordoned or disabled it.
	StageHeld Stage = "held"
	// Serving: it is enabled, and Scalelite places meetings on it.
	Serving Stage = "serving"
	// Coming: it is enabled, and its machine is within the time that it may take to come.
	Coming Stage = "coming"
	// Late: it is enabled, neither serving nor coming, and no capacity.
	Late Stage = "late"
	// Unlisted: Scalelite has no entry for it, or one that cannot be read.
	Unlisted Stage = "unlisted"
	// Draining: it is cordoned or disabled and has a machine.
	Draining Stage = "draining"
	// Resting: it is cordoned or disabled and has no machine.
	Resting Stage = "resting"
)
