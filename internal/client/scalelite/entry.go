package scalelite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"divims/internal/pool"
)

const (
	// maxText is the longest id, URL, tag or version, in bytes.
	maxText = 2048
	// maxEntries is the most entries of a list. It is more than Scalelite could poll.
	maxEntries = 20_000
	// maxNumber is more than any real load. A larger number is an error.
	maxNumber = 1_000_000_000
)

// parseEntries reads the response to getServers. An entry that cannot be read has a
// Problem. The error is about the list as a whole. It decodes one object at a time, so
// a long list of other values takes little memory.
func parseEntries(body []byte) ([]pool.Entry, error) {
	list := json.NewDecoder(bytes.NewReader(body))
	if begin, err := list.Token(); err != nil || begin != json.Delim('[') {
		return nil, errors.New("the response is not a list")
	}
	entries, byID := []pool.Entry{}, map[string]int{}
	for list.More() {
		if len(entries) == maxEntries {
			return nil, fmt.Errorf("the list has more than %d entries", maxEntries)
		}
		var object json.RawMessage
		if err := list.Decode(&object); err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries)+1, err)
		}
		entry := parseEntry(object)
		if first, twice := byID[entry.ID]; twice && entry.ID != "" {
			entry.Problem = fmt.Sprintf("another entry has the same id %.40q", entry.ID)
			entries[first].Problem = entry.Problem
		}
		byID[entry.ID] = len(entries)
		entries = append(entries, entry)
	}
	if _, err := list.Token(); err != nil {
		return nil, fmt.Errorf("the end of the list: %w", err)
	}
	if _, err := list.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("unexpected text after the list")
	}
	return entries, nil
}

// parseEntry reads one object. The first missing or unexpected value is the entry's
// Problem. The other values are set.
func parseEntry(object []byte) pool.Entry {
	fields := fields{}
	if err := json.Unmarshal(object, &fields.values); err != nil || fields.values == nil {
		return pool.Entry{Load: pool.Unknown[float64]("the entry cannot be read"), Problem: "it is not an object"}
	}
	entry := pool.Entry{
		URL:        fields.text("url"),
		ID:         fields.text("id"),
		Secret:     pool.NewSecret(fields.text("secret")),
		Tag:        fields.text("tag"),
		BBBVersion: fields.text("bbb_version"),
		State:      pool.EntryState(fields.text("state")),
	}
	if entry.URL == "" || entry.ID == "" {
		fields.note("id or url is missing")
	}
	if _, known := stateRequests[entry.State]; !known {
		fields.note("unknown state %.40q", entry.State)
		entry.State = ""
	}
	online := fields.text("online")
	if entry.Online = online == "online"; !entry.Online && online != "offline" {
		fields.note("online is %.40q, neither online nor offline", online)
	}
	entry.Load = fields.load()
	entry.LoadMultiplier = fields.number("load_multiplier")
	entry.Problem = fields.problem
	return entry
}

// fields are the values of one JSON object.
type fields struct {
	values map[string]json.RawMessage
	// problem is the first one that was found.
	problem string
}

func (f *fields) note(format string, args ...any) {
	if f.problem == "" {
		f.problem = fmt.Sprintf(format, args...)
	}
}

// text returns a text; empty if it is missing, null, or no text. One that is too long is
// cut.
func (f *fields) text(name string) string {
	value, ok := f.values[name]
	if !ok {
		return ""
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		f.note("%s is no text", name)
		return ""
	}
	if len(text) > maxText {
		f.note("%s is longer than %d bytes", name, maxText)
		return strings.ToValidUTF8(text[:maxText], "")
	}
	return text
}

// load returns the load. It is unknown if Scalelite says so, or if it cannot be read.
func (f *fields) load() pool.Reading[float64] {
	if string(f.values["load"]) == `"unavailable"` {
		return pool.Unknown[float64]("Scalelite says unavailable")
	}
	load, err := parseNumber(f.values["load"])
	if err != nil {
		f.note("load: %v", err)
		return pool.Unknown[float64]("load: " + err.Error())
	}
	return pool.Seen(load)
}

// number returns a number; 0 if it cannot be read.
func (f *fields) number(name string) float64 {
	number, err := parseNumber(f.values[name])
	if err != nil {
		f.note("%s: %v", name, err)
	}
	return number
}

// parseNumber parses a number that may be in quotes.
func parseNumber(value json.RawMessage) (float64, error) {
	number, err := strconv.ParseFloat(strings.Trim(string(value), `"`), 64)
	if err != nil || !(number >= 0 && number <= maxNumber) { // written so that NaN is an error
		return 0, fmt.Errorf("%.40q is not a number from 0 to %d", value, maxNumber)
	}
	return number, nil
}
