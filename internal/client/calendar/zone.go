package calendar

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the function's runtime may have no time zones of its own
)

// stepsPerZone is what a zone costs, of which each takes up to 50 kB of memory: a
// calendar can have some 300.
const stepsPerZone = 10_000

// zones are the time zones of a calendar.
type zones struct {
	// own is where floating and all-day times are.
	own *time.Location
	// defined are the calendar's VTIMEZONE components, by TZID.
	defined map[string]*component
	// known are those that were found before.
	known map[string]*time.Location
	// until is the end of the time that matters.
	until time.Time
	work  *budget
}

// newZones reads the zones of a calendar. Its own zone is the one that
// X-WR-TIMEZONE or else its first VTIMEZONE names, or else the given one.
func newZones(calendar *component, fallback *time.Location, until time.Time, work *budget) (*zones, error) {
	if fallback == nil {
		fallback = time.UTC
	}
	z := &zones{own: fallback, defined: map[string]*component{}, known: map[string]*time.Location{}, until: until, work: work}
	first := ""
	for _, c := range calendar.children {
		id := c.first("TZID")
		if c.name != "VTIMEZONE" || id == nil {
			continue
		}
		name := zoneName(id.value)
		first = cmp.Or(first, name)
		z.defined[name] = c
	}
	if p := calendar.first("X-WR-TIMEZONE"); p != nil {
		// Not part of the standard: a name that nobody knows is no error.
		if own, err := z.find(p.value); err == nil {
			z.own = own
			return z, nil
		}
	}
	if first != "" {
		own, err := z.find(first)
		if err != nil {
			return nil, err
		}
		z.own = own
	}
	return z, nil
}

func zoneName(text string) string { return strings.Trim(strings.TrimSpace(text), `"`) }

// find looks a zone up by its TZID: an IANA name, perhaps behind a prefix such
// as "/mozilla.org/20050126_1/", or one of Windows's names, or a name that only
// the calendar itself defines.
func (z *zones) find(id string) (*time.Location, error) {
	name := zoneName(id)
	if known, ok := z.known[name]; ok {
		return known, nil
	}
	if err := z.work.spend(stepsPerZone); err != nil {
		return nil, err
	}
	found, err := z.lookUp(name)
	if err != nil {
		return nil, err
	}
	z.known[name] = found
	return found, nil
}

func (z *zones) lookUp(name string) (*time.Location, error) {
	if translated, ok := windowsZones[name]; ok {
		name = translated
	}
	if found, ok := iana(name); ok {
		return found, nil
	}
	defined, ok := z.defined[name]
	if !ok {
		return nil, fmt.Errorf("unknown time zone %.40q, and no VTIMEZONE defines it", name)
	}
	found, err := z.build(name, defined)
	if err != nil {
		return nil, fmt.Errorf("time zone %.40q of line %d: %w", name, defined.line, err)
	}
	return found, nil
}

// iana finds a zone by the IANA name that a name is or ends with.
func iana(name string) (*time.Location, bool) {
	parts := strings.Split(name, "/")
	for _, part := range parts[:max(0, len(parts)-3)] { // America/Argentina/Salta
		name = name[len(part)+1:]
	}
	for name != "" && name != "Local" { // to Go, the zone of this machine; "" would be UTC
		if found, err := time.LoadLocation(name); err == nil {
			return found, true
		}
		_, name, _ = strings.Cut(name, "/")
	}
	return nil, false
}

// transition is a change of a zone's offset from UTC, in seconds.
type transition struct {
	at            int64 // Unix time
	before, after int
}

