package calendar

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// findZone finds a zone in a calendar with the given lines.
func findZone(t *testing.T, lines, name string) (*time.Location, error) {
	t.Helper()
	calendars, err := parse([]byte(vcalendar(lines)), &warnings{})
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	z := newZones(calendars[0], time.UTC, until, newBudget(), &warnings{})
	z.work.startEvent(true)
	return z.find(name)
}

func TestWindowsZonesExist(t *testing.T) {
	for windows, name := range windowsZones {
		if _, err := time.LoadLocation(name); err != nil {
			t.Errorf("%s: %v", windows, err)
		}
	}
}

func TestZoneNames(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Paris":   "Europe/Paris",
		`"Europe/Paris"`: "Europe/Paris",
		" Europe/Paris ": "Europe/Paris",
		"/freeassociation.sourceforge.net/Europe/Paris":          "Europe/Paris",
		"/mozilla.org/20050126_1/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
		"Romance Standard Time":                                  "Europe/Paris",
		"UTC":                                                    "Etc/UTC",
		"europe/paris":                                           "Europe/Paris",
		"EUROPE/PARIS":                                           "Europe/Paris",
		"romance standard TIME":                                  "Europe/Paris",
		"tzone://Microsoft/Utc":                                  "UTC",
		"tzone://Microsoft/utc":                                  "UTC",
		"GMT+05:30":                                              "GMT+05:30",
		"UTC-0330":                                               "UTC-0330",
	} {
		got, err := findZone(t, "X:y", name)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %v, %v, want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"", "Local", "local", "/", "Campus Time", "GMT+5", "GMT+99:00", "tzone://Microsoft/Custom", "../Paris", "Europe/Paris/..", strings.Repeat("/a", 1_000_000)} {
		if got, err := findZone(t, "X:y", name); err == nil {
			t.Errorf("%.20q: got %v, want an error", name, got)
		}
	}
}

// TestZoneNamesInAnyCase tries the names of all IANA zones in lower and upper case.
func TestZoneNamesInAnyCase(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("the go command is not there: ", err)
	}
	files, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("Go's own list of zones is not there: ", err)
	}
	defer func() { _ = files.Close() }()
	tried := 0
	for _, file := range files.File {
		want, err := time.LoadLocation(file.Name)
		if err != nil || strings.HasSuffix(file.Name, "/") {
			continue
		}
		for _, name := range []string{strings.ToLower(file.Name), strings.ToUpper(file.Name)} {
			if got, ok := iana(name); !ok || got.String() != want.String() {
				t.Errorf("%s: got %v, want %s", name, got, want)
			}
			tried++
		}
	}
	if tried < 500 {
		t.Errorf("only %d names were tried", tried)
	}
}

// TestDefinedZones: names of zones that a calendar defines are texts with escapes, compare
// without case, and may come with an IANA name.
func TestDefinedZones(t *testing.T) {
	define := func(name, lines string) string {
		return "BEGIN:VTIMEZONE\nTZID:" + name + "\n" + lines + "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE"
	}
	for _, test := range []struct{ name, lines, tzid, want string }{
		{"escaped", define(`(UTC+05:30) Delhi\, Mumbai\; and Agra`, ""), "(UTC+05:30) Delhi, Mumbai; and Agra", "+0530"},
		{"escaped in the parameter, too", define(`(UTC+05:30) Delhi\, Mumbai`, ""), `(UTC+05:30) Delhi\, Mumbai`, "+0530"},
		{"a backslash in the name", define(`Campus\\North`, ""), `Campus\North`, "+0530"},
		{"case", define("Campus Time", ""), "CAMPUS time", "+0530"},
		{"an offset", define("GMT+05:30", "X-LIC-LOCATION:GMT+05:30\n"), "gmt+05:30", "+0530"},
		{"a location", define("Campus", "X-LIC-LOCATION:asia/kathmandu\n"), "Campus", "+0545"},
		{"a location alone", "BEGIN:VTIMEZONE\nTZID:Campus\nX-LIC-LOCATION:Asia/Kathmandu\nEND:VTIMEZONE", "Campus", "+0545"},
		{"an unknown location", define("Campus", "X-LIC-LOCATION:Campus\n"), "Campus", "+0530"},
		{"defined, then empty", define("Campus", "") + "\nBEGIN:VTIMEZONE\nTZID:Campus\nEND:VTIMEZONE", "Campus", "+0530"},
		{"empty, then defined", "BEGIN:VTIMEZONE\nTZID:Campus\nEND:VTIMEZONE\n" + define("Campus", ""), "Campus", "+0530"},
		{"Microsoft's own", define("tzone://Microsoft/Custom", ""), "tzone://Microsoft/Custom", "+0530"},
	} {
		found, err := findZone(t, test.lines, test.tzid)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := from.In(found).Format("-0700"); got != test.want {
			t.Errorf("%s: the offset is %s, want %s", test.name, got, test.want)
		}
	}
}

