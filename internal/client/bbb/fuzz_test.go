package bbb

import (
	"crypto/rand"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// addSeeds adds samples and the recorded responses to the corpus.
func addSeeds(f *testing.F, samples ...string) {
	f.Helper()
	for _, text := range append(samples, hostile.Seeds(f, "bbb/*.xml")...) {
		f.Add(text)
	}
}

// checkError checks that an error's text passes hostile.CheckText, and that no results
// came with it.
func checkError(t *testing.T, err error, listed int) {
	t.Helper()
	if listed != 0 {
		t.Errorf("%d results came with the error %v", listed, err)
	}
	hostile.CheckText(t, err.Error())
}

func inThisCentury(at time.Time) bool { return at.UTC().Year() >= 2000 && at.UTC().Year() <= 2099 }

// fullResponse is a response that encoding/xml decodes completely.
type fullResponse struct {
	Meetings []struct {
		ID           string `xml:"meetingID"`
		Participants string `xml:"participantCount"`
	} `xml:"meetings>meeting"`
	Recordings []struct {
		ID string `xml:"recordID"`
	} `xml:"recordings>recording"`
}

// decodeAll decodes a text with encoding/xml. ok reports whether all of it is XML.
func decodeAll(text string) (answer fullResponse, ok bool) {
	return answer, xml.Unmarshal([]byte(text), &answer) == nil
}

// FuzzMeetings checks that parseMeetings returns complete meetings, the same that
// encoding/xml finds, or an error that contains no password.
func FuzzMeetings(f *testing.F) {
	addSeeds(f, meetingsResponse(), meetingsResponse(meetingXML(), meetingXML("isBreakout", "true", "participantCount", "1,234")),
		meetingsResponse(meetingXML("attendees", `<attendee a=">" b='/'><x/><![CDATA[</attendees>]]><!-- > --></attendee>`)),
		`<response><returncode>SUCCESS</returncode><messageKey>noMeetings</messageKey></response>`,
		`<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey><message>no</message></response>`,
		`<!DOCTYPE r [<!ENTITY a "aa">]><response>&a;</response>`)
	f.Fuzz(func(t *testing.T, text string) {
		if meetings, err := parseMeetings(strings.NewReader(text)); err != nil {
			checkError(t, err, len(meetings))
		} else {
			checkMeetings(t, text, meetings)
		}
		password := rand.Text()
		_, err := parseMeetings(strings.NewReader(meetingsResponse("<meeting><moderatorPW>" + password + "</moderatorPW>" + text + "</meeting>")))
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error contains a password: %v", err)
		}
	})
}

func checkMeetings(t *testing.T, text string, meetings []pool.Meeting) {
	t.Helper()
	for _, m := range meetings {
		if m.ID == "" || m.InternalID == "" || len(m.ID)+len(m.InternalID) > 2*maxName ||
			m.Participants < 0 || m.Participants > maxPeople || !inThisCentury(m.Created) {
			t.Errorf("a meeting is %+.200v", m)
		}
	}
	answer, ok := decodeAll(text)
	if !ok {
		return // skipped elements may be malformed
	}
	if len(answer.Meetings) != len(meetings) {
		t.Fatalf("got %d meetings, want %d", len(meetings), len(answer.Meetings))
	}
	for i, m := range meetings {
		participants, err := parseCount(strings.TrimSpace(answer.Meetings[i].Participants))
		if err != nil || participants != m.Participants || strings.TrimSpace(answer.Meetings[i].ID) != m.ID {
			t.Errorf("meeting %d is %q with %d participants, want %+.200v", i, m.ID, m.Participants, answer.Meetings[i])
		}
	}
}

// FuzzRecordings checks parseRecordings as FuzzMeetings checks parseMeetings.
func FuzzRecordings(f *testing.F) {
	addSeeds(f, recordingsResponse(""),
		recordingsResponse("<recording><recordID>r-1462807897120</recordID><state>processing</state><playback/></recording>"),
		recordingsResponse("<recording><recordID>r</recordID><state>published</state><endTime>1462812873004</endTime></recording>"),
		"<response><returncode>SUCCESS</returncode><messageKey>noRecordings</messageKey></response>")
	f.Fuzz(func(t *testing.T, text string) {
		recordings, err := parseRecordings(strings.NewReader(text))
		if err != nil {
			checkError(t, err, len(recordings))
			return
		}
		for _, r := range recordings {
			start, started := r.MeetingStart.Get()
			end, ended := r.MeetingEnd.Get()
			if r.ID == "" || r.State == "" || len(r.ID)+len(r.State) > 2*maxName ||
				started && !inThisCentury(start) || ended && !inThisCentury(end) {
				t.Errorf("a recording is %+.200v", r)
			}
		}
		if answer, ok := decodeAll(text); ok && len(answer.Recordings) != len(recordings) {
			t.Errorf("got %d recordings, want %d", len(recordings), len(answer.Recordings))
		}
	})
}

// FuzzVersionAndEnd checks that the other parsers return a short version, or an error
// that is fit to be shown.
func FuzzVersionAndEnd(f *testing.F) {
	addSeeds(f, "<response><returncode>SUCCESS</returncode><version>2.0</version><bbbVersion>3.0.4</bbbVersion></response>",
		"<response><returncode>FAILED</returncode><messageKey>notFound</messageKey><message>no such meeting</message></response>")
	f.Fuzz(func(t *testing.T, text string) {
		version, err := parseVersion(strings.NewReader(text))
		if err != nil {
			checkError(t, err, len(version))
		}
		if endErr := parseEnd(strings.NewReader(text)); endErr != nil {
			checkError(t, endErr, 0)
		} else if len(version) > maxName {
			t.Errorf("the version has %d bytes", len(version))
		}
	})
}
