package scaling

import (
	"time"

	"divims/internal/fact"
)

// Cause is what casts doubt on what an evaluation sees.
type Cause string

// The causes of doubt.
const (
	// FellTogether: many servers that served fell silent or offline together.
	FellTogether Cause = "network"
	// StalePoller: Scalelite's flags do not follow what DiViMS sees.
	StalePoller Cause = "poller"
	// NoneComes: the machines that DiViMS creates or starts do not come.
	NoneComes Cause = "probation"
)

// Doubt is a reason to do no harm to some servers, and to grow at a pace. It never forbids
// growth: if it is as bad as it looks, machines are needed; if it is not, few are made in
// vain.
type Doubt struct {
	Cause Cause     `json:"cause"`
	Since time.Time `json:"since"`
	// Servers are those in doubt. Nothing is done to them: they are not cordoned,
	// rebooted or deleted, and their meetings are not ended.
	Servers []int `json:"servers,omitempty"`
	// Starts is how many machines may be created or started now; negative for no limit.
	Starts int `json:"starts"`
	// Next is when the next machines may be created or started, if Starts is 0 because a
	// round of them must be waited for.
	Next time.Time `json:"next,omitzero"`
	// Why describes the doubt.
	Why fact.Text `json:"why"`
}
