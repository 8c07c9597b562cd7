// Package hostile has helpers for tests of code that reads outside data: recorded texts as seeds for fuzzing, checks
// of the memory that a reader allocates and of the texts that it reports, and responses that are too large.
package hostile

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Seeds returns the recorded texts that match a pattern such as "bbb/*.xml". It returns
// none if there are no recordings beside the repository, so a corpus needs samples of
// its own, too.
func Seeds(f *testing.F, pattern string) []string {
	f.Helper()
	names, err := filepath.Glob(filepath.Join(root(f), "../shared/data", pattern))
	if err != nil {
		f.Fatal(err)
	}
	texts := make([]string, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts
}

// root returns the root folder of the repository.
func root(f *testing.F) string {
	f.Helper()
	folder, err := os.Getwd()
	if err != nil {
		f.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			f.Fatal("no go.mod above the test")
		}
		folder = filepath.Dir(folder)
	}
}

// maxTextSize is the longest text about outside data that CheckText accepts, in bytes.
// Longer texts would fill logs and decision records.
const maxTextSize = 2000

// CheckText fails the test if a text about outside data, such as an error, is long, is
// not valid UTF-8, or contains control characters, which could start a new line or
// control a terminal.
func CheckText(t *testing.T, text string) {
	t.Helper()
	if len(text) > maxTextSize {
		t.Errorf("the text has %d bytes, want at most %d: %.200q", len(text), maxTextSize, text)
	}
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		t.Errorf("the text has control characters or is not valid UTF-8: %.200q", text)
	}
}

// Text is a text that attacks a terminal, a log line, a table, a mail and a page: escape
// sequences, a forged line and header, a line written over, text turned around, hidden
// characters, bytes that are not UTF-8, and HTML.
const Text = "\x1b[31mred\x1b[2J\x1b]0;root\x07\u009b1m\x9b\r\nerror: forged\nBcc: all@example.com\rover\tcolumn\b" +
	"\u202egnp\u202c\u2066\u200b\ufeff\u2028\x00\xff<script>alert(1)</script>"

// CheckShown fails the test if a text that is shown to people has something of Text that
// controls what shows it. Line feeds are allowed, but not those of Text.
func CheckShown(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(text, "[31mred") {
		t.Errorf("the hostile text is not shown: %.2000q", text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }) || !utf8.ValidString(text) {
		t.Errorf("the text has control characters or invisible ones, or is not valid UTF-8: %.2000q", text)
	}
	if strings.Contains(text, "\nerror: forged") || strings.Contains(text, "\nBcc:") || strings.Contains(text, "\u2028") {
		t.Errorf("the text has a forged line: %.2000q", text)
	}
}

// Within runs a reader, and fails the test if the reader allocates more than maxAlloc
// bytes in all, including what it frees meanwhile. Allocations of other goroutines
// count, too, so maxAlloc must be generous.
func Within(t *testing.T, maxAlloc uint64, read func()) {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > maxAlloc {
		t.Errorf("%d kB of memory were allocated, want at most %d kB", allocated>>10, maxAlloc>>10)
	}
}

// Bomb returns a handler that sends head and then at least size bytes of repeated text.
// The body is compressed with gzip, which net/http decompresses by itself, so it is
// small to send and large to read.
func Bomb(t *testing.T, contentType, head, repeated string, size int) http.HandlerFunc {
	t.Helper()
	var compressed strings.Builder
	writer, err := gzip.NewWriterLevel(&compressed, gzip.BestSpeed)
	if err == nil {
		_, err = io.WriteString(writer, head)
	}
	block := strings.Repeat(repeated, 1+(1<<16)/len(repeated))
	for sent := 0; sent < size && err == nil; sent += len(block) {
		_, err = io.WriteString(writer, block)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(compressed.Len()))
		_, _ = fmt.Fprint(w, compressed.String())
	}
}
