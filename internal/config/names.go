package config

import (
	"reflect"
	"slices"
)

// names are those of all settings, without the prefix.
func names() []string {
	fields := reflect.TypeFor[Settings]()
	var all []string
	for i := range fields.NumField() {
		all = append(all, fields.Field(i).Tag.Get("envconfig"))
	}
	return all
}

// Known tells whether there is a setting of a name, which is given without the prefix.
func Known(name string) bool { return slices.Contains(names(), name) }

// example is a value for a setting; empty for one that does not exist.
func example(name string) string {
	fields := reflect.TypeFor[Settings]()
	for i := range fields.NumField() {
		tag := fields.Field(i).Tag
		if tag.Get("envconfig") != name {
			continue
		}
		if text := tag.Get("example"); text != "" {
			return text
		}
		return tag.Get("default")
	}
	return ""
}

// nearest gives the known name that takes the fewest changes of one letter to
// reach, or none if it would take more than a third of the name.
func nearest(name string, known []string) string {
	best, fewest := "", len(name)/3+1
	for _, candidate := range known {
		if changes := distance(name, candidate); changes < fewest {
			best, fewest = candidate, changes
		}
	}
	return best
}

// distance is Levenshtein's: letters put in, taken out or replaced.
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

// Examples is an environment of all that is required and has no default, with
// the examples' values: for whoever needs the rest of the settings only.
func Examples() []string {
	var environ []string
	for _, name := range []string{"STATS_URLS", "STATS_USER", "STATS_PASSWORD"} { // required by defaults of others
		environ = append(environ, prefix+"_"+name+"="+example(name))
	}
	fields := reflect.TypeFor[Settings]()
	for i := range fields.NumField() {
		if tag := fields.Field(i).Tag; tag.Get("required") == "true" {
			environ = append(environ, prefix+"_"+tag.Get("envconfig")+"="+tag.Get("example"))
		}
	}
	return environ
}
