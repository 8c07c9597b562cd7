package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"divims/internal/config/setting"
)

const week = 7 * 24 * time.Hour

// span is a flag's time: weeks as in "6w", or as settings have it.
type span time.Duration

// longestSpan is the longest that is taken, in weeks.
const longestSpan = 1000

// String is the time as Set reads it.
func (s *span) String() string {
	if d := time.Duration(*s); d > 0 && d%week == 0 {
		return fmt.Sprintf("%dw", d/week)
	}
	return time.Duration(*s).String()
}

// Set reads the flag.
func (s *span) Set(text string) error {
	number, inWeeks := strings.CutSuffix(text, "w")
	if !inWeeks {
		duration, err := setting.ParseDuration(text)
		*s = span(duration)
		return err
	}
	weeks, err := strconv.Atoi(number)
	if err != nil || weeks < 0 || weeks > longestSpan {
		return errors.New("has to be weeks as in 6w, or a duration as in 10d or 36h")
	}
	*s = span(time.Duration(weeks) * week)
	return nil
}

// Type names the kind of value in the help.
func (s *span) Type() string { return "duration" }
