package scaling

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// refusalTime is how long a type is not asked for again in a zone that refused it, unless
// nothing else is left. Stocks change within the hour, and every try costs a call.
const refusalTime = 30 * time.Minute

// unclearTime is the same for a zone that gave no clear answer.
const unclearTime = 10 * time.Minute

// refusedUntil returns until when a refusal that was received now is remembered.
func refusedUntil(now time.Time, refusal pool.Refusal) time.Time {
	switch {
	case !refusal.Until.IsZero():
		return refusal.Until
	case refusal.Type == "":
		return now.Add(unclearTime)
	}
	return now.Add(refusalTime)
}

// nextTry returns when a server whose zones had no machine may be tried again. Until
// then another server is enabled, perhaps with an address in another zone.
func nextTry(now time.Time, list []pool.Refusal) time.Time {
	at := now.Add(refusalTime)
	for _, refusal := range list {
		if until := refusedUntil(now, refusal); until.Before(at) {
			at = until
		}
	}
	return at
}

// withRefusals adds new refusals to the known ones. A refusal of the same type in the same
// zone is added only once, and a known refusal keeps its end.
func withRefusals(known []pool.Refusal, now time.Time, list []pool.Refusal) []pool.Refusal {
	for _, refusal := range list {
		same := func(k pool.Refusal) bool { return k.Type == refusal.Type && k.Zone == refusal.Zone }
		if refusal.Until.IsZero() && !slices.ContainsFunc(known, same) {
			refusal.Until = refusedUntil(now, refusal)
			known = append(known, refusal)
		}
	}
	return known
}

// currentRefusals returns the refusals that have not run out.
func currentRefusals(now time.Time, refusals []pool.Refusal) []pool.Refusal {
	var current []pool.Refusal
	for _, refusal := range refusals {
		if now.Before(refusal.Until) {
			current = append(current, refusal)
		}
	}
	return current
}

// refusedIn reports whether something was refused lately in a zone.
func (d *decision) refusedIn(zone string) bool {
	return slices.ContainsFunc(d.state.Refusals, func(r pool.Refusal) bool { return r.Zone == zone && d.now.Before(r.Until) })
}
