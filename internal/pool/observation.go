package pool

import "time"

// Observation is everything that an evaluation saw, and what it could not see.
type Observation struct {
	// Servers are the pool's servers in the order of their numbers.
	Servers []ServerObservation
	// Entries and Machines are the whole lists, strangers to the pool's servers
	// included. Unless both could be read completely, nothing may be done.
	Entries  Reading[[]Entry]
	Machines Reading[[]Machine]
	// Images are the newest ones, one a zone, that machines should be built from.
	Images Reading[[]Image]
	// Leftovers are detached volumes that deleted machines of the pool left behind.
	Leftovers Reading[[]Volume]
	// Calendar is unknown when no calendar is configured or none could be had.
	Calendar Reading[Calendar]
	// History are the pool's own samples before now, oldest first, of this ISO
	// week and the HistoryWeeks before it. Gaps are evaluations that did not see
	// enough, or were not made.
	History Reading[[]Sample]
	// Future are the true samples after now, oldest first. Only a backtest knows
	// them: the forecast policy takes them for its own prediction.
	Future []Sample
}

// HistoryWeeks is how many weeks before the present one the history reaches back.
const HistoryWeeks = 6

// ServerObservation is what was seen of one server.
type ServerObservation struct {
	Server Server
	// Entry is nil when Scalelite has none for the server. It is unknown when
	// Scalelite's list could not be read or holds more than one for it.
	Entry Reading[*Entry]
	// Machine is nil when the server has none. It is unknown when the hoster's
	// list could not be read or holds more than one of the server's name.
	Machine Reading[*Machine]
	// Meetings is BBB's own list.
	Meetings Reading[[]Meeting]
	// Recordings are those in the states that can keep a machine. They are
	// looked at on draining servers only.
	Recordings        Reading[[]Recording]
	Stats             Reading[Stats]
	CertificateExpiry Reading[time.Time]
}
