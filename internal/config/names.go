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
