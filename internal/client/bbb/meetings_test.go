package bbb

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// answerWith is the answer of a server with these meetings.
func answerWith(meetings ...string) string {
	return "<response><returncode>SUCCESS</returncode><meetings>" + strings.Join(meetings, "\n") + "</meetings></response>"
}

// meetingXML is a meeting in the order and the words of BBB, with pairs of names
// and texts that replace its own. A name with the text "-" is left out.
func meetingXML(pairs ...string) string {
	elements := [][2]string{
		{"meetingName", "Ada &lt;script&gt;"}, {"meetingID", "m-1"}, {"internalMeetingID", "int-1"},
		{"createTime", "1554729625768"}, {"createDate", "Mon Apr 08 15:20:25 CEST 2019"},
		{"attendeePW", "ap"}, {"moderatorPW", "mp"}, {"running", "true"}, {"recording", "false"},
		{"hasBeenForciblyEnded", "false"}, {"participantCount", "3"}, {"maxUsers", "0"}, {"moderatorCount", "1"},
		{"attendees", ""}, {"metadata", "<recording>sometimes</recording><participantcount>99</participantcount>"},
		{"isBreakout", "false"},
	}
	replaced := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		replaced[pairs[i]] = pairs[i+1]
	}
	var b strings.Builder
	b.WriteString("<meeting>")
	for _, e := range elements {
		text, other := replaced[e[0]]
		if !other {
			text = e[1]
		}
		if text != "-" {
			b.WriteString("<" + e[0] + ">" + text + "</" + e[0] + ">")
		}
	}
	b.WriteString("</meeting>")
	return b.String()
}

// plain gives the meeting that meetingXML describes.
func plain() pool.Meeting {
	return pool.Meeting{ID: "m-1", InternalID: "int-1", Created: time.UnixMilli(1554729625768), Participants: 3}
}

// withoutPasswords checks the passwords and takes them out, for they hide from comparison.
func withoutPasswords(t *testing.T, meetings []pool.Meeting, want string) []pool.Meeting {
	t.Helper()
	for i := range meetings {
		if got := meetings[i].ModeratorPassword.Reveal(); got != want {
			t.Errorf("moderator password is %q, want %q", got, want)
		}
		meetings[i].ModeratorPassword = pool.Secret{}
	}
	return meetings
}

