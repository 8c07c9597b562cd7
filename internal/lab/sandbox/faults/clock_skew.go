package faults

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Skew is how far a skewed clock is off.
const Skew = 10 * time.Minute

// clockFormats describe how services write times of their own clock, and how to shift
// them. Storage has no entry, because its own clock is only in response headers.
var clockFormats = map[string]struct {
	time  *regexp.Regexp
	shift func(text string, by time.Duration) string
}{
	"bbb":      {regexp.MustCompile(`<(create|start|end)Time>\d{10,}`), shiftMilliseconds},
	"stats":    {regexp.MustCompile(`(?m)^(node_time|node_boot_time|divims_stats_timestamp|divims_probe_timestamp|node_textfile_mtime)_seconds(\{.*\})? \S+$`), shiftSeconds},
	"scaleway": {regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`), shiftTimestamp},
}

// skew shifts all times in a response, as if the service's clock was always wrong.
func (res *response) skew(service string, by time.Duration) bool {
	date, err := http.ParseTime(res.header.Get("Date"))
	if err != nil {
		date = time.Now()
	}
	res.set("Date", date.Add(by).UTC().Format(http.TimeFormat))
	if modified, err := http.ParseTime(res.header.Get("Last-Modified")); err == nil {
		res.set("Last-Modified", modified.Add(by).UTC().Format(http.TimeFormat))
	}
	if clock, known := clockFormats[service]; known {
		res.replace(clock.time.ReplaceAllFunc(res.body, func(text []byte) []byte {
			return []byte(clock.shift(string(text), by))
		}))
	}
	return true
}

// shiftMilliseconds shifts the content of an XML element, in milliseconds since 1970.
func shiftMilliseconds(element string, by time.Duration) string {
	tag, digits, _ := strings.Cut(element, ">")
	at, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return element
	}
	return tag + ">" + strconv.FormatInt(at+by.Milliseconds(), 10)
}

// shiftSeconds shifts the value of a Prometheus sample, in seconds since 1970.
func shiftSeconds(sample string, by time.Duration) string {
	space := strings.LastIndexByte(sample, ' ') + 1
	at, err := strconv.ParseFloat(sample[space:], 64)
	if err != nil {
		return sample
	}
	return sample[:space] + strconv.FormatFloat(at+by.Seconds(), 'g', -1, 64)
}

// shiftTimestamp shifts an ISO 8601 time without fraction and zone.
func shiftTimestamp(text string, by time.Duration) string {
	at, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		return text
	}
	return at.Add(by).Format("2006-01-02T15:04:05")
}
