package faults

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Skew is how wrong a skewed clock is.
const Skew = 10 * time.Minute

// clockFormats are the services that tell times of their own clock in their answers,
// how these are found there, and how they are set forward. What storage holds is
// not its own: it dates its answers, and nothing else.
var clockFormats = map[string]struct {
	time  *regexp.Regexp
	shift func(text string, by time.Duration) string
}{
	"bbb":      {regexp.MustCompile(`<(create|start|end)Time>\d{10,}`), shiftMilliseconds},
	"stats":    {regexp.MustCompile(`(?m)^(node_time|node_boot_time|divims_stats_timestamp|divims_probe_timestamp|node_textfile_mtime)_seconds(\{.*\})? \S+$`), shiftSeconds},
	"scaleway": {regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`), shiftTimestamp},
}

// skew makes the answer that of a service whose clock is wrong, and always was.
func (a *response) skew(service string, by time.Duration) bool {
	a.set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
	if modified, err := http.ParseTime(a.header.Get("Last-Modified")); err == nil {
		a.set("Last-Modified", modified.Add(by).UTC().Format(http.TimeFormat))
	}
	if clock, known := clockFormats[service]; known {
		a.replace(clock.time.ReplaceAllFunc(a.body, func(text []byte) []byte {
			return []byte(clock.shift(string(text), by))
		}))
	}
	return true
}

// shiftMilliseconds shifts an element's content, in milliseconds since 1970.
func shiftMilliseconds(element string, by time.Duration) string {
	tag, digits, _ := strings.Cut(element, ">")
	at, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return element
	}
	return tag + ">" + strconv.FormatInt(at+by.Milliseconds(), 10)
}

// shiftSeconds shifts the value of a sample, in seconds since 1970.
func shiftSeconds(sample string, by time.Duration) string {
	space := strings.LastIndexByte(sample, ' ') + 1
	at, err := strconv.ParseFloat(sample[space:], 64)
	if err != nil {
		return sample
	}
	return sample[:space] + strconv.FormatFloat(at+by.Seconds(), 'g', -1, 64)
}

// shiftTimestamp shifts an ISO 8601 time without its fraction and zone, which
// stay as they are.
func shiftTimestamp(text string, by time.Duration) string {
	at, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		return text
	}
	return at.Add(by).Format("2006-01-02T15:04:05")
}
