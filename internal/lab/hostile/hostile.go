// Package hostile is what tests of readers have in common. In go the name of
// recorded texts, a reader at work, or a text to repeat; out come seeds for a
// corpus, the memory that the reader asked for, and answers that are too large.
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

// Seeds gives the recorded texts that fit the pattern, such as "bbb/*.xml", where
// there are recordings beside the repository. A corpus has to have samples of its
// own, too.
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

// root is the folder of the repository.
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

// longestText bounds what is told of an outside text, in bytes: it must not fill
// the log and the record.
const longestText = 2000

// CheckText fails the test if a text that is told of an outside one, such as an
// error, is long, or holds what could start a line or steer a terminal.
func CheckText(t *testing.T, text string) {
	t.Helper()
	if len(text) > longestText {
		t.Errorf("%d bytes are told: %.200q", len(text), text)
	}
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		t.Errorf("what is told is not for people: %.200q", text)
	}
}

// Within runs a reader, and fails the test if it asks for more memory than that,
// in bytes, in all: what it gives back on the way counts, too. What else runs at
// the same time counts as well, so most has to be generous.
func Within(t *testing.T, most uint64, read func()) {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if asked := after.TotalAlloc - before.TotalAlloc; asked > most {
		t.Errorf("%d kB of memory were asked for, more than %d kB", asked>>10, most>>10)
	}
}

// Bomb answers with a head and then a text again and again, size bytes of it,
// packed with gzip, which net/http unpacks unasked: little to send, much to read.
func Bomb(t *testing.T, contentType, head, again string, size int) http.HandlerFunc {
	t.Helper()
	var packed strings.Builder
	packer, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err == nil {
		_, err = io.WriteString(packer, head)
	}
	block := strings.Repeat(again, 1+(1<<16)/len(again))
	for sent := 0; sent < size && err == nil; sent += len(block) {
		_, err = io.WriteString(packer, block)
	}
	if err == nil {
		err = packer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(packed.Len()))
		fmt.Fprint(w, packed.String())
	}
}