const customZones = `BEGIN:VTIMEZONE
TZID:Paris of old
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:New York in parts
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:19870405T020000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:19871025T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Moscow by dates
BEGIN:STANDARD
TZOFFSETFROM:+0300
TZOFFSETTO:+0400
DTSTART:20110327T020000
END:STANDARD
BEGIN:STANDARD
TZOFFSETFROM:+0400
TZOFFSETTO:+0300
DTSTART:20141026T020000
RDATE:20141026T020000
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Kathmandu
BEGIN:STANDARD
TZOFFSETFROM:+054500
TZOFFSETTO:+0545
DTSTART:19700101T000000
END:STANDARD
END:VTIMEZONE`

// A zone that the calendar defines has the same wall-clock times as the IANA zone that
// it describes.
func TestCustomZones(t *testing.T) {
	for _, test := range []struct {
		name, iana string
		from       int // the first year that is compared
	}{
		{"Paris of old", "Europe/Paris", 1998},
		{"New York in parts", "America/New_York", 1988},
		{"Moscow by dates", "Europe/Moscow", 2012},
		{"Kathmandu", "Asia/Kathmandu", 1990},
	} {
		custom, err := findZone(t, customZones, test.name)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		iana := zone(t, test.iana)
		for at := time.Date(test.from, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(30 * time.Minute) {
			if got, want := wallClock(at, custom), wallClock(at, iana); !got.Equal(want) {
				t.Errorf("%s: at %s the wall-clock time is %s, want %s", test.name, at, got, want)
				break
			}
		}
	}
}

func TestMalformedZones(t *testing.T) {
	part := func(lines string) string {
		return "BEGIN:VTIMEZONE\nTZID:Campus\nBEGIN:STANDARD\n" + lines + "\nEND:STANDARD\nEND:VTIMEZONE"
	}
	for _, test := range []struct{ name, lines, want string }{
		{"no observance", "BEGIN:VTIMEZONE\nTZID:Campus\nEND:VTIMEZONE", "neither STANDARD nor DAYLIGHT"},
		{"no offset", part("DTSTART:19700101T000000"), "STANDARD in line 4: TZOFFSETFROM or TZOFFSETTO is missing"},
		{"no start", part("TZOFFSETFROM:+0100\nTZOFFSETTO:+0100"), "no DTSTART"},
		{"wrong offset", part("TZOFFSETFROM:1\nTZOFFSETTO:+0100"), `"1" is not an offset from UTC`},
		{"wrong rule", part("DTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nRRULE:FREQ=X"), "unknown frequency"},
		{"too many changes", part("DTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nRRULE:FREQ=SECONDLY"), errEventTooMuch.Error()},
	} {
		_, err := findZone(t, test.lines, "Campus")
		if err == nil || !strings.HasPrefix(err.Error(), `time zone "Campus" in line 2: `) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.name, err, test.want)
		}
	}
}

func TestZoneOfFloatingTimes(t *testing.T) {
	const paris = "\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\nEND:VTIMEZONE"
	for _, test := range []struct{ name, lines, want string }{
		{"named", "X-WR-TIMEZONE:Asia/Tokyo" + paris, "Asia/Tokyo"},
		{"unknown name", "X-WR-TIMEZONE:Campus" + paris, "Europe/Paris"},
		{"first VTIMEZONE", "X:y" + paris, "Europe/Paris"},
		{"first VTIMEZONE that can be read", "BEGIN:VTIMEZONE\nTZID:Campus\nEND:VTIMEZONE" + paris, "Europe/Paris"},
		{"none that can be read", "BEGIN:VTIMEZONE\nTZID:Campus\nEND:VTIMEZONE", "UTC"},
		{"none", "X:y", "UTC"},
	} {
		calendars, err := parse([]byte(vcalendar(test.lines)), &warnings{})
		if err != nil {
			t.Fatal(err)
		}
		z := newZones(calendars[0], time.UTC, time.Time{}, newBudget(), &warnings{})
		if z.floating.String() != test.want {
			t.Errorf("%s: got %v, want %s", test.name, z.floating, test.want)
		}
	}
}
