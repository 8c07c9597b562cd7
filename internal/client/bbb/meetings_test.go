package bbb

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// meetingsResponse returns the response of a server with these meetings.
func meetingsResponse(meetings ...string) string {
	return "<response><returncode>SUCCESS</returncode><meetings>" + strings.Join(meetings, "\n") + "</meetings></response>"
}

// meetingXML returns a meeting as BBB writes it. pairs are names and texts that
// replace the default ones; the text "-" leaves the element out.
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
		text, found := replaced[e[0]]
		if !found {
			text = e[1]
		}
		if text != "-" {
			b.WriteString("<" + e[0] + ">" + text + "</" + e[0] + ">")
		}
	}
	b.WriteString("</meeting>")
	return b.String()
}

// plainMeeting returns the meeting that meetingXML describes without pairs.
func plainMeeting() pool.Meeting {
	return pool.Meeting{ID: "m-1", InternalID: "int-1", Created: time.UnixMilli(1554729625768), Participants: 3}
}

// withoutPasswords checks the passwords and removes them, because DeepEqual cannot
// compare secrets.
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
	breakout, recorded, large := plainMeeting(), plainMeeting(), plainMeeting()
	breakout.Breakout = true
	recorded.Recorded = true
	large.Participants = 1234
	tests := []struct {
		name, body string
		want       []pool.Meeting
	}{
		{"one", meetingsResponse(meetingXML()), []pool.Meeting{plainMeeting()}},
		{"several", meetingsResponse(meetingXML(), meetingXML("isBreakout", "true"), meetingXML("recording", "true")),
			[]pool.Meeting{plainMeeting(), breakout, recorded}},
		{"attendees and people's own data", meetingsResponse(meetingXML("attendees",
			"<attendee><customdata><participantCount>0</participantCount><x><![CDATA[</attendees></meeting>]]></x></customdata></attendee>")),
			[]pool.Meeting{plainMeeting()}},
		{"self-closed attendees", strings.Replace(meetingsResponse(meetingXML()), "<attendees></attendees>", "<attendees/>", 1),
			[]pool.Meeting{plainMeeting()}},
		{"metadata first", meetingsResponse(strings.Replace(meetingXML(), "<meeting>", "<meeting><other><participantCount>9</participantCount></other>", 1)),
			[]pool.Meeting{plainMeeting()}},
		{"numbers in the server's locale", meetingsResponse(meetingXML("participantCount", "1,234", "createTime", "1\u00a0554\u00a0729\u00a0625\u00a0768")),
			[]pool.Meeting{large}},
		{"space around", meetingsResponse(meetingXML("participantCount", "\n 3 \n", "recording", " false ")), []pool.Meeting{plainMeeting()}},
		{"an old version without breakouts", meetingsResponse(meetingXML("isBreakout", "-")), []pool.Meeting{plainMeeting()}},
		{"an XML declaration", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + meetingsResponse(meetingXML()), []pool.Meeting{plainMeeting()}},
		{"none", meetingsResponse(), []pool.Meeting{}},
		{"none, as BBB writes it", `<response><returncode>SUCCESS</returncode><meetings/><messageKey>noMeetings</messageKey>` +
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
	got, err := parseMeetings(strings.NewReader(meetingsResponse(meetingXML("moderatorPW", "-"))))
	if err != nil || len(got) != 1 || got[0].ModeratorPassword.IsSet() {
		t.Errorf("got %+v, %v; want one meeting without a password", got, err)
	}
}

func TestIncompleteMeetingsAreAnError(t *testing.T) {
	with := func(pairs ...string) string { return meetingsResponse(meetingXML(), meetingXML(pairs...)) }
	tests := []struct{ name, body, want string }{
		{"participants unreadable", with("participantCount", "many"), `meeting 2: participantCount: "many" is not a number`},
		{"participants empty", with("participantCount", ""), `participantCount: "" is not a number`},
		{"participants missing", with("participantCount", "-"), "participantCount"},
		{"participants absurd", with("participantCount", "1e308"), "participantCount"},
		{"participants negative", with("participantCount", "-5"), "participantCount"},
		{"no ID", with("meetingID", ""), "meetingID: missing or empty"},
		{"no internal ID", with("internalMeetingID", "-"), "internalMeetingID: missing or empty"},
		{"no create time", with("createTime", "-"), "createTime"},
		{"create time 0", with("createTime", "0"), "createTime"},
		{"no recording flag", with("recording", "-"), "recording"},
		{"another recording flag", with("recording", "maybe"), `recording: "maybe" is neither true nor false`},
		{"another breakout flag", with("isBreakout", "yes"), `isBreakout: "yes" is neither`},
		{"injected elements", strings.Replace(with(), "</attendees>", "</attendees><participantCount>0</participantCount>", 1),
			"participantCount: occurs twice"},
		{"something else in the list", meetingsResponse("<conference/>"), "unknown element <conference>"},
		{"truncated", with()[:900], "EOF"},
		{"no list and no reason", "<response><returncode>SUCCESS</returncode></response>", "no list of meetings"},
		{"no returncode", "<response><meetings/></response>", "no returncode"},
		{"a page", "<!DOCTYPE html>\n<html><body>502 Bad Gateway<br></body></html>", "not a BBB response: the root element is <html>"},
		{"text", "upstream timed out", "not a BBB response"},
		{"nothing", "", "not a BBB response"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseMeetings(strings.NewReader(test.body))
			if err == nil || got != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want only an error that contains %q", got, err, test.want)
			}
		})
	}
}

func TestFailedResponseIsAnError(t *testing.T) {
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
