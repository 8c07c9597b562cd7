package scenario

import (
	"fmt"
	"strconv"
	"time"
)

// The methods below return the values of an event's keys. The values have been checked.

// number returns the value of a key that takes a whole number, or otherwise if the key was
// not given.
func (e *Event) number(key string, otherwise int) int {
	if value, err := strconv.Atoi(e.Values[key]); err == nil {
		return value
	}
	return otherwise
}

// duration returns the value of a key that takes a duration, or otherwise if the key was
// not given.
func (e *Event) duration(key string, otherwise time.Duration) time.Duration {
	if value, err := time.ParseDuration(e.Values[key]); err == nil {
		return value
	}
	return otherwise
}

// defaultMinutes is the boot time without the key "minutes".
const defaultMinutes = 11

// minutes returns the value of the key "minutes".
func (e *Event) minutes() time.Duration {
	return time.Duration(e.number("minutes", defaultMinutes)) * time.Minute
}

// The functions below are checks of keys.

func checkMinutes(value string) error {
	if minutes, err := parseNumber(value); err != nil || minutes > 24*60 {
		return fmt.Errorf("%q must be a whole number from 1 to %d", value, 24*60)
	}
	return nil
}

func checkStatus(value string) error {
	if status, err := parseNumber(value); err != nil || status < 400 || status > 599 {
		return fmt.Errorf("%q must be an HTTP status from 400 to 599", value)
	}
	return nil
}

// maxWhole is above every sensible number of threads and polls.
const maxWhole = 100_000

func checkWholeFrom(least int) func(string) error {
	return func(value string) error {
		if number, err := strconv.Atoi(value); err != nil || number < least || number > maxWhole {
			return fmt.Errorf("%q must be a number from %d to %d", value, least, maxWhole)
		}
		return nil
	}
}

func checkPositive(value string) error {
	if duration, err := time.ParseDuration(value); err != nil || duration <= 0 {
		return fmt.Errorf("%q must be a duration above 0, like 5s", value)
	}
	return nil
}

func checkInterval(value string) error {
	if duration, err := time.ParseDuration(value); err != nil || duration < time.Second {
		return fmt.Errorf("%q must be a duration of 1s or more, like 15s", value)
	}
	return nil
}

func checkOffset(text string) error {
	if offset, err := time.ParseDuration(text); err != nil || offset == 0 {
		return fmt.Errorf("%q must be a duration other than 0, like -11m or 1h", text)
	}
	return nil
}

// maxCalls is far more than an evaluation makes.
const maxCalls = 1_000_000

func checkCalls(text string) error {
	if calls, err := strconv.Atoi(text); err != nil || calls < 1 || calls > maxCalls {
		return fmt.Errorf("%q must be a number of calls, 1 to %d", text, maxCalls)
	}
	return nil
}
