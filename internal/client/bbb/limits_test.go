package bbb

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// TestHostileAnswersUseLittleMemory: whatever a server answers, the call ends
// with an error that names the call and the host, or with the meetings, and asks
// for far less memory than the answer is meant to cost.
func TestHostileAnswersUseLittleMemory(t *testing.T) {
	const head = "<response><returncode>SUCCESS</returncode><meetings>"
	laughs := `<!DOCTYPE lolz [<!ENTITY lol "lol">`
	for i := range 9 {
		laughs += fmt.Sprintf(`<!ENTITY lol%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	const text = 8 << 20 // what an answer may cost that is refused at once or as it arrives, the server's copies included
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string // part of the error
		most   uint64
	}{
		{"a billion laughs", says(200, laughs+"]><response><returncode>&lol9;</returncode></response>"), "entity", text},
		{"another's file", says(200, `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+answerWith(meetingXML("meetingID", "&x;"))), "entity", text},
		{"an endless document type", says(200, "<!DOCTYPE r ["+strings.Repeat("<!ENTITY a 'b'>", 1<<18)), "longer than 65536 bytes", text},
		{"attendees in one another", says(200, head+"<meeting><attendees>"+strings.Repeat("<a>", 1<<20)), "unexpected EOF", text},
		{"meetings in one another", says(200, strings.Repeat(head+"<meeting>", 1000)), "meeting 1: ", text},
		{"elements in a name", says(200, head+"<meeting><meetingID>"+strings.Repeat("<a>", 1000)), "where text should be", text},
		{"a long encoding", says(200, `<?xml version="1.0" encoding="`+strings.Repeat("x", 1<<15)+`"?><response/>`), "encoding", text},
		{"a message that clears the screen", says(200, "<response><returncode>FAILED</returncode><message>\u009b2J\n</message></response>"), `"\u009b2J"`, text},
		{"a long name", says(200, answerWith(meetingXML("meetingID", strings.Repeat("x", longestName+1)))), "meetingID: longer than 1024 bytes", text},
		{"1e308 people", says(200, answerWith(meetingXML("participantCount", "1e308"))), `participantCount: "1e308" is no number`, text},
		{"people beyond 64 bits", says(200, answerWith(meetingXML("participantCount", "9223372036854775808"))), "participantCount", text},
		{"a million people and one", says(200, answerWith(meetingXML("participantCount", "1000001"))), "1000001 is more than 1000000", text},
		{"fewer people than none", says(200, answerWith(meetingXML("participantCount", "-1"))), `participantCount: "-1" is no number`, text},
		{"the year 9999", says(200, answerWith(meetingXML("createTime", "253402300799000"))), "createTime: 253402300799000 is no time", text},
		{"a time beyond 64 bits", says(200, answerWith(meetingXML("createTime", "99999999999999999999"))), "createTime", text},
		{"a bomb of attendees", hostile.Bomb(t, "text/xml", head+"<meeting><attendees>", "<attendee/>", 2*largestAnswer), "longer than 8388608 bytes", text},
		{"a bomb of spaces", hostile.Bomb(t, "text/xml", "", " ", 2*largestAnswer), "longer than 65536 bytes", text},
		{"a bomb of meetings", hostile.Bomb(t, "text/xml", head, meetingXML(), 2*largestAnswer), "longer than 8388608 bytes", 128 << 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, at := served(t, test.answer)
			var conference pool.Conference
			var err error
			hostile.Within(t, test.most, func() { conference, err = client.Meetings(t.Context(), at) })
			if err == nil || conference.Meetings != nil || !strings.HasPrefix(err.Error(), "getMeetings of 127.0.0.1:") || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%d meetings and the error %.300v, want only one of the call and the host with %q", len(conference.Meetings), err, test.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}
