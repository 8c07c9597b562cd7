package pool

import "time"

// Observation is everything that an evaluation read; what could not be read is unknown.
type Observation struct {
	// Servers are the pool's servers, ordered by number.
	Servers []ServerObservation
	// Entries are all entries, including those that belong to no server of the pool, and
	// those that cannot be read (Entry.Problem). If they are unknown, nothing may be done.
	Entries Reading[[]Entry]
	// Machines are the machines of all zones but the UnreadZones. If no zone could be
	// read, they are unknown, and nothing may be done.
	Machines Reading[[]Machine]
	// UnreadZones are the zones whose machines could not be listed, with the reasons. The
	// machine of each server that may be in one of them is unknown.
	UnreadZones map[string]string
	// Images are the newest image of each zone, which new machines are created from.
	Images Reading[[]Image]
	// Leftovers are volumes with the mark of a deletion. A marked volume whose machine
	// exists was marked by a deletion that did not happen.
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
	// list could not be read, has more than one for the server, or if the server's own
	// cannot be read.
	Entry Reading[*Entry]
	// Machine is nil if the server has none. It is unknown if the hoster's list could
	// not be read or has more than one for the server, and if what identifies a machine
	// (name, tags, the answer at the server's domain) contradicts itself.
	Machine Reading[*Machine]
	// MayBeUnread is set if the machine is unknown only because it may be in one of the
	// UnreadZones.
	MayBeUnread bool
	// Meetings is BBB's list.
	Meetings Reading[[]Meeting]
	// Alive is true if something answered at the server's domain, be it with an error: an
	// HTTP status, a failure of BBB's API, a certificate that was refused, a stats page. A
	// server that was asked and is not alive is silent.
	Alive bool
	// Recordings are those in a state that can keep the machine. They are only read for
	// draining servers.
	Recordings        Reading[[]Recording]
	Stats             Reading[Stats]
	CertificateExpiry Reading[time.Time]
}
