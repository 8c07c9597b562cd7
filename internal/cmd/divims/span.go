package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"divims/internal/config/setting"
)

const week = 7 * 24 * time.Hour

// span is a duration flag that also accepts weeks, as in "6w".
type span time.Duration

// maxWeeks is the longest span.
const maxWeeks = 1000

// String returns the span in the form that Set reads.
func (s *span) String() string {
	if d := time.Duration(*s); d > 0 && d%week == 0 {
		return fmt.Sprintf("%dw", d/week)
	}
	return time.Duration(*s).String()
}

// Set parses the flag.
func (s *span) Set(text string) error {
	number, inWeeks := strings.CutSuffix(text, "w")
	if !inWeeks {
		duration, err := setting.ParseDuration(text)
		*s = span(duration)
		return err
	}
	weeks, err := setting.ParseNumber(number)
	if err != nil || weeks > maxWeeks {
		return errors.New("must be weeks as in 6w, or a duration as in 10d or 36h")
	}
	*s = span(time.Duration(weeks) * week)
	return nil
}

// Type returns the type's name for the help.
func (s *span) Type() string { return "duration" }
