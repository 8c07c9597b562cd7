package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// newLog returns a logger that writes text to a terminal, and JSON lines to anything else.
func newLog(out io.Writer, level slog.Leveler) *slog.Logger {
	if file, ok := out.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		return slog.New(tint.NewTextHandler(out, &tint.Options{Level: level, TimeFormat: time.TimeOnly}))
	}
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
}
