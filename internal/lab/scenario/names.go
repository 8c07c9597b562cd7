package scenario

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

// suggest returns a question whether the known name nearest to a wrong one is meant, or
// "" if each has a Levenshtein distance of more than a third of the name's length.
func suggest(name string, known []string) string {
	best, fewest := "", len(name)/3+1
	for _, candidate := range known {
		if changes := distance(name, candidate); changes < fewest {
			best, fewest = candidate, changes
		}
	}
	if best == "" {
		return ""
	}
	return "; is " + best + " meant?"
}

// distance returns the Levenshtein distance of two texts: the least number of
// bytes to insert, delete or replace.
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
