package scaling

import "divims/internal/pool"

// Plan is what the decision asks for: the ordered actions, each with its
// reason, and everything an operator needs to check it by hand.
type Plan struct {
	// Load and Required are those of the servers without a tag.
	Load     Load     `json:"load"`
	Required Required `json:"required"`
	// Tagged are the groups of servers that bear a tag.
	Tagged   []Group   `json:"tagged,omitempty"`
	Actions  []Action  `json:"actions"`
	Verdicts []Verdict `json:"verdicts"`
	Alerts   []Alert   `json:"alerts"`
	// Withheld says what was not done, or not all, because of a limit or guard.
	Withheld []string `json:"withheld,omitempty"`
	// Open are subjects of alerts of which nobody can tell now whether they go on.
	Open []string `json:"-"`
}

// Required is how many servers must be enabled, and why.
type Required struct {
	// Servers is the limited answer; unknown when no policy had one, and then
	// the capacity is not changed.
	Servers pool.Reading[int] `json:"servers"`
	// Enabled is how many count as enabled before anything is done.
	Enabled int `json:"enabled"`
	// Capacity is what those count as, and Size what all servers do: less or more
	// than their number where there are load multipliers.
	Capacity pool.Reading[float64] `json:"capacity"`
	Size     pool.Reading[float64] `json:"size"`
	// UsedUp tells that a policy or an operator asks for all servers that there
	// are, or for more. A minimum of all servers alone is no such demand.
	UsedUp   bool     `json:"used_up,omitempty"`
	Policies []Answer `json:"policies"`
	// Limits says what the largest answer was limited by, with the numbers.
	Limits []string `json:"limits,omitempty"`
}

// Answer is one policy's word.
type Answer struct {
	Policy  Policy            `json:"policy"`
	Servers pool.Reading[int] `json:"servers"`
	// Why gives the formula with its numbers, or why there is no answer.
	Why []string `json:"why"`
	// Problem is why the policy could not go by its own rule, so that the rule of the
	// policy load stood in.
	Problem string `json:"problem,omitempty"`
	// Unread is what the policy could not read beside what its answer is from.
	// The answer is then not less than what is enabled.
	Unread []string `json:"unread,omitempty"`
	// Outlook is what a policy that looks ahead expects of the time to come, the
	// soonest first.
	Outlook []Expected `json:"outlook,omitempty"`
	// Advice tells that the policy was asked for its advice only: it does not count.
	Advice bool `json:"advice,omitempty"`
	// impossible tells that among the unread is what cannot be meant.
	impossible bool
}

// Kind is the kind of an action.
type Kind string

// The actions, from the harmless to the final.
const (
	Register     Kind = "register"
	Enable       Kind = "enable"
	Create       Kind = "create"
	PowerOn      Kind = "power on"
	Cordon       Kind = "cordon"
	Repair       Kind = "repair" // enable and cordon again, since Scalelite undid a cordon in part
	EndMeeting   Kind = "end meeting"
	Reboot       Kind = "reboot"
	DeleteVolume Kind = "delete volume"
	Delete       Kind = "delete"
)

// Action is one thing to do. Actions of one server are done in their order and
// stop at the first that goes wrong; servers do not wait for each other.
type Action struct {
	Kind Kind `json:"kind"`
	// Server is the number; 0 for what belongs to no server any more.
	Server  int           `json:"server,omitempty"`
	Meeting *pool.Meeting `json:"meeting,omitempty"`
	Volume  *pool.Volume  `json:"volume,omitempty"`
	// Unanswered allows a deletion or reboot although the server itself cannot be asked
	// again: it is switched off, or has been unresponsive for long enough.
	Unanswered bool `json:"unanswered,omitempty"`
	// DiscardRecordings: an operator said that a deletion need not wait for them.
	DiscardRecordings bool   `json:"discard_recordings,omitempty"`
	Reason            string `json:"reason"`
}

// Verdict is what the decision thinks of one server.
type Verdict struct {
	Server int    `json:"server"`
	Health Health `json:"health"`
	// Why is the reason for the health.
	Why string `json:"why,omitempty"`
	// LeftAlone says why a server that was a candidate for something was left alone.
	LeftAlone string `json:"left_alone,omitempty"`
}

// count tells how many actions of a kind are in the plan.
func (p Plan) count(kind Kind) int {
	n := 0
	for _, action := range p.Actions {
		if action.Kind == kind {
			n++
		}
	}
	return n
}
