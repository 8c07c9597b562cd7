package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/scenario"
)

// randomDayLength is how long a random day is run, from six in the morning. Its events are
// over two and a half hours before the end.
const (
	randomDayLength = 18 * time.Hour
	randomDayOver   = randomDayLength - 150*time.Minute
)

// randomDay is a day on which random things happen to a pool. All of them end.
type randomDay struct {
	seed      uint64
	servers   int
	bareMetal int
	profile   demand.Profile
	// peak is the number of participants at the peak: so few that about three quarters of the
	// servers are required on the same day without events. TestRandomDays lowers it until at
	// most three quarters are.
	peak  int
	lines []string
	// kinds are the kinds of its events.
	kinds []string
	// over is how long after the start the last event is over.
	over time.Duration
}

// peakOfRandomDay is the number of participants at the peak for each server. The rule for
// growing load doubles it.
var peakOfRandomDay = map[demand.Profile]int{demand.University: 75, demand.School: 85, demand.Company: 28}

// newRandomDay draws a day. The same seed gives the same day.
func newRandomDay(seed uint64) *randomDay {
	d := dayDrawer{Rand: rand.New(rand.NewPCG(seed, 12))}
	day := &randomDay{seed: seed, profile: demand.Profiles()[d.IntN(len(demand.Profiles()))]}
	day.servers = 4 + int(37*math.Pow(d.Float64(), 2)) // half of the pools have up to 13 servers
	if d.IntN(4) == 0 {
		day.bareMetal = 1 + d.IntN(day.servers/4)
	}
	day.peak = day.servers * peakOfRandomDay[day.profile]
	d.randomDay = day
	kinds := randomKinds()
	for range 1 + d.IntN(4) {
		k := kinds[d.IntN(len(kinds))]
		day.kinds = append(day.kinds, k.name)
		d.at = time.Duration(20+d.IntN(13*60)) * time.Minute
		d.length = min(time.Duration(5*math.Pow(36, d.Float64()))*time.Minute, randomDayOver-d.at)
		k.draw(&d)
	}
	slices.SortStableFunc(day.lines, func(a, b string) int { return cmp.Compare(a[:len("Mon 09:30")], b[:len("Mon 09:30")]) })
	return day
}

// flags are those of its run.
func (d *randomDay) flags() []string {
	flags := []string{
		"--for", randomDayLength.String(), "--servers", strconv.Itoa(d.servers), "--profile", string(d.profile),
		"--peak", strconv.Itoa(d.peak), "--seed", strconv.FormatUint(d.seed, 10),
	}
	if d.bareMetal > 0 {
		flags = append(flags, "--bare-metal", strconv.Itoa(d.bareMetal))
	}
	return flags
}

// text is the text of its file, with the flags of its run in a comment.
func (d *randomDay) text() string {
	return fmt.Sprintf("# A random day: %s.\n#! %s\n%s\n", strings.Join(d.kinds, ", "), strings.Join(d.flags(), " "), strings.Join(d.lines, "\n"))
}

// dayDrawer draws the events of a day.
type dayDrawer struct {
	*rand.Rand
	*randomDay
	// at and length are those of the event that is drawn.
	at, length time.Duration
}

// randomKind is a kind of event, and how it is drawn.
type randomKind struct {
	name string
	draw func(*dayDrawer)
}

// write adds an event to the day, at a time after the event's.
func (d *dayDrawer) write(after time.Duration, event string) {
	at := d.at + after
	d.lines = append(d.lines, fmt.Sprintf("Mon %02d:%02d  %s", 6+int(at.Hours()), int(at.Minutes())%60, event))
	d.over = max(d.over, at)
}

// lasts adds an event that lasts for its drawn length.
func (d *dayDrawer) lasts(event string) {
	d.write(0, event+" for="+strings.TrimSuffix(d.length.String(), "0s"))
	d.over = max(d.over, d.at+d.length)
}

// one returns one of some words.
func (d *dayDrawer) one(words ...string) string { return words[d.IntN(len(words))] }

// victims returns the key that selects the servers of an event: up to half of them.
func (d *dayDrawer) victims() string {
	switch d.IntN(4) {
	case 0:
		return fmt.Sprintf(" servers=%d%%", 10+d.IntN(41))
	case 1:
		return " servers=" + d.numbers()
	}
	return fmt.Sprintf(" servers=random:%d", 1+d.IntN(min(3, d.servers/2)))
}

// number returns the number of a server.
func (d *dayDrawer) number() int { return 1 + d.IntN(d.servers) }

