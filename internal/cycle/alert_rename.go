package cycle

import (
	"maps"
	"slices"
	"strings"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// renamed returns what operators were notified of by today's subjects. Earlier versions had
// others for the same alerts. What has no subject today is forgotten without a message.
func renamed(known map[string]pool.NotifiedAlert, servers []pool.Server) map[string]pool.NotifiedAlert {
	next := make(map[string]pool.NotifiedAlert, len(known))
	for _, subject := range slices.Sorted(maps.Keys(known)) {
		today := todaysSubject(subject, known[subject], servers)
		if _, taken := next[today]; today != "" && (!taken || today == subject) {
			next[today] = known[subject]
		}
	}
	return next
}

// oldSubjects has the subjects of earlier versions about the pool, with today's; empty if
// none is the same.
var oldSubjects = map[string]string{
	"no server left":   scaling.SubjectPoolSize,
	"required servers": scaling.SubjectPolicy,
	"forced":           scaling.SubjectPolicy,
	"history":          scaling.SubjectStorage,
	"stock and quota":  scaling.SubjectStock,
	"evaluations":      scaling.SubjectLease,
	"outdated image":   "",
	"roll-out":         "",
	"delete volume":    scaling.SubjectScaleway,
}

// todaysSubject returns today's subject for one of this or an earlier version; empty if
// there is none.
func todaysSubject(subject string, memory pool.NotifiedAlert, servers []pool.Server) string {
	subject, _, _ = strings.Cut(subject, " of tag ")
	if today, old := oldSubjects[subject]; old {
		return today
	}
	what, of, _ := strings.Cut(subject, " ")
	domain, ofDomain := strings.CutPrefix(of, "of ")
	switch {
	case what == "policy":
		return scaling.SubjectPolicy
	case what == "machine":
		return scaling.SubjectScaleway
	case what == "replacement" && ofDomain:
		return domain // "server 3"
	case what == "certificate" && ofDomain:
		return ofServer(scaling.SubjectCertificate, domain, servers)
	case what == "recordings" && ofDomain:
		return ofServer(scaling.SubjectRecording, domain, servers)
	case what == "stats" && ofDomain:
		return ofServer(scaling.SubjectStats, domain, servers)
	}
	if at := strings.LastIndex(subject, " server "); at > 0 && !memory.Passing { // "reboot server 3"
		return subject[at+1:]
	}
	return subject
}

// ofServer returns the subject of the server with a domain; empty if there is none.
func ofServer(subject func(int) string, domain string, servers []pool.Server) string {
	for _, server := range servers {
		if server.Domain == domain {
			return subject(server.Number)
		}
	}
	return ""
}
