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

// seedAnswers adds samples to a corpus, and the recorded answers.
func seedAnswers(f *testing.F, samples ...string) {
	f.Helper()
	for _, text := range append(samples, hostile.Seeds(f, "bbb/*.xml")...) {
		f.Add(text)
	}
}

// checkError holds that an error can be told and comes without a list.
func checkError(t *testing.T, err error, listed int) {
	t.Helper()
	if listed != 0 {
		t.Errorf("%d of the list came beside the error %v", listed, err)
	}
	hostile.CheckText(t, err.Error())
}

func inThisCentury(at time.Time) bool { return at.UTC().Year() >= 2000 && at.UTC().Year() <= 2099 }

// whole is what encoding/xml makes of a whole answer.
type whole struct {
	Meetings []struct {
		ID           string `xml:"meetingID"`
		Participants string `xml:"participantCount"`
	} `xml:"meetings>meeting"`
	Recordings []struct {
		ID string `xml:"recordID"`
	} `xml:"recordings>recording"`
}

// readWhole tells whether a text is XML to its end.
func readWhole(text string) (answer whole, ok bool) {
	return answer, xml.Unmarshal([]byte(text), &answer) == nil
}

// FuzzMeetings: whatever a server says, its meetings are those that a reader
// which skips nothing finds, each of them in full, or there is an error that
// tells no password.
func FuzzMeetings(f *testing.F) {
	seedAnswers(f, answerWith(), answerWith(meetingXML(), meetingXML("isBreakout", "true", "participantCount", "1,234")),
		answerWith(meetingXML("attendees", `<attendee a=">" b='/'><x/><![CDATA[</attendees>]]><!-- > --></attendee>`)),
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
		_, err := parseMeetings(strings.NewReader(answerWith("<meeting><moderatorPW>" + password + "</moderatorPW>" + text + "</meeting>")))
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error tells a password: %v", err)
		}
	})
}

func checkMeetings(t *testing.T, text string, meetings []pool.Meeting) {
	t.Helper()
	for _, m := range meetings {
		if m.ID == "" || m.InternalID == "" || len(m.ID)+len(m.InternalID) > 2*longestName ||
			m.Participants < 0 || m.Participants > mostPeople || !inThisCentury(m.Created) {
			t.Errorf("a meeting is %+.200v", m)
		}
	}
	answer, ok := readWhole(text)
	if !ok {
		return // what is skipped may be broken
	}
	if len(answer.Meetings) != len(meetings) {
		t.Fatalf("%d meetings, of %d that there are", len(meetings), len(answer.Meetings))
	}
	for i, m := range meetings {
		participants, err := parseCount(strings.TrimSpace(answer.Meetings[i].Participants))
		if err != nil || participants != m.Participants || strings.TrimSpace(answer.Meetings[i].ID) != m.ID {
			t.Errorf("meeting %d is %q with %d participants, and should be %+.200v", i, m.ID, m.Participants, answer.Meetings[i])
		}
	}
}

// FuzzRecordings: the same of recordings.
func FuzzRecordings(f *testing.F) {
	seedAnswers(f, recordingsAnswer(""),
		recordingsAnswer("<recording><recordID>r-1462807897120</recordID><state>processing</state><playback/></recording>"),
		recordingsAnswer("<recording><recordID>r</recordID><state>published</state><endTime>1462812873004</endTime></recording>"),
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
			if r.ID == "" || r.State == "" || len(r.ID)+len(r.State) > 2*longestName ||
				started && !inThisCentury(start) || ended && !inThisCentury(end) {
				t.Errorf("a recording is %+.200v", r)
			}
		}
		if answer, ok := readWhole(text); ok && len(answer.Recordings) != len(recordings) {
			t.Errorf("%d recordings, of %d that there are", len(recordings), len(answer.Recordings))
		}
	})
}

// FuzzAnswer: the other answers, of which little is read, are read as safely.
func FuzzAnswer(f *testing.F) {
	seedAnswers(f, "<response><returncode>SUCCESS</returncode><version>2.0</version><bbbVersion>3.0.4</bbbVersion></response>",
		"<response><returncode>FAILED</returncode><messageKey>notFound</messageKey><message>no such meeting</message></response>")
	f.Fuzz(func(t *testing.T, text string) {
		version, err := parseVersion(strings.NewReader(text))
		if err != nil {
			checkError(t, err, len(version))
		}
		if endErr := parseEnd(strings.NewReader(text)); endErr != nil {
			checkError(t, endErr, 0)
		} else if len(version) > longestName {
			t.Errorf("the version has %d bytes", len(version))
		}
	})
}
