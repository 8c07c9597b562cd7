package figures

import (
	"fmt"
	"strings"

	"divims/internal/scaling"
)

// subjectOf returns an alert's subject as the figures show it. The decision has other words
// for some subjects:
//
//	certificate of bbb-w3.example.com   certificate 3
//	recordings of bbb-w3.example.com    recording 3
//	stats of bbb-w3.example.com         stats 3
//	replacement of server 3             server 3
//	policy forecast, required servers   policy
//	no server left                      pool size
//	stock and quota                     stock
//
// All others stay as they are.
func subjectOf(alert scaling.Alert) string {
	subject, _, _ := strings.Cut(alert.Subject, " of tag ")
	what, of, _ := strings.Cut(subject, " ")
	switch {
	case alert.Server != 0 && serverSubjects[what] != "" && strings.HasPrefix(of, "of "):
		return fmt.Sprintf("%s %d", serverSubjects[what], alert.Server)
	case what == "policy" || subject == "required servers":
		return "policy"
	case subject == "no server left":
		return "pool size"
	case subject == "stock and quota":
		return "stock"
	}
	return subject
}

// serverSubjects are the subjects of alerts about one server, by the first word of the
// decision's subject.
var serverSubjects = map[string]string{
	"certificate": "certificate", "recordings": "recording", "stats": "stats", "replacement": "server",
}
