package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"divims/internal/config"
	"divims/internal/lab/hostile"
)

// ownColour matches an escape sequence with which the log itself colours a word.
var ownColour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func TestTerminalIsNotControlledFromOutside(t *testing.T) {
	var log bytes.Buffer
	terminalLog(&log, slog.LevelDebug).With("pool", hostile.Text).Error(hostile.Text, "text", hostile.Text, "error", errors.New(hostile.Text))
	if line := log.String(); strings.Count(line, "\n") != 1 || strings.Contains(line, "\x1b[31m") || strings.Count(line, "[31mred") != 4 {
		t.Errorf("a log line: %q", line)
	}
	hostile.CheckShown(t, ownColour.ReplaceAllString(log.String(), ""))

	hostile.CheckShown(t, errorText(fmt.Errorf("read meetings: %w", errors.New(hostile.Text))))

	problems := config.Problems{{Variable: "DIVIMS_POOL", Wrong: "is missing"}, {Variable: "DIVIMS_ZONES", Wrong: "is missing"}}
	if text, want := errorText(problems), "2 of the settings cannot be used:\n  - DIVIMS_POOL is missing\n  - DIVIMS_ZONES is missing"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
}
