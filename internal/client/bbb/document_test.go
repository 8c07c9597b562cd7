package bbb

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// fillers returns texts of different lengths. They move what follows them across the
// edge of the read buffer.
func fillers() []string {
	all := []string{""}
	for length := 4040; length <= 4100; length++ {
		all = append(all, strings.Repeat("x", length))
	}
	return all
}

func TestElementAfterSkippedOneIsRead(t *testing.T) {
	tests := []struct{ name, element string }{
		{"empty", `<skipped></skipped>`},
		{"self-closed", `<skipped/>`},
		{"self-closed with attributes", `<skipped a="1" b='2' />`},
		{"an attribute that ends like a closing tag", `<skipped a="/"><kept>wrong</kept></skipped>`},
		{"text", `<skipped>some text &amp; more</skipped>`},
		{"children", `<skipped><a><b>1</b></a><kept>wrong</kept></skipped>`},
		{"children of its own name", `<skipped><skipped></skipped><kept>wrong</kept></skipped>`},
		{"self-closed children", `<skipped><a/><b c="d"/><kept>wrong</kept></skipped>`},
		{"an end tag in CDATA", `<skipped><![CDATA[</skipped>]] >]]]]></skipped>`},
		{"an end tag in a comment", `<skipped><!-- </skipped> --></skipped>`},
		{"an end tag in an instruction", `<skipped><?php </skipped> ?></skipped>`},
		{"> in attributes", `<skipped><a b="x>y" c='"/>'></a><kept>wrong</kept></skipped>`},
		{"> in a self-closed element", `<skipped><a b="x>y"/></skipped>`},
		{"space in the end tag", `<skipped><a></a ></skipped >`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, filler := range fillers() {
				text := "<root><filler>" + filler + "</filler>" + test.element + "<kept>right</kept></root>"
				d := newDocument(strings.NewReader(text))
				if _, err := d.root(); err != nil {
					t.Fatal(err)
				}
				found, err := readTexts(d, "kept")
				if err != nil || found["kept"] != "right" {
					t.Fatalf("after a filler of %d bytes: kept is %q, %v; want right", len(filler), found["kept"], err)
				}
			}
		})
	}
}

func TestReadTexts(t *testing.T) {
	tests := []struct{ name, element, want string }{
		{"plain", "<kept>text</kept>", "text"},
		{"empty", "<kept></kept>", ""},
		{"self-closed", "<kept/>", ""},
		{"space around", "<kept>\n  text \t</kept>", "text"},
		{"entities", "<kept>a &lt;b&gt; &amp; &#233;</kept>", "a <b> & é"},
		{"CDATA", "<kept>\n<![CDATA[a <b> &amp;]]>\n</kept>", "a <b> &amp;"},
		{"a comment inside", "<kept>te<!-- no -->xt</kept>", "text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDocument(iotest.OneByteReader(strings.NewReader("<root>" + test.element + "</root>")))
			if _, err := d.root(); err != nil {
				t.Fatal(err)
			}
			found, err := readTexts(d, "kept")
			if err != nil || found["kept"] != test.want {
				t.Errorf("text is %q, %v; want %q", found["kept"], err, test.want)
			}
		})
	}
}

func TestBrokenDocumentIsAnError(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "no XML element"},
		{"not XML", "Bad gateway", "no XML element"},
		{"ends inside a skipped element", "<root><skipped><a>", "EOF"},
		{"ends inside a skipped tag", "<root><skipped><a b='", "EOF"},
		{"ends inside skipped CDATA", "<root><skipped><![CDATA[ ]] >", "EOF"},
		{"ends after <", "<root><skipped><", "EOF"},
		{"ends after a skipped element", "<root><skipped></skipped>", "EOF"},
		{"ends inside a read element", "<root><kept>te", "EOF"},
		{"the wrong end tag of a skipped element", "<root><skipped></root>", "closed by"},
		{"the wrong end tag", "<root><kept></root>", "closed by"},
		{"an unknown entity", "<root><kept>&lol;</kept></root>", "entity"},
		{"an element instead of text", "<root><kept><b></b></kept></root>", `element "b" where text is expected`},
		{"the same element twice", "<root><kept>1</kept><kept>0</kept></root>", "kept: occurs twice"},
		{"endless text", "<root><kept>" + strings.Repeat("x", maxElement+1), "longer than 65536 bytes"},
		{"endless text in pieces", "<root><kept>" + strings.Repeat("x<!-- -->", maxElement), "longer than 65536 bytes"},
		{"an endless name", "<root><" + strings.Repeat("x", maxElement+1), "longer than 65536 bytes"},
		{"endless attributes", "<root " + strings.Repeat("a='' ", maxElement), "longer than 65536 bytes"},
		{"endless depth", "<root><skipped>" + strings.Repeat("<a>", 1_000_000), "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDocument(strings.NewReader(test.text))
			_, err := d.root()
			if err == nil {
				_, err = readTexts(d, "kept")
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 200 {
				t.Errorf("error is %v, want at most 200 bytes that contain %q", err, test.want)
			}
		})
	}
}

func TestReadErrorsAreKept(t *testing.T) {
	lost := errors.New("connection lost")
	for name, text := range map[string]string{
		"in a skipped element": "<root><skipped>",
		"in a read element":    "<root><kept>",
	} {
		d := newDocument(io.MultiReader(strings.NewReader(text), iotest.ErrReader(lost)))
		if _, err := d.root(); err != nil {
			t.Fatal(err)
		}
		if _, err := readTexts(d, "kept"); !errors.Is(err, lost) {
			t.Errorf("%s: error is %v, want the reader's own", name, err)
		}
	}
}

// busyResponse returns the response of a server with one meeting of that many people.
func busyResponse(people int) string {
	var attendees strings.Builder
	for i := range people {
		fmt.Fprintf(&attendees, `<attendee><userID>w_%d</userID><fullName>Ada &amp; Co</fullName><role>VIEWER</role>`+
			`<isPresenter>false</isPresenter><isListeningOnly>false</isListeningOnly><hasJoinedVoice>true</hasJoinedVoice>`+
			`<hasVideo>false</hasVideo><clientType>HTML5</clientType><customdata><a><![CDATA[b]]></a></customdata></attendee>`, i)
	}
	return meetingsResponse(meetingXML("participantCount", fmt.Sprint(people), "attendees", attendees.String()))
}

func TestLargeResponseTakesLittleMemory(t *testing.T) {
	body := busyResponse(4000)
	if len(body) < 1<<20 {
		t.Fatalf("the response has %d bytes, want at least 1 MB", len(body))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	meetings, err := parseMeetings(strings.NewReader(body))
	runtime.ReadMemStats(&after)
	if err != nil || len(meetings) != 1 || meetings[0].Participants != 4000 {
		t.Fatalf("got %+v, %v; want one meeting of 4000", meetings, err)
	}
	// It takes about 10 KB; a copy of the body alone would take 1 MB.
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 128<<10 {
		t.Errorf("a response of %d bytes took %d bytes of memory", len(body), taken)
	}
}

func BenchmarkMeetingsWith200Attendees(b *testing.B) {
	body := busyResponse(200)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseMeetings(strings.NewReader(body)); err != nil {
			b.Fatal(err)
		}
	}
}
