package world

import "time"

// Profile is a kind of place whose demand can be generated.
type Profile string

// The profiles.
const (
	University Profile = "university" // lecture slots with sharp edges
	School     Profile = "school"     // nobody at seven, everybody at eight
	Company    Profile = "company"    // small meetings at every half hour
)

// Profiles lists the profiles.
func Profiles() []Profile { return []Profile{University, School, Company} }

// Generate makes the demand of whole days from the local day of from up to, and
// without, the local day of to, in Europe/Paris, sorted by start. On an ordinary
// day about peak people are there at once. Errors: an unknown profile, peak < 1.
func Generate(profile Profile, from, to time.Time, seed uint64, peak int) ([]Meeting, error) {
	return nil, nil
}
