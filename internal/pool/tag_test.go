package pool

import "testing"

// TestNumberInvertsTemplates checks that Number finds exactly the names that Servers
// makes.
func TestNumberInvertsTemplates(t *testing.T) {
	for name, c := range map[string]struct {
		template, name string
		want           int
	}{
		"a host name":                {"bbb-w{n}", "bbb-w12", 12},
		"a domain":                   {"bbb-w{n}.example.com", "bbb-w3.example.com", 3},
		"a number at the start":      {"{n}.example.com", "7.example.com", 7},
		"another domain":             {"bbb-w{n}.example.com", "bbb-w3.example.org", 0},
		"no number":                  {"bbb-w{n}", "bbb-w", 0},
		"a leading zero":             {"bbb-w{n}", "bbb-w03", 0},
		"more than a number":         {"bbb-w{n}", "bbb-w3-old", 0},
		"server 0":                   {"bbb-w{n}", "bbb-w0", 0},
		"a number that is too large": {"bbb-w{n}", "bbb-w99999999999999999999", 0},
		"a template that overlaps":   {"ab{n}ba", "aba", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := Number(c.template, c.name); got != c.want || ok != (c.want > 0) {
				t.Errorf("number %d, %t; want %d", got, ok, c.want)
			}
		})
	}
	for _, server := range Servers(120, 0, "bbb-{n}x", "{n}.a.test") {
		if got, _ := Number("bbb-{n}x", server.Hostname); got != server.Number {
			t.Errorf("%s is server %d", server.Hostname, got)
		}
	}
}
