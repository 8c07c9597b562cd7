package scaling

import (
	"divims/internal/fact"
	"divims/internal/pool"
)

// Plan is the result of a decision: the ordered actions, each with its reason, and
// everything an operator needs to check it by hand.
type Plan struct {
	// Load and Required are about the servers without a tag.
	Load     Load     `json:"load"`
	Required Required `json:"required"`
	// Tagged are the groups of servers with a tag.
	Tagged   []Group   `json:"tagged,omitempty"`
	Actions  []Action  `json:"actions"`
	Verdicts []Verdict `json:"verdicts"`
	Alerts   []Alert   `json:"alerts"`
	// Doubts are what casts doubt on what the evaluation saw.
	Doubts []Doubt `json:"doubts,omitempty"`
	// Withheld lists what was not done, or only in part, because of a limit or guard.
	Withheld fact.List `json:"withheld,omitempty"`
	// TypesLast are the types of machines to try after all others.
	TypesLast []string `json:"types_last,omitempty"`
	// Images are the images for new machines instead of the newest, by zone.
	Images map[string]string `json:"images,omitempty"`
	// Open lists the subjects about which this evaluation can say nothing. An earlier
	// alert about one of them is not reported as resolved.
	Open []string `json:"-"`
}

// Required is how many servers must be enabled, and why.
type Required struct {
	// Servers is the largest answer after the limits. It is unknown if no policy had
	// an answer, and then the capacity is not changed.
	Servers pool.Reading[int] `json:"servers"`
	// Enabled is the number of enabled servers that count before the plan's actions: they
	// serve or are coming. Serving is how many of them take meetings now.
	Enabled int `json:"enabled"`
	Serving int `json:"serving"`
	// Capacity is the capacity of the enabled servers, ServingCapacity that of those that
	// take meetings now, and Size the capacity of all servers. Without load multipliers they
	// are the numbers of servers.
	Capacity        pool.Reading[float64] `json:"capacity"`
	ServingCapacity pool.Reading[float64] `json:"serving_capacity"`
	Size            pool.Reading[float64] `json:"size"`
	// UsedUp is set if a policy or an operator asks for all servers or more. It is not
	// set if only the minimum requires all servers.
	UsedUp   bool     `json:"used_up,omitempty"`
	Policies []Answer `json:"policies"`
	// Limits lists the limits that changed the largest answer, with the numbers.
	Limits []string `json:"limits,omitempty"`
}

// Answer is one policy's answer.
type Answer struct {
	Policy  Policy            `json:"policy"`
	Servers pool.Reading[int] `json:"servers"`
	// Why is the formula with its numbers, or why there is no answer.
	Why []string `json:"why"`
	// Problem is why the policy could not use its own rule and used that of the policy
	// load instead.
	Problem string `json:"problem,omitempty"`
	// Unread lists what the policy could not read. The answer is then from the rest,
	// and not less than what is enabled.
	Unread []string `json:"unread,omitempty"`
	// Outlook is what a policy that looks ahead expects, the soonest first.
	Outlook []Expected `json:"outlook,omitempty"`
	// Advice is set if the answer is for information only and does not count.
	Advice bool `json:"advice,omitempty"`
	// misread is the part of Unread that is about the summaries of events.
	misread []string
	// impossible is set if Unread has a percentage outside 0 % to 100 %.
	impossible bool
}

// Kind is the kind of an action.
type Kind string

// The actions, from the harmless to the final.
const (
	Register     Kind = "register"
	Unregister   Kind = "unregister" // delete an entry that DiViMS registered a second time
	Enable       Kind = "enable"
	Create       Kind = "create"
	PowerOn      Kind = "power on"
	Cordon       Kind = "cordon"
	Repair       Kind = "repair" // enable and cordon again, since Scalelite undid a cordon in part
	EndMeeting   Kind = "end meeting"
	Reboot       Kind = "reboot"
	UnmarkVolume Kind = "unmark volume" // its machine was to be deleted, and stays
	DeleteVolume Kind = "delete volume"
	Delete       Kind = "delete"
)

// Action is one thing to do. The actions of one server are carried out in order, until
// one goes wrong. Servers do not wait for each other.
type Action struct {
	Kind Kind `json:"kind"`
	// Server is the server's number, or 0 for a volume that belongs to no server.
	Server  int           `json:"server,omitempty"`
	Meeting *pool.Meeting `json:"meeting,omitempty"`
	Volume  *pool.Volume  `json:"volume,omitempty"`
	// EntryID is the entry to unregister.
	EntryID string `json:"entry_id,omitempty"`
	// Surplus is set for a cordon that may wait, because it only saves money or recycles a
	// machine. It is held if people may be about
	// to join a new meeting on the server.
	Surplus bool `json:"-"`
	// IgnoreRefusals is set for a creation that tries what the hoster refused lately, too.
	IgnoreRefusals bool `json:"ignore_refusals,omitempty"`
	// Unanswered allows a deletion or reboot although the server cannot be asked
	// again: it is switched off, or has been unresponsive for long enough.
	Unanswered bool `json:"unanswered,omitempty"`
	// DiscardRecordings is set if an operator allowed a deletion with recordings.
	DiscardRecordings bool      `json:"discard_recordings,omitempty"`
	Reason            fact.Text `json:"reason"`
}

// Verdict is the judgement of one server.
type Verdict struct {
	Server int    `json:"server"`
	Stage  Stage  `json:"stage,omitempty"`
	Health Health `json:"health"`
	// Why is the reason for the health.
	Why fact.Text `json:"why,omitzero"`
	// LeftAlone is why nothing is done with a server that was a candidate for an
	// action.
	LeftAlone fact.Text `json:"left_alone,omitzero"`
}
