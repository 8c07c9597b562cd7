package config

import "slices"

// namesOf returns the names of settings.
func namesOf(settings []Setting) []string {
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
	}
	return names
}

// Known reports whether there is a setting with a name, given without DIVIMS_.
func Known(name string) bool { return slices.Contains(namesOf(Declarations()), name) }

// nearest returns the known name with the smallest Levenshtein distance to a name,
// or "" if each is more than a third of the name's length away.
func nearest(name string, known []string) string {
	best, fewest := "", len(name)/3+1
	for _, candidate := range known {
		if changes := distance(name, candidate); changes < fewest {
			best, fewest = candidate, changes
		}
	}
	return best
}

// distance returns the Levenshtein distance of two texts: the least number of
// letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Examples returns an environment with an example value for every setting that must
// be set when all others have their defaults.
func Examples() []string {
	var environ []string
	for _, s := range Declarations() {
		// SERVER_SETUP and RECORDINGS have defaults that require the stats endpoint.
		if s.Required || slices.Contains([]string{"STATS_URLS", "STATS_USER", "STATS_PASSWORD"}, s.Name) {
			environ = append(environ, prefix+"_"+s.Name+"="+s.example())
		}
	}
	return environ
}
