package main

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"

	"divims/internal/fact"
)

// sideBySide returns a writer to which several may write at once, as they may to a file.
func sideBySide(out io.Writer) io.Writer {
	if _, isFile := out.(*os.File); isFile {
		return out
	}
	return &lockedWriter{out: out}
}

// lockedWriter writes for one caller at a time.
type lockedWriter struct {
	lock sync.Mutex
	out  io.Writer
}

func (l *lockedWriter) Write(text []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.out.Write(text)
}

// newLog returns a logger that writes text to a terminal, and JSON lines to anything else.
func newLog(out io.Writer, level slog.Leveler) *slog.Logger {
	if file, ok := out.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		return terminalLog(out, level)
	}
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: fact.CleanAttribute}))
}

// terminalLog returns a logger that writes coloured text. It cleans the texts that it is
// given, because the handler writes their escape sequences as they are.
func terminalLog(out io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(tint.NewTextHandler(out, &tint.Options{Level: level, TimeFormat: time.TimeOnly, ReplaceAttr: fact.CleanAttribute}))
}
