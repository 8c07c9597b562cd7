package scaling

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// shortageTime is how long a type is not asked for again in a zone that refused it.
// Stocks change within the hour, and every try costs a call.
const shortageTime = 30 * time.Minute

// nextTry returns when a server whose zones had no machine may be tried again. Until
// then it does not count as capacity, so that a server with an address in another zone
// replaces it.
func nextTry(now time.Time, list []pool.Refusal) time.Time {
	at := now.Add(shortageTime)
	for _, shortage := range list {
		if !shortage.Until.IsZero() && shortage.Until.Before(at) {
			at = shortage.Until
		}
	}
	return at
}

// withShortages adds new shortages to the known ones. A shortage of the same type in the
// same zone is added only once, and a known shortage keeps its end.
func withShortages(known []pool.Refusal, now time.Time, list []pool.Refusal) []pool.Refusal {
	for _, shortage := range list {
		same := func(k pool.Refusal) bool { return k.Type == shortage.Type && k.Zone == shortage.Zone }
		if shortage.Until.IsZero() && !slices.ContainsFunc(known, same) {
			shortage.Until = now.Add(shortageTime)
			known = append(known, shortage)
		}
	}
	return known
}

// currentShortages returns the shortages that have not run out.
func currentShortages(now time.Time, shortages []pool.Refusal) []pool.Refusal {
	var current []pool.Refusal
	for _, shortage := range shortages {
		if now.Before(shortage.Until) {
			current = append(current, shortage)
		}
	}
	return current
}