// build makes a Location of a VTIMEZONE (RFC 5545, 3.6.5).
func (z *zones) build(name string, definition *component) (*time.Location, error) {
	var changes []transition
	for _, observance := range definition.children {
		if observance.name != "STANDARD" && observance.name != "DAYLIGHT" {
			continue
		}
		more, err := z.transitions(observance)
		if err != nil {
			return nil, fmt.Errorf("%s of line %d: %w", observance.name, observance.line, err)
		}
		changes = append(changes, more...)
	}
	if len(changes) == 0 {
		return nil, errors.New("neither STANDARD nor DAYLIGHT")
	}
	slices.SortFunc(changes, func(a, b transition) int { return cmp.Compare(a.at, b.at) })
	return location(name, changes)
}

// transitions are the onsets of one observance, to a year after the time that matters.
func (z *zones) transitions(observance *component) ([]transition, error) {
	from, err := offset(observance.first("TZOFFSETFROM"))
	if err != nil {
		return nil, err
	}
	to, err := offset(observance.first("TZOFFSETTO"))
	if err != nil {
		return nil, err
	}
	begin := observance.first("DTSTART")
	if begin == nil {
		return nil, errors.New("no DTSTART")
	}
	start, err := parseStamp(begin.value, time.FixedZone("", from))
	if err != nil {
		return nil, err
	}
	onsets := []time.Time{start.clock}
	for p := range observance.all("RRULE") {
		r, err := parseRule(p.value, start)
		if err != nil {
			return nil, err
		}
		more, err := r.between(start.clock, start.clock, z.until.AddDate(1, 0, 0), z.work)
		if err != nil {
			return nil, err
		}
		onsets = append(onsets, more...)
	}
	for p := range observance.all("RDATE") {
		if err := z.work.spendList(p.value); err != nil {
			return nil, err
		}
		for value := range strings.SplitSeq(p.value, ",") {
			s, err := parseStamp(value, start.zone)
			if err != nil {
				return nil, err
			}
			onsets = append(onsets, s.clock)
		}
	}
	changes := make([]transition, len(onsets))
	for i, onset := range onsets {
		changes[i] = transition{onset.Unix() - int64(from), from, to}
	}
	return changes, nil
}

var offsetForm = regexp.MustCompile(`^([+-])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?$`)

// offset reads a UTC-OFFSET (RFC 5545, 3.3.14) in seconds.
func offset(p *property) (int, error) {
	if p == nil {
		return 0, errors.New("no TZOFFSETFROM or no TZOFFSETTO")
	}
	parts := offsetForm.FindStringSubmatch(strings.TrimSpace(p.value))
	if parts == nil {
		return 0, fmt.Errorf("%.40q is no offset from UTC", p.value)
	}
	seconds := 0
	for _, part := range parts[2:] {
		n, _ := strconv.Atoi("0" + part) // two digits
		seconds = 60*seconds + n
	}
	if parts[1] == "-" {
		seconds = -seconds
	}
	return seconds, nil
}

// location turns transitions, in order, into a Location. The one way that Go
// offers is the file format of time zones: TZif, RFC 8536.
func location(name string, changes []transition) (*time.Location, error) {
	offsets := []int{changes[0].before}
	for _, c := range changes {
		if !slices.Contains(offsets, c.after) {
			offsets = append(offsets, c.after)
		}
	}
	if len(offsets) > 255 {
		return nil, errors.New("more than 255 different offsets")
	}
	const names = "\x00" // one, empty: then Go shows the offset
	header := func(times, types, chars int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15+3*4)...)
		for _, n := range []int{times, types, chars} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	data := header(0, 0, 0) // the 32-bit part is empty
	data = append(data, header(len(changes), len(offsets), len(names))...)
	for _, c := range changes {
		data = binary.BigEndian.AppendUint64(data, uint64(c.at))
	}
	for _, c := range changes {
		data = append(data, byte(slices.Index(offsets, c.after)))
	}
	for _, seconds := range offsets {
		data = binary.BigEndian.AppendUint32(data, uint32(int32(seconds)))
		data = append(data, 0, 0) // no daylight saving time, name 0
	}
	return time.LoadLocationFromTZData(name, append(data, names...))
}
