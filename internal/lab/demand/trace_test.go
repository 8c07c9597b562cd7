package demand

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
)

func TestTraceRoundTrip(t *testing.T) {
	want, err := Generate(University, monday, monday.AddDate(0, 0, 2), 1, 200)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := WriteTrace(&text, want); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	packer := gzip.NewWriter(&packed)
	_, _ = packer.Write(text.Bytes())
	_ = packer.Close()
	for name, content := range map[string][]byte{"plain.csv": text.Bytes(), "packed.csv.gz": packed.Bytes()} {
		got, err := ReadTrace(write(t, name, content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: read %d meetings that differ from the %d written ones", name, len(got), len(want))
		}
	}
}

// write creates a file in a temporary folder and returns its path.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTraceIsSortedByStart(t *testing.T) {
	got, err := ReadTrace(write(t, "trace.csv", []byte(traceHeader+"\n"+
		"2026-02-02T09:00:00+01:00,3600,5,60,10,1\n"+
		"2026-02-02T07:00:00Z,3600,6,60,10,0\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := []Meeting{
		{time.Date(2026, 2, 2, 7, 0, 0, 0, time.UTC), time.Hour, 6, time.Minute, 10 * time.Second, false, ""},
		{time.Date(2026, 2, 2, 8, 0, 0, 0, time.UTC), time.Hour, 5, time.Minute, 10 * time.Second, true, ""},
	}
	if !slices.Equal(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
}

func TestBadTraceErrorNamesFileAndLine(t *testing.T) {
	const good = "2026-02-02T07:00:00Z,3600,5,60,10,1\n"
	for name, test := range map[string]struct{ content, says string }{
		"empty file":          {"", "line 1: is missing"},
		"other header":        {"start,end\n", "line 1: is not the header"},
		"too few fields":      {traceHeader + "\n" + good + "2026-02-02T07:00:00Z,3600\n", "line 3: 2 fields"},
		"no time":             {traceHeader + "\nyesterday,3600,5,60,10,1\n", `line 2: start "yesterday"`},
		"year 9999":           {traceHeader + "\n9999-02-02T07:00:00Z,3600,5,60,10,1\n", "line 2: starts in the year 9999"},
		"a million people":    {traceHeader + "\n2026-02-02T07:00:00Z,3600,600000,60,10,1\n", "line 2: has 600000 participants"},
		"number too large":    {traceHeader + "\n2026-02-02T07:00:00Z,9223372036854775807,5,60,10,1\n", "line 2: duration_s"},
		"number below zero":   {traceHeader + "\n2026-02-02T07:00:00Z,-9223372036854775808,5,60,10,1\n", "line 2: duration_s"},
		"no number":           {traceHeader + "\n2026-02-02T07:00:00Z,3600,1e308,60,10,1\n", "line 2: participants"},
		"no duration":         {traceHeader + "\n2026-02-02T07:00:00Z,0,5,0,0,1\n", "line 2: lasts 0s"},
		"joins take too long": {traceHeader + "\n2026-02-02T07:00:00Z,60,5,61,10,1\n", "line 2: joins take 1m1s"},
		"leaves take too":     {traceHeader + "\n2026-02-02T07:00:00Z,60,5,0,61,1\n", "line 2: leaves take 1m1s"},
		"recorded twice":      {traceHeader + "\n2026-02-02T07:00:00Z,60,5,0,0,2\n", "line 2: recorded is 2"},
		"endless line":        {traceHeader + "\n" + good + strings.Repeat("9", 1<<16), "line 3: bufio.Scanner: token too long"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "trace.csv", []byte(test.content))
			meetings, err := ReadTrace(path)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%d meetings, error %v, want one with the path and %q", len(meetings), err, test.says)
			}
		})
	}
	if _, err := ReadTrace(write(t, "plain.csv.gz", []byte(traceHeader))); !errors.Is(err, gzip.ErrHeader) {
		t.Errorf("uncompressed file with a name in .gz: %v, want gzip.ErrHeader", err)
	}
	if _, err := ReadTrace("nowhere.csv"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file = %v", err)
	}
}

// brokenPipe is a writer that always fails.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestFailedWriteIsReported(t *testing.T) {
	if err := WriteTrace(brokenPipe{}, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write = %v, want closed", err)
	}
}

// FuzzParseRow checks that every accepted row is a meeting within bounds and that it is
// the same after it is written and read again.
func FuzzParseRow(f *testing.F) {
	f.Add("2026-02-02T07:00:00Z,3600,5,60,10,1")
	f.Add("2026-02-02T07:00:00.5+01:00,3600,5,60,10,0")
	f.Add("2026-02-02T07:00:00Z,-1,,,,")
	f.Add("9999-12-31T23:59:59Z,9223372036854775808,1e308,60,10,1")
	f.Fuzz(func(t *testing.T, row string) {
		m, err := parseRow(row)
		if err != nil {
			hostile.CheckText(t, err.Error())
			return
		}
		if err := m.check(); err != nil {
			t.Errorf("%q was accepted though it is out of bounds: %v", row, err)
		}
		var text bytes.Buffer
		if err := WriteTrace(&text, []Meeting{m}); err != nil {
			t.Fatal(err)
		}
		m.Start = m.Start.Truncate(time.Second)
		if again, err := readTrace(&text, false); err != nil || len(again) != 1 || again[0] != m {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
	})
}

// referenceTrace reads the reference trace of a profile from beside the module, or skips
// the test if there is none.
func referenceTrace(t *testing.T, profile Profile) []Meeting {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	path := filepath.Join(root, "..", "shared", "data", "traces", string(profile)+"-101-1500.csv.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no reference trace: %v", err)
	}
	meetings, err := ReadTrace(path)
	if err != nil {
		t.Fatal(err)
	}
	return meetings
}
