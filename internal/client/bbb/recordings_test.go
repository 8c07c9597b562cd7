package bbb

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

func recordingsResponse(recordings string) string {
	return "<response><returncode>SUCCESS</returncode><recordings>" + recordings + "</recordings></response>"
}

func TestParseRecordings(t *testing.T) {
	began := pool.Seen(time.UnixMilli(1462807897120))
	ended := pool.Seen(time.UnixMilli(1462812873004))
	tests := []struct {
		name, body string
		want       []pool.Recording
	}{
		{"published", recordingsResponse(`<recording><recordID>r-1462807897120</recordID><meetingID>m</meetingID><name><![CDATA[A > B]]></name>` +
			`<state>published</state><endTime>1462812873004</endTime><metadata><state>wrong</state></metadata>` +
			`<playback><format><type>podcast</type><preview><images><image alt="a > b">x</image></images></preview></format></playback></recording>`),
			[]pool.Recording{{ID: "r-1462807897120", MeetingStart: began, State: pool.Published, MeetingEnd: ended}}},
		{"processing, with an empty playback", recordingsResponse(`<recording><recordID>r-1462807897120</recordID><state>processing</state>` +
			`<endTime>1462812873004</endTime><playback/></recording>`),
			[]pool.Recording{{ID: "r-1462807897120", MeetingStart: began, State: pool.Processing, MeetingEnd: ended}}},
		{"processed, without any playback", recordingsResponse(`<recording><recordID>r-1462807897120</recordID><state>processed</state>` +
			`<endTime>1462812873004</endTime></recording>`),
			[]pool.Recording{{ID: "r-1462807897120", MeetingStart: began, State: pool.Processed, MeetingEnd: ended}}},
		{"an unused state", recordingsResponse(`<recording><recordID>r-1462807897120</recordID><state>unpublished</state>` +
			`<endTime>1462812873004</endTime></recording>`),
			[]pool.Recording{{ID: "r-1462807897120", MeetingStart: began, State: "unpublished", MeetingEnd: ended}}},
		{"none", recordingsResponse(""), []pool.Recording{}},
		{"none, as BBB writes it", `<response><returncode>SUCCESS</returncode><recordings></recordings><messageKey>noRecordings</messageKey>` +
			`<message>There are no recordings for the meeting(s).</message></response>`, []pool.Recording{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseRecordings(strings.NewReader(test.body))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("recordings are %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestRecordingWithoutEndIsListed(t *testing.T) {
	for name, end := range map[string]string{
		"missing":    "",
		"empty":      "<endTime/>",
		"zero":       "<endTime>0</endTime>",
		"unreadable": "<endTime>soon</endTime>",
	} {
		got, err := parseRecordings(strings.NewReader(recordingsResponse(
			"<recording><recordID>r-1</recordID><state>processing</state>" + end + "</recording>")))
		if err != nil || len(got) != 1 || got[0].ID != "r-1" || got[0].MeetingEnd.Known() || got[0].MeetingStart.Known() {
			t.Errorf("%s: got %+v, %v; want one recording whose times are unknown", name, got, err)
		}
	}
}

func TestIncompleteRecordingsAreAnError(t *testing.T) {
	good := "<recording><recordID>r-1</recordID><state>processing</state></recording>"
	tests := []struct{ name, body, want string }{
		{"no ID", recordingsResponse(good + "<recording><state>processing</state></recording>"), "recording 2: recordID: missing or empty"},
		{"no state", recordingsResponse("<recording><recordID>r-1</recordID></recording>"), "recording 1: state: missing or empty"},
		{"an item that BBB cannot read", recordingsResponse(good + "<error>Cannot read r-2\n<file>metadata.xml</file></error>" + good), `recording 2: BBB answers <error> instead: "Cannot read r-2 metadata.xml"`},
		{"an empty one", recordingsResponse("<error/>"), `recording 1: BBB answers <error> instead: ""`},
		{"a long one", recordingsResponse("<error>" + strings.Repeat("x", maxElement) + "</error>"), "an element is longer than 65536 bytes"},
		{"truncated", recordingsResponse(good)[:120], "EOF"},
		{"no list and no reason", "<response><returncode>SUCCESS</returncode></response>", "no list of recordings"},
		{"the reason of another list", "<response><returncode>SUCCESS</returncode><messageKey>noMeetings</messageKey></response>", "no list of recordings"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseRecordings(strings.NewReader(test.body))
			if err == nil || got != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want only an error that contains %q", got, err, test.want)
			}
		})
	}
}

func TestRecordedRecordings(t *testing.T) {
	got, err := parseRecordings(openSample(t, "get_recordings.xml"))
	if err != nil {
		t.Fatal(err)
	}
	want := pool.Recording{ID: "f71d810b6e90a4a34ae02b8c7143e8733178578e-1462807897120", State: pool.Published,
		MeetingStart: pool.Seen(time.UnixMilli(1462807897120)), MeetingEnd: pool.Seen(time.UnixMilli(1462812873004))}
	if len(got) != 6 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("recordings are %+v, want six, %+v first", got, want)
	}
}
