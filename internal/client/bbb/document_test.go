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

// fillers move what follows them across the edge of the read buffer.
func fillers() []string {
	all := []string{""}
	for length := 4040; length <= 4100; length++ {
		all = append(all, strings.Repeat("x", length))
	}
	return all
}

func TestSkippedContentHidesNothingBehindIt(t *testing.T) {
	tests := []struct{ name, element string }{
		{"empty", `<skipped></skipped>`},
		{"closed by itself", `<skipped/>`},
		{"closed by itself with attributes", `<skipped a="1" b='2' />`},
		{"an attribute that ends like a closing tag", `<skipped a="/"><kept>wrong</kept></skipped>`},
		{"text", `<skipped>some text &amp; more</skipped>`},
		{"children", `<skipped><a><b>1</b></a><kept>wrong</kept></skipped>`},
		{"children of its own name", `<skipped><skipped></skipped><kept>wrong</kept></skipped>`},
		{"children closed by themselves", `<skipped><a/><b c="d"/><kept>wrong</kept></skipped>`},
		{"an end tag in CDATA", `<skipped><![CDATA[</skipped>]] >]]]]></skipped>`},
		{"an end tag in a comment", `<skipped><!-- </skipped> --></skipped>`},
		{"an end tag in an instruction", `<skipped><?php </skipped> ?></skipped>`},
		{"> in attributes", `<skipped><a b="x>y" c='"/>'></a><kept>wrong</kept></skipped>`},
		{"> in an element closed by itself", `<skipped><a b="x>y"/></skipped>`},
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
					t.Fatalf("after %d bytes: kept is %q, %v; want right", len(filler), found["kept"], err)
				}
			}
		})
	}
}

func TestTextIsReadInOnePiece(t *testing.T) {
	tests := []struct{ name, element, want string }{
		{"plain", "<kept>text</kept>", "text"},
		{"empty", "<kept></kept>", ""},
		{"closed by itself", "<kept/>", ""},
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
		{"no XML", "Bad gateway", "no XML element"},
		{"ends inside what is skipped", "<root><skipped><a>", "EOF"},
		{"ends inside a skipped tag", "<root><skipped><a b='", "EOF"},
		{"ends inside skipped CDATA", "<root><skipped><![CDATA[ ]] >", "EOF"},
		{"ends after <", "<root><skipped><", "EOF"},
		{"ends after what is skipped", "<root><skipped></skipped>", "EOF"},
		{"ends inside what is read", "<root><kept>te", "EOF"},
		{"the wrong end tag after what is skipped", "<root><skipped></root>", "closed by"},
		{"the wrong end tag", "<root><kept></root>", "closed by"},
		{"an unknown entity", "<root><kept>&lol;</kept></root>", "entity"},
		{"an element instead of text", "<root><kept><b></b></kept></root>", `element "b" where text should be`},
		{"the same element twice", "<root><kept>1</kept><kept>0</kept></root>", "kept: given twice"},
		{"endless text", "<root><kept>" + strings.Repeat("x", longestElement+1), "longer than 65536 bytes"},
		{"endless text in pieces", "<root><kept>" + strings.Repeat("x<!-- -->", longestElement), "longer than 65536 bytes"},
		{"an endless name", "<root><" + strings.Repeat("x", longestElement+1), "longer than 65536 bytes"},
		{"endless attributes", "<root " + strings.Repeat("a='' ", longestElement), "longer than 65536 bytes"},
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
				t.Errorf("error is %v, want a short one that says %q", err, test.want)
			}
		})
	}
}

func TestReadErrorsAreKept(t *testing.T) {
	lost := errors.New("connection lost")
	for name, text := range map[string]string{
		"in what is skipped": "<root><skipped>",
		"in what is read":    "<root><kept>",
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

// busyAnswer is the answer of a server with one meeting of so many people.
func busyAnswer(people int) string {
	var attendees strings.Builder
	for i := range people {
		fmt.Fprintf(&attendees, `<attendee><userID>w_%d</userID><fullName>Ada &amp; Co</fullName><role>VIEWER</role>`+
			`<isPresenter>false</isPresenter><isListeningOnly>false</isListeningOnly><hasJoinedVoice>true</hasJoinedVoice>`+
			`<hasVideo>false</hasVideo><clientType>HTML5</clientType><customdata><a><![CDATA[b]]></a></customdata></attendee>`, i)
	}
	return answerWith(meetingXML("participantCount", fmt.Sprint(people), "attendees", attendees.String()))
}

func TestLargeAnswerCostsNoMemory(t *testing.T) {
	body := busyAnswer(4000)
	if len(body) < 1<<20 {
		t.Fatalf("the answer has %d bytes, want 1 MB at least", len(body))
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
		t.Errorf("an answer of %d bytes took %d bytes of memory", len(body), taken)
	}
}

func BenchmarkMeetingsWith200Attendees(b *testing.B) {
	body := busyAnswer(200)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseMeetings(strings.NewReader(body)); err != nil {
			b.Fatal(err)
		}
	}
}
