package bbb

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// Every hostile response ends in an error that names the call and the host, and the
// call allocates little memory.
func TestHostileResponsesTakeLittleMemory(t *testing.T) {
	const head = "<response><returncode>SUCCESS</returncode><meetings>"
	laughs := `<!DOCTYPE lolz [<!ENTITY lol "lol">`
	for i := range 9 {
		laughs += fmt.Sprintf(`<!ENTITY lol%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	const text = 8 << 20 // memory limit for most cases, in bytes; it includes the test server's copies
	tests := []struct {
		name      string
		response  http.HandlerFunc
		want      string // part of the error
		maxMemory uint64 // in bytes
	}{
		{"a billion laughs", respond(200, laughs+"]><response><returncode>&lol9;</returncode></response>"), "entity", text},
		{"an external entity", respond(200, `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+meetingsResponse(meetingXML("meetingID", "&x;"))), "entity", text},
		{"an endless document type", respond(200, "<!DOCTYPE r ["+strings.Repeat("<!ENTITY a 'b'>", 1<<18)), "longer than 65536 bytes", text},
		{"nested elements in attendees", respond(200, head+"<meeting><attendees>"+strings.Repeat("<a>", 1<<20)), "unexpected EOF", text},
		{"nested meetings", respond(200, strings.Repeat(head+"<meeting>", 1000)), "meeting 1: ", text},
		{"elements in a name", respond(200, head+"<meeting><meetingID>"+strings.Repeat("<a>", 1000)), "where text is expected", text},
		{"a long encoding", respond(200, `<?xml version="1.0" encoding="`+strings.Repeat("x", 1<<15)+`"?><response/>`), "encoding", text},
		{"a message that clears the screen", respond(200, "<response><returncode>FAILED</returncode><message>\u009b2J\n</message></response>"), `"\u009b2J"`, text},
		{"a long name", respond(200, meetingsResponse(meetingXML("meetingID", strings.Repeat("x", maxName+1)))), "meetingID: longer than 1024 bytes", text},
		{"1e308 people", respond(200, meetingsResponse(meetingXML("participantCount", "1e308"))), `participantCount: "1e308" is not a number`, text},
		{"people beyond 64 bits", respond(200, meetingsResponse(meetingXML("participantCount", "9223372036854775808"))), "participantCount", text},
		{"more than a million people", respond(200, meetingsResponse(meetingXML("participantCount", "1000001"))), "1000001 is more than 1000000", text},
		{"a negative number of people", respond(200, meetingsResponse(meetingXML("participantCount", "-1"))), `participantCount: "-1" is not a number`, text},
		{"the year 9999", respond(200, meetingsResponse(meetingXML("createTime", "253402300799000"))), "createTime: 253402300799000 is not a time", text},
		{"a time beyond 64 bits", respond(200, meetingsResponse(meetingXML("createTime", "99999999999999999999"))), "createTime", text},
		{"a bomb of attendees", hostile.Bomb(t, "text/xml", head+"<meeting><attendees>", "<attendee/>", 2*maxResponse), "longer than 8388608 bytes", text},
		{"a bomb of spaces", hostile.Bomb(t, "text/xml", "", " ", 2*maxResponse), "longer than 65536 bytes", text},
		{"a bomb of meetings", hostile.Bomb(t, "text/xml", head, meetingXML(), 2*maxResponse), "longer than 8388608 bytes", 128 << 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, at := serve(t, test.response)
			var conference pool.Conference
			var err error
			hostile.Within(t, test.maxMemory, func() { conference, err = client.Meetings(t.Context(), at) })
			if err == nil || conference.Meetings != nil || !strings.HasPrefix(err.Error(), "getMeetings of 127.0.0.1:") || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %d meetings and the error %.300v, want only an error with the call, the host and %q", len(conference.Meetings), err, test.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}
