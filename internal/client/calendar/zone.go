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
	"sync"
	"time"
	_ "time/tzdata" // the function's runtime may have no time zone database
)

// stepsPerZone is the cost of a time zone, in steps of the budget. A zone takes up to
// 50 kB of memory, so a text may use 300 of them.
const stepsPerZone = 10_000

// zones finds the time zones of a calendar.
type zones struct {
	// floating is the zone of floating and all-day times.
	floating *time.Location
	// defined holds the calendar's VTIMEZONE components by their keys.
	defined map[string]*component
	// known caches what was found before, by key.
	known map[string]foundZone
	// until is the end of the window.
	until time.Time
	work  *budget
}

// foundZone is a zone, or why there is none.
type foundZone struct {
	location *time.Location
	err      error
}

// newZones reads the zones of a calendar. Floating times are in the zone that
// X-WR-TIMEZONE names, or else the first VTIMEZONE that can be read, or else in fallback.
func newZones(calendar *component, fallback *time.Location, until time.Time, work *budget, warned *warnings) *zones {
	if fallback == nil {
		fallback = time.UTC
	}
	z := &zones{floating: fallback, defined: map[string]*component{}, known: map[string]foundZone{}, until: until, work: work}
	var names []string
	for _, c := range calendar.children {
		id := c.first("TZID")
		if c.name != "VTIMEZONE" || id == nil {
			continue
		}
		name := unescape(id.value)
		names = append(names, name)
		if _, known := z.defined[zoneKey(name)]; !known || len(c.children) > 0 {
			z.defined[zoneKey(name)] = c
		}
	}
	if p := calendar.first("X-WR-TIMEZONE"); p != nil {
		found, err := z.find(unescape(p.value))
		if err == nil {
			z.floating = found
			return z
		}
		warned.add(p.line, "X-WR-TIMEZONE, the zone of times without one: %s", err)
	}
	for _, name := range names {
		found, err := z.find(name)
		if err == nil {
			z.floating = found
		}
		if err == nil || errors.Is(err, errTooMuch) || errors.Is(err, errEventTooMuch) {
			break
		}
	}
	return z
}

func zoneName(text string) string { return strings.Trim(strings.TrimSpace(text), `"`) }

// zoneKey returns the form in which names of zones are compared: without case.
func zoneKey(text string) string { return strings.ToLower(zoneName(text)) }

// find returns a zone by its TZID. A TZID is an IANA name, which may have a prefix such as
// "/mozilla.org/20050126_1/" or "tzone://Microsoft/", or a Windows name, or a name that
// the calendar defines, or an offset such as GMT+05:30.
func (z *zones) find(id string) (*time.Location, error) {
	key := zoneKey(id)
	if known, ok := z.known[key]; ok {
		return known.location, known.err
	}
	if err := z.work.spend(stepsPerZone); err != nil {
		return nil, err
	}
	found, err := z.lookUp(zoneName(id))
	if plain := unescape(id); err != nil && plain != id {
		// A parameter has no escapes, but some programs write them there, too.
		if other, otherErr := z.lookUp(zoneName(plain)); otherErr == nil {
			found, err = other, nil
		}
	}
	if !errors.Is(err, errTooMuch) && !errors.Is(err, errEventTooMuch) {
		z.known[key] = foundZone{found, err}
	}
	return found, err
}

func (z *zones) lookUp(name string) (*time.Location, error) {
	if translated, ok := windowsKeys()[zoneKey(name)]; ok {
		name = translated
	}
	if found, ok := iana(name); ok {
		return found, nil
	}
	defined, ok := z.defined[zoneKey(name)]
	if !ok {
		if found, ok := offsetZone(name); ok {
			return found, nil
		}
		return nil, fmt.Errorf("unknown time zone %.40q, and no VTIMEZONE defines it", name)
	}
	if p := defined.first("X-LIC-LOCATION"); p != nil {
		if found, ok := iana(zoneName(unescape(p.value))); ok {
			return found, nil
		}
	}
	found, err := z.buildLocation(name, defined)
	if err != nil {
		return nil, fmt.Errorf("time zone %.40q in line %d: %w", name, defined.line, err)
	}
	return found, nil
}

// windowsKeys returns windowsZones by the keys of the names.
var windowsKeys = sync.OnceValue(func() map[string]string {
	keys := map[string]string{}
	for name, zone := range windowsZones {
		keys[zoneKey(name)] = zone
	}
	return keys
})

