package scenario

import (
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	var text strings.Builder
	if err := list(&text, testKinds(nil)[:4]); err != nil {
		t.Fatal(err)
	}
	got, ok := strings.CutPrefix(text.String(), listHead)
	const want = `
zone-down  zone=ZONE [for=DURATION]
           the zone fails
           Mon 09:30 zone-down zone=fr-par-1 for=2h

bbb-stops  servers=SERVERS [answer=hang|refuse|502] [for=DURATION]
           BBB does not answer
           Mon 09:30 bbb-stops servers=3 answer=502

dns        servers=SERVERS to=TO [for=DURATION]
           the domain leads elsewhere
           Mon 09:30 dns servers=1 to=2

operator   do=DO
           an order
           Mon 09:30 operator do="force 8"
`
	if !ok || got != want {
		t.Errorf("list:\n%s\nwant:\n%s", got, want)
	}
}

func TestWrap(t *testing.T) {
	got := strings.Join(wrap(strings.Fields("one two three 1234567890 4"), 9), "|")
	if want := "one two|three|1234567890|4"; got != want {
		t.Errorf("wrapped to %s; want %s", got, want)
	}
}

// TestKinds checks the list of all events: unique names, examples that can be read, and
// lines that fit.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kinds() {
		switch {
		case seen[k.name]:
			t.Errorf("there are two events %s", k.name)
		case k.begin == nil || k.happens == "":
			t.Errorf("%s does not begin, or does not say what happens", k.name)
		}
		seen[k.name] = true
		if _, _, err := Read("example", []byte("Mon 09:30 "+k.name+" "+k.example), testOptions()); err != nil {
			t.Errorf("the example of %s: %v", k.name, err)
		}
	}
	var text strings.Builder
	if err := List(&text); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if len(line) > listWidth+1 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
}
