package cycle

import (
	"context"
	"fmt"
	"log/slog"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// Outcome is an action and its result.
type Outcome struct {
	Kind   scaling.Kind   `json:"kind"`
	Server int            `json:"server,omitempty"`
	Domain string         `json:"domain,omitempty"`
	Reason string         `json:"reason"`
	Result scaling.Result `json:"result"`
	// Detail says why the action was not done, or what it created or changed.
	Detail string `json:"detail,omitempty"`
	// EntryID is the entry that a registration added.
	EntryID string `json:"entry_id,omitempty"`
	// why is Reason as a fact. Only the evaluation that acted has it.
	why fact.Text
	// refusals are the types and zones that the hoster refused.
	refusals []pool.Refusal
}

// String returns the outcome in one line: "create server 3: done (it is enabled and
// has no machine; POP2-8C-32G in fr-par-1)".
func (o Outcome) String() string {
	text := string(o.Kind)
	if o.Server != 0 {
		text += fmt.Sprintf(" server %d", o.Server)
	}
	text += fmt.Sprintf(": %s (%s", o.Result, o.Reason)
	if o.Detail != "" {
		text += "; " + o.Detail
	}
	return text + ")"
}

func (o Outcome) attributes() []slog.Attr {
	attributes := []slog.Attr{slog.String("kind", string(o.Kind)), slog.String("result", string(o.Result))}
	if o.Server != 0 {
		attributes = append(attributes, slog.Int("server", o.Server), slog.String("domain", o.Domain))
	}
	attributes = append(attributes, slog.String("reason", o.Reason))
	if o.Detail != "" {
		attributes = append(attributes, slog.String("detail", o.Detail))
	}
	return attributes
}

// scalingOutcomes returns the parts of the outcomes that scaling.Settle needs.
func scalingOutcomes(outcomes []Outcome) []scaling.Outcome {
	list := make([]scaling.Outcome, len(outcomes))
	for i, outcome := range outcomes {
		list[i] = scaling.Outcome{Result: outcome.Result, Refusals: outcome.refusals, EntryID: outcome.EntryID}
	}
	return list
}

// logAction logs the outcome of an action.
func (c *Cycle) logAction(ctx context.Context, outcome Outcome) {
	level := slog.LevelInfo
	if outcome.Result == scaling.Failed {
		level = slog.LevelError
	}
	c.Log.LogAttrs(ctx, level, "action", outcome.attributes()...)
}
