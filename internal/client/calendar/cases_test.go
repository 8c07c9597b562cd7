package calendar

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// recordedCases are the right answers of the calendars in ../shared/data/cases, each of
// which has one oddity of a real calendar program. keep is the event that must not be lost.
const keep = "10T0800+0100 10h0m0s users=40%"

var recordedCases = map[string]struct {
	want    []string
	warning string
}{
	"01-tzone-utc":            {[]string{keep, "11T0900+0100 10h0m0s users=50%"}, ""},
	"04-display-name-escaped": {[]string{"11T0800+0100 10h0m0s users=50%"}, ""},
	"05-02-zone":              {[]string{"11T0800+0100 10h0m0s users=50%"}, ""},
	"05-25-google-gmt-colon":  {[]string{"11T0800+0530 10h0m0s users=50%"}, ""},
	"06-attendee-quote":       {[]string{keep, "11T0900+0100 1h0m0s users=50%"}, ""},
	"07-raw-newline":          {[]string{keep, "11T0900+0100 1h0m0s users=50%"}, `line 15: "and a charger" is not a line`},
	"08B-exrule":              {[]string{"09T0800+0100 10h0m0s users=50%"}, ""},
	"08a-rrule":               {[]string{"02T0800+0100 10h0m0s users=50%", "09T0800+0100 10h0m0s users=50%", "16T0800+0100 10h0m0s users=50%"}, ""},
	"08b-rrule":               {[]string{"02T0800+0100 10h0m0s users=50%", "09T0800+0100 10h0m0s users=50%", "16T0800+0100 10h0m0s users=50%"}, ""},
	"09i-empty-dtend":         {[]string{keep, "11T0900+0100 0s users=50%"}, ""},
	"09j-date-dtend-sameday":  {[]string{"11T0000+0100 24h0m0s users=50%"}, ""},
	"10e-allday-exdate-utc":   {[]string{"02T0000+0100 24h0m0s users=50%", "16T0000+0100 24h0m0s users=50%", "23T0000+0100 24h0m0s users=50%"}, ""},
	"11c-recid-utc-allday":    {[]string{"02T0000+0100 24h0m0s users=50%", "10T0000+0100 24h0m0s users=10%", "16T0000+0100 24h0m0s users=50%", "23T0000+0100 24h0m0s users=50%"}, ""},
	"12t-vtz-empty":           {[]string{keep}, ""},
	"14-period-rdate":         {[]string{"02T0900+0100 1h0m0s users=50%", "04T0900+0100 5h0m0s users=50%", "05T0900+0100 10h0m0s users=50%"}, ""},
}

// TestRecordedCases reads each calendar in the zone of Paris, in March 2026.
func TestRecordedCases(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "..", "shared", "data", "cases", "calendar")
	files, err := filepath.Glob(filepath.Join(folder, "*.ics"))
	if err != nil || len(files) == 0 {
		t.Skip("the recorded cases are not beside this repository")
	}
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".ics")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			read, err := Read(text, first, first.AddDate(0, 1, 0), zone(t, "Europe/Paris"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range read.Events {
				got = append(got, e.Start.Format("02T1504-0700 ")+e.End.Sub(e.Start).String()+" "+e.Summary)
			}
			slices.Sort(got)
			test, known := recordedCases[name]
			if warnings := strings.Join(read.Warnings, "\n"); !known || !slices.Equal(got, test.want) || !strings.HasPrefix(warnings, test.warning) || (warnings == "") != (test.warning == "") {
				t.Errorf("got %q and %q\nwant %q and %q", got, warnings, test.want, test.warning)
			}
		})
	}
}
