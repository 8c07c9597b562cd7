package calendar

import (
	"strings"
	"unicode"
)

// oddNames are the IANA names whose capitals do not follow a rule of spellings.
var oddNames = []string{
	"Africa/Dar_es_Salaam", "America/Argentina/ComodRivadavia", "America/Knox_IN", "America/Port-au-Prince",
	"America/Port_of_Spain", "Antarctica/DumontDUrville", "Antarctica/McMurdo", "Brazil/DeNoronha",
	"Chile/EasterIsland", "Europe/Isle_of_Man", "GB-Eire", "Mexico/BajaNorte", "Mexico/BajaSur",
}

// spellings returns how an IANA name that was written in any case may be spelled. Go finds
// names in their own spelling only. TestZoneNamesInAnyCase tries all names.
func spellings(name string) []string {
	for _, odd := range oddNames {
		if strings.EqualFold(name, odd) {
			return []string{odd}
		}
	}
	upper, capital := strings.ToUpper(name), capitalize(name)
	list := []string{name, capital, upper}
	if area, rest, ok := strings.Cut(capital, "/"); ok {
		// Etc/UTC and US/Eastern
		list = append(list, area+"/"+strings.ToUpper(rest), strings.ToUpper(area)+"/"+rest)
	}
	return list
}

// capitalize writes each word of a name with a capital.
func capitalize(name string) string {
	first := true
	return strings.Map(func(r rune) rune {
		isFirst := first
		first = r == '/' || r == '_' || r == '-'
		if isFirst {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, name)
}
