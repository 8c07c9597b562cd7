package scenario

import "divims/internal/config/setting"

// namesOf returns the names of kinds.
func namesOf(kinds []kind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// keyNames returns the names of the keys that a kind takes.
func (k *kind) keyNames() []string {
	var names []string
	for _, key := range k.keys {
		names = append(names, key.name)
	}
	if !k.instant {
		names = append(names, forKey)
	}
	return names
}

// suggest returns the question whether the known name nearest to a wrong one is meant, or ""
// if none is near.
func suggest(name string, known []string) string {
	if nearest := setting.Nearest(name, known); nearest != "" {
		return "; is " + nearest + " meant?"
	}
	return ""
}
