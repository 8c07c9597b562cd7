package pool

import "time"

// Observation is everything that an evaluation read; what could not be read is unknown.
type Observation struct {
	// Servers are the pool's servers, ordered by number.
	Servers []ServerObservation
	// Entries and Machines are the complete lists, including those that belong to no
	// server of the pool. If one of them is unknown, nothing may be done.
	Entries  Reading[[]Entry]
	Machines Reading[[]Machine]
	// Images are the newest image of each zone, which new machines are created from.
	Images Reading[[]Image]
	// Leftovers are detached volumes of deleted machines.
	Leftovers Reading[[]Volume]
	// Calendar is unknown if none is configured or it could not be read.
	Calendar Reading[Calendar]
	// History has the pool's samples of this ISO week and the HistoryWeeks weeks before,
	// oldest first. Evaluations that failed or could not read enough leave gaps.
	History Reading[[]Sample]
	// Future has the real samples after now, oldest first. Only a backtest sets it, to
	// use them as a perfect forecast.
	Future []Sample
}

// HistoryWeeks is how many weeks before the current one the history has.
const HistoryWeeks = 6

// ServerObservation is what was read about one server.
type ServerObservation struct {
	Server Server
	// Entry is nil if Scalelite has none for the server. It is unknown if Scalelite's
	// list could not be read or has more than one for the server.
	Entry Reading[*Entry]
	// Machine is nil if the server has none. It is unknown if the hoster's list could
	// not be read or has more than one with the server's name.
	Machine Reading[*Machine]
	// Meetings is BBB's list.
	Meetings Reading[[]Meeting]
	// Recordings are those in a state that can keep the machine. They are only read for
	// draining servers.
	Recordings        Reading[[]Recording]
	Stats             Reading[Stats]
	CertificateExpiry Reading[time.Time]
}
