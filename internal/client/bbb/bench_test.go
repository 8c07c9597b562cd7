package bbb

import (
	"encoding/xml"
	"strings"
	"testing"
)

// BenchmarkEncodingXML decodes the response of BenchmarkMeetingsWith200Attendees with
// encoding/xml alone, to compare with.
func BenchmarkEncodingXML(b *testing.B) {
	body := busyResponse(200)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var answer fullResponse
		if err := xml.NewDecoder(strings.NewReader(body)).Decode(&answer); err != nil {
			b.Fatal(err)
		}
	}
}