// numbers returns the numbers of up to three servers that follow each other.
func (d *dayDrawer) numbers() string {
	first := d.number()
	last := min(first+d.IntN(3), d.servers, first+d.servers/2-1)
	if first == last {
		return strconv.Itoa(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// lasting returns a kind of event without keys.
func lasting(name string) randomKind {
	return randomKind{name, func(d *dayDrawer) { d.lasts(name) }}
}

// onSome returns a kind of event that happens to some servers. keys, if not nil, draws its other keys.
func onSome(name string, keys func(*dayDrawer) string) randomKind {
	return randomKind{name, func(d *dayDrawer) {
		event := name + d.victims()
		if keys != nil {
			event += keys(d)
		}
		d.lasts(event)
	}}
}

// withKeys returns a kind of event with keys.
func withKeys(name string, keys func(*dayDrawer) string) randomKind {
	return randomKind{name, func(d *dayDrawer) { d.lasts(name + keys(d)) }}
}

// instant returns a kind of event that is over some time after it happened.
func instant(name string, over time.Duration, keys func(*dayDrawer) string) randomKind {
	return randomKind{name, func(d *dayDrawer) {
		event := name
		if keys != nil {
			event += keys(d)
		}
		d.write(0, event)
		d.over = max(d.over, d.at+over)
	}}
}

// randomKinds returns all kinds of events that are drawn.
func randomKinds() []randomKind {
	return slices.Concat(randomMachineKinds, randomHosterKinds, randomScaleliteKinds, randomRunKinds)
}

// randomMachineKinds are the events of machines, BBB and the stats, and of the people.
var randomMachineKinds = []randomKind{
	onSome("machine-dies", nil),
	onSome("bbb-stops", func(d *dayDrawer) string { return " answer=" + d.one("hang", "refuse", "502", "checksum") }),
	onSome("cut", func(d *dayDrawer) string { return " from=" + d.one("us", "scalelite", "both") }),
	onSome("certificate", func(d *dayDrawer) string {
		return d.one(" fault=expired", " fault=wrong-name", " expires=72h", " expires=30m")
	}),
	onSome("unit-fails", func(d *dayDrawer) string { return " unit=" + d.one("bbb-webrtc-sfu", "bbb-html5", "freeswitch") }),
	onSome("recording-stuck", func(d *dayDrawer) string { return " stage=" + d.one(stages...) }),
	onSome("recording-fails", func(d *dayDrawer) string { return " stage=" + d.one(stages...) }),
	onSome("stats-stop", func(d *dayDrawer) string { return " how=" + d.one("silent", "stale", "cached") }),
	onSome("clock", func(d *dayDrawer) string { return " offset=" + d.one("-11h", "-1h", "-5m", "5m", "1h", "6h") }),
	onSome("dns", func(d *dayDrawer) string { return fmt.Sprintf(" to=%d", d.number()) }),
	{"people", drawPeople},
}

var stages = []string{"recorded", "raw", "queued", "sanity", "processing", "published"}

// drawPeople draws a rush of at most a tenth of what the pool can carry.
func drawPeople(d *dayDrawer) {
	people := d.servers * (5 + d.IntN(21))
	length := time.Duration(20+d.IntN(70)) * time.Minute
	d.write(0, fmt.Sprintf("people add=%d meetings=%d length=%dm recorded=%s", people, 1+people/(10+d.IntN(20)), int(length.Minutes()), d.one("yes", "no")))
	d.over = max(d.over, d.at+length+10*time.Minute)
}

// randomHosterKinds are the events at the hoster.
var randomHosterKinds = []randomKind{
	withKeys("zone-down", func(d *dayDrawer) string { return " zone=" + d.one("fr-par-1", "fr-par-2") }),
	withKeys("out-of-stock", drawOffer),
	withKeys("quota", drawOffer),
	withKeys("refuse", func(d *dayDrawer) string {
		return fmt.Sprintf(" call=%q status=%s", d.one("POST servers", "POST action:terminate", "POST action:poweron", "POST action:reboot",
			"GET servers", "GET images", "GET volumes", "DELETE volumes", "PATCH ips"), d.one("403", "404", "429", "500", "503"))
	}),
	withKeys("bad-image", func(d *dayDrawer) string { return " how=" + d.one("never-up", "unit-down", "slow minutes=15") }),
	withKeys("boot-time", func(d *dayDrawer) string { return fmt.Sprintf(" minutes=%d", 8+d.IntN(10)) }),
	onSome("machine-state", func(d *dayDrawer) string { return " state=" + d.one("error", "locked", "unknown") }),
	withKeys("power-on-fails", func(d *dayDrawer) string {
		return fmt.Sprintf(" servers=%s status=%s", d.one("all", d.numbers()), d.one("403", "500"))
	}),
	onSome("hand-stop", nil),
	withKeys("hand-start", func(*dayDrawer) string { return " servers=all" }),
	withKeys("hand-rename", func(d *dayDrawer) string {
		return fmt.Sprintf(" servers=random:1 to=%s", d.one("old-server", fmt.Sprintf("bbb-w%d", d.number())))
	}),
	withKeys("hand-tag", func(d *dayDrawer) string {
		return fmt.Sprintf(" servers=random:1 tag=%s", d.one("keep", fmt.Sprintf("divims-server-%d", d.number())))
	}),
	withKeys("hand-detach-volume", func(*dayDrawer) string { return " servers=random:1" }),
}

// drawOffer draws some types of machines in some zones, not all of them.
func drawOffer(d *dayDrawer) string {
	zone, kind := " zone="+d.one("fr-par-1", "fr-par-2"), " type="+d.one("POP2-HC-8C-16G", "POP2-8C-32G")
	return d.one(zone, kind, zone+kind)
}

// randomScaleliteKinds are the events of Scalelite.
var randomScaleliteKinds = []randomKind{
	lasting("scalelite-down"), lasting("redis-empty"), lasting("poller-stops"),
	instant("scalelite-new", 0, nil),
	withKeys("poller", func(d *dayDrawer) string {
		return d.one(" threads=5 connect=5s", " threads=3 connect=5s wait=10s", " every=3m")
	}),
	onSome("hand-cordon", nil), onSome("hand-disable", nil),
	withKeys("hand-enable", func(d *dayDrawer) string { return " servers=" + d.numbers() }),
	onSome("hand-delete-entry", nil), onSome("hand-duplicate-entry", nil),
	onSome("hand-multiplier", func(d *dayDrawer) string { return " value=" + d.one("-1", "0.5", "2", "NaN") }),
	{"predecessor", func(d *dayDrawer) { // it takes over, and hands the pool back
		d.write(0, `setting set="DRY_RUN=true"`)
		d.lasts("predecessor")
		d.write(d.length, `setting set="DRY_RUN=false"`)
	}},
}

// randomRunKinds are the events of the function, its operators and its services.
var randomRunKinds = []randomKind{
	lasting("storage-down"), lasting("calendar-down"), lasting("notify-down"), lasting("cron-stops"),
	{"operator", drawOrder},
	instant("evaluate", 0, nil),
	withKeys("our-clock", func(d *dayDrawer) string { return " offset=" + d.one("-11m", "-2m", "3m", "11m", "1h", "11h") }),
	instant("kill", 10*time.Minute, func(d *dayDrawer) string { return fmt.Sprintf(" after=%d", 5+d.IntN(5+4*d.servers)) }),
	instant("state-lost", 0, nil),
	{"setting", drawSetting},
}

// drawOrder draws an order of an operator, and what takes it back.
func drawOrder(d *dayDrawer) {
	order := func(after time.Duration, form string, arguments ...any) {
		d.write(after, fmt.Sprintf("operator do=%q", fmt.Sprintf(form, arguments...)))
	}
	switch d.IntN(4) {
	case 0:
		order(0, "force %d --for %dm", 1+d.IntN(d.servers*3/4), int(d.length.Minutes()))
		d.over = max(d.over, d.at+d.length)
	case 1:
		server := d.number()
		order(0, "maintenance start %d", server)
		order(d.length, "maintenance end %d", server)
	case 2:
		order(0, "pause")
		order(d.length, "resume")
	case 3:
		order(0, "recycle %d", d.number())
	}
}

// drawSetting draws a setting, and the deployment that takes it back.
func drawSetting(d *dayDrawer) {
	changes := [][2]string{
		{"SERVER_PARTICIPANTS=200", "SERVER_PARTICIPANTS=250"}, {"MAX_CREATIONS=1", "MAX_CREATIONS=10"},
		{"ZONES=fr-par-1", "ZONES=fr-par-1,fr-par-2"}, {"POLICIES=load", "POLICIES=forecast,schedule"},
		{"DRY_RUN=true", "DRY_RUN=false"},
	}
	change := changes[d.IntN(len(changes))]
	d.write(0, fmt.Sprintf("setting set=%q", change[0]))
	d.write(d.length, fmt.Sprintf("setting set=%q", change[1]))
}

// TestRandomDaysAreValid draws three hundred days: each can be run, all its events are over
// in time, and every kind of event is drawn.
func TestRandomDaysAreValid(t *testing.T) {
	var out strings.Builder
	if err := scenario.List(&out); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^([a-z-]+)  `).FindAllStringSubmatch(out.String(), -1) {
		missing[name[1]] = true
	}
	if len(missing) < 40 {
		t.Fatalf("only the events %v are listed", missing)
	}
	for seed := range uint64(300) {
		day := newRandomDay(seed)
		read, warnings, err := scenario.Read("day", []byte(day.text()), scenario.Options{
			Start: sandboxStart, Length: randomDayLength, Zone: sandboxStart.Location(), Servers: day.servers, Check: checkOrderOf,
		})
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%v %v\n%s", err, warnings, day.text())
		}
		for _, event := range read.Events {
			delete(missing, event.Kind)
			if end := event.At.Add(event.For).Sub(sandboxStart); end > day.over || end > randomDayOver {
				t.Errorf("the event of line %d is over after %s, the day after %s:\n%s", event.Line, end, day.over, day.text())
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no day has %v", missing)
	}
}

// checkOrderOf returns an error if an event is an order that cannot be given.
func checkOrderOf(event *scenario.Event) error {
	if event.Kind != "operator" {
		return nil
	}
	_, err := parseOrder(event.Values["do"])
	return err
}

// file writes the day to a file.
func (d *randomDay) file(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), fmt.Sprintf("random-%d.txt", d.seed))
	if err := os.WriteFile(name, []byte(d.text()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
