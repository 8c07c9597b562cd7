package pool

import "time"

// Observation is everything that an evaluation saw, and what it could not see.
type Observation struct {
	// At is the evaluation's one `now`.
	At time.Time
	// Servers are the pool's servers in the order of their numbers.
	Servers []ServerObservation
	// Strangers are entries of Scalelite that belong to no server of the pool.
	Strangers Reading[[]Entry]
	// Image is the newest image that machines should be built from.
	Image Reading[Image]
	// Leftovers are detached volumes that deleted machines of the pool left behind.
	Leftovers Reading[[]Volume]
	// Calendar is unknown when no calendar is configured or none could be had.
	Calendar Reading[Calendar]
}

// ServerObservation is what was seen of one server.
type ServerObservation struct {
	Server Server
	// Entry is nil when Scalelite has none for the server, and unknown when
	// Scalelite's list could not be read.
	Entry Reading[*Entry]
	// Machine is nil when the server has none, and unknown when the hoster's
	// list could not be read.
	Machine Reading[*Machine]
	// Doubles are further machines with the server's name. There should be none.
	Doubles []Machine
	// Meetings is BBB's own list.
	Meetings Reading[[]Meeting]
	// Recordings are those in the states that can keep a machine. They are
	// looked at on draining servers only.
	Recordings        Reading[[]Recording]
	Stats             Reading[Stats]
	CertificateExpiry Reading[time.Time]
}