// iana finds a zone by its IANA name, in any case. The name may have a prefix.
func iana(name string) (*time.Location, bool) {
	parts := strings.Split(name, "/")
	for _, part := range parts[:max(0, len(parts)-3)] { // IANA names have at most three parts, as in America/Argentina/Salta
		name = name[len(part)+1:]
	}
	for name != "" && !strings.EqualFold(name, "Local") { // Go takes "" for UTC and "Local" for this machine's zone
		for _, spelling := range spellings(name) {
			if found, err := time.LoadLocation(spelling); err == nil {
				return found, true
			}
		}
		_, name, _ = strings.Cut(name, "/")
	}
	return nil, false
}

// transition is a change of a zone's offset from UTC.
type transition struct {
	at            int64 // Unix time
	before, after int   // offsets in seconds
}

// buildLocation creates a Location from a VTIMEZONE (RFC 5545, 3.6.5).
func (z *zones) buildLocation(name string, definition *component) (*time.Location, error) {
	var changes []transition
	for _, observance := range definition.children {
		if observance.name != "STANDARD" && observance.name != "DAYLIGHT" {
			continue
		}
		more, err := z.transitions(observance)
		if err != nil {
			return nil, fmt.Errorf("%s in line %d: %w", observance.name, observance.line, err)
		}
		changes = append(changes, more...)
	}
	if len(changes) == 0 {
		return nil, errors.New("neither STANDARD nor DAYLIGHT")
	}
	slices.SortFunc(changes, func(a, b transition) int { return cmp.Compare(a.at, b.at) })
	return newLocation(name, changes)
}

// transitions returns the transitions of one observance (STANDARD or DAYLIGHT), until a
// year after the window.
func (z *zones) transitions(observance *component) ([]transition, error) {
	from, err := parseOffset(observance.first("TZOFFSETFROM"))
	if err != nil {
		return nil, err
	}
	to, err := parseOffset(observance.first("TZOFFSETTO"))
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
	onsets, err := z.onsets(observance, start)
	if err != nil {
		return nil, err
	}
	changes := make([]transition, len(onsets))
	for i, onset := range onsets {
		changes[i] = transition{onset.Unix() - int64(from), from, to}
	}
	return changes, nil
}

// onsets returns the wall-clock times at which an observance begins: its DTSTART, and the
// times that its RRULE and RDATE properties give.
func (z *zones) onsets(observance *component, start stamp) ([]time.Time, error) {
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
	return onsets, nil
}

// offsetName matches the names of zones that are an offset from UTC.
var offsetName = regexp.MustCompile(`^(?i:GMT|UTC)([+-]\d{2}):?(\d{2})$`)

// offsetZone returns the zone of a name such as GMT+05:30.
func offsetZone(name string) (*time.Location, bool) {
	parts := offsetName.FindStringSubmatch(name)
	if parts == nil {
		return nil, false
	}
	seconds, err := parseOffset(&property{value: parts[1] + parts[2]})
	return time.FixedZone(name, seconds), err == nil
}

var offsetPattern = regexp.MustCompile(`^([+-])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?$`)

// parseOffset parses a UTC-OFFSET (RFC 5545, 3.3.14) and returns it in seconds.
func parseOffset(p *property) (int, error) {
	if p == nil {
		return 0, errors.New("TZOFFSETFROM or TZOFFSETTO is missing")
	}
	parts := offsetPattern.FindStringSubmatch(strings.TrimSpace(p.value))
	if parts == nil {
		return 0, fmt.Errorf("%.40q is not an offset from UTC", p.value)
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

// newLocation creates a Location from transitions, which must be in order. It writes
// them in the TZif format (RFC 8536), because Go cannot create a Location otherwise.
func newLocation(name string, changes []transition) (*time.Location, error) {
	offsets := []int{changes[0].before}
	for _, c := range changes {
		if !slices.Contains(offsets, c.after) {
			offsets = append(offsets, c.after)
		}
	}
	if len(offsets) > 255 {
		return nil, errors.New("more than 255 different offsets")
	}
	const names = "\x00" // one empty abbreviation, so Go shows the offset
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
		data = append(data, 0, 0) // not daylight saving time, abbreviation 0
	}
	return time.LoadLocationFromTZData(name, append(data, names...))
}