func TestParseMeetings(t *testing.T) {
	breakout, recorded, large := plain(), plain(), plain()
	breakout.Breakout = true
	recorded.Recorded = true
	large.Participants = 1234
	tests := []struct {
		name, body string
		want       []pool.Meeting
	}{
		{"one", answerWith(meetingXML()), []pool.Meeting{plain()}},
		{"several", answerWith(meetingXML(), meetingXML("isBreakout", "true"), meetingXML("recording", "true")),
			[]pool.Meeting{plain(), breakout, recorded}},
		{"attendees and people's own data", answerWith(meetingXML("attendees",
			"<attendee><customdata><participantCount>0</participantCount><x><![CDATA[</attendees></meeting>]]></x></customdata></attendee>")),
			[]pool.Meeting{plain()}},
		{"attendees closed by themselves", strings.Replace(answerWith(meetingXML()), "<attendees></attendees>", "<attendees/>", 1),
			[]pool.Meeting{plain()}},
		{"metadata in front", answerWith(strings.Replace(meetingXML(), "<meeting>", "<meeting><other><participantCount>9</participantCount></other>", 1)),
			[]pool.Meeting{plain()}},
		{"numbers in the server's language", answerWith(meetingXML("participantCount", "1,234", "createTime", "1\u00a0554\u00a0729\u00a0625\u00a0768")),
			[]pool.Meeting{large}},
		{"space around", answerWith(meetingXML("participantCount", "\n 3 \n", "recording", " false ")), []pool.Meeting{plain()}},
		{"an old version without breakouts", answerWith(meetingXML("isBreakout", "-")), []pool.Meeting{plain()}},
		{"a declaration in front", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + answerWith(meetingXML()), []pool.Meeting{plain()}},
		{"none", answerWith(), []pool.Meeting{}},
		{"none, as BBB says it", `<response><returncode>SUCCESS</returncode><meetings/><messageKey>noMeetings</messageKey>` +
			`<message>no meetings were found on this server</message></response>`, []pool.Meeting{}},
		{"none, without a list", `<response><returncode>SUCCESS</returncode><messageKey>noMeetings</messageKey></response>`, []pool.Meeting{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseMeetings(strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if got = withoutPasswords(t, got, "mp"); !reflect.DeepEqual(got, test.want) {
				t.Errorf("meetings are %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestMeetingWithoutPassword(t *testing.T) {
	got, err := parseMeetings(strings.NewReader(answerWith(meetingXML("moderatorPW", "-"))))
	if err != nil || len(got) != 1 || got[0].ModeratorPassword.IsSet() {
		t.Errorf("got %+v, %v; want one meeting without a password", got, err)
	}
}

func TestWhatIsNotReadInFullIsNoListOfMeetings(t *testing.T) {
	with := func(pairs ...string) string { return answerWith(meetingXML(), meetingXML(pairs...)) }
	tests := []struct{ name, body, want string }{
		{"participants unreadable", with("participantCount", "many"), `meeting 2: participantCount: "many" is no number`},
		{"participants empty", with("participantCount", ""), `participantCount: "" is no number`},
		{"participants missing", with("participantCount", "-"), "participantCount"},
		{"participants absurd", with("participantCount", "1e308"), "participantCount"},
		{"participants negative", with("participantCount", "-5"), "participantCount"},
		{"no ID", with("meetingID", ""), "meetingID: not given"},
		{"no internal ID", with("internalMeetingID", "-"), "internalMeetingID: not given"},
		{"no create time", with("createTime", "-"), "createTime"},
		{"create time 0", with("createTime", "0"), "createTime"},
		{"no recording flag", with("recording", "-"), "recording"},
		{"another recording flag", with("recording", "maybe"), `recording: "maybe" is neither true nor false`},
		{"another breakout flag", with("isBreakout", "yes"), `isBreakout: "yes" is neither`},
		{"elements put in by somebody", strings.Replace(with(), "</attendees>", "</attendees><participantCount>0</participantCount>", 1),
			"participantCount: given twice"},
		{"something else in the list", answerWith("<conference/>"), "unknown element <conference>"},
		{"cut off", with()[:900], "EOF"},
		{"no list and no reason", "<response><returncode>SUCCESS</returncode></response>", "no list of meetings"},
		{"no returncode", "<response><meetings/></response>", "no returncode"},
		{"a page", "<!DOCTYPE html>\n<html><body>502 Bad Gateway<br></body></html>", "not an answer of BBB: it begins with <html>"},
		{"text", "upstream timed out", "not an answer of BBB"},
		{"nothing", "", "not an answer of BBB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseMeetings(strings.NewReader(test.body))
			if err == nil || got != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want only an error that says %q", got, err, test.want)
			}
		})
	}
}

func TestFailedAnswerIsTyped(t *testing.T) {
	body := "<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey><message>You did not pass</message></response>"
	_, err := parseMeetings(strings.NewReader(body))
	var failure *Error
	want := Error{"getMeetings", "checksumError", "You did not pass"}
	if !errors.As(err, &failure) || *failure != want {
		t.Errorf("error is %#v, want %+v", err, want)
	}
}

func TestRecordedMeetings(t *testing.T) {
	got, err := parseMeetings(openSample(t, "get_meetings.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || pool.Participants(got) != 5 || !got[0].Recorded || got[1].Recorded ||
		got[2].InternalID != "b97b512f2c92c0ffe7a3476152525807daa1c676-1524213158682" ||
		!got[2].Created.Equal(time.UnixMilli(1453210075799)) || got[1].ModeratorPassword.Reveal() != "03_bF+p+Fjm|M3" {
		t.Errorf("meetings are %+v", got)
	}
}
