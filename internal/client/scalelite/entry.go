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
	// maxNumber is more than any real load. A larger number is an error.
	maxNumber = 1_000_000_000
)

// entry is the JSON object with which Scalelite describes an entry.
type entry struct {
	ID             string          `json:"id"`
	URL            string          `json:"url"`
	Secret         pool.Secret     `json:"secret"`
	State          pool.EntryState `json:"state"`
	Load           json.RawMessage `json:"load"`            // a number, or "unavailable"
	LoadMultiplier json.RawMessage `json:"load_multiplier"` // a string; a number when unset
	Online         string          `json:"online"`
	Tag            string          `json:"tag"`
	BBBVersion     string          `json:"bbb_version"`
}

// parseEntries reads the response to getServers. It decodes one object at a time and
// stops at the first invalid one, so a long list of other values takes no memory.
func parseEntries(body []byte) ([]pool.Entry, error) {
	list := json.NewDecoder(bytes.NewReader(body))
	if begin, err := list.Token(); err != nil || begin != json.Delim('[') {
		return nil, errors.New("the response is not a list")
	}
	entries, seen := []pool.Entry{}, map[string]bool{}
	for list.More() {
		entry, err := nextEntry(list)
		if err == nil && seen[entry.ID] {
			err = fmt.Errorf("another entry has the same id %.40q", entry.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries)+1, err)
		}
		entries, seen[entry.ID] = append(entries, entry), true
	}
	if _, err := list.Token(); err != nil {
		return nil, fmt.Errorf("the end of the list: %w", err)
	}
	if _, err := list.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("unexpected text after the list")
	}
	return entries, nil
}

func nextEntry(list *json.Decoder) (pool.Entry, error) {
	var object json.RawMessage
	if err := list.Decode(&object); err != nil {
		return pool.Entry{}, err
	}
	return parseEntry(object)
}

// parseEntry reads one object. Every missing or unexpected value is an error.
func parseEntry(object []byte) (pool.Entry, error) {
	var e entry
	if err := json.Unmarshal(object, &e); err != nil {
		return pool.Entry{}, err
	}
	if e.ID == "" || e.URL == "" {
		return pool.Entry{}, errors.New("id or url is missing")
	}
	if max(len(e.ID), len(e.URL), len(e.Tag), len(e.BBBVersion)) > maxText {
		return pool.Entry{}, fmt.Errorf("id, url, tag or bbb_version is longer than %d bytes", maxText)
	}
	if _, known := stateRequests[e.State]; !known {
		return pool.Entry{}, fmt.Errorf("unknown state %.40q", e.State)
	}
	if e.Online != "online" && e.Online != "offline" {
		return pool.Entry{}, fmt.Errorf("online is %.40q, neither online nor offline", e.Online)
	}
	load, err := parseLoad(e.Load)
	if err != nil {
		return pool.Entry{}, err
	}
	multiplier, err := parseNumber(e.LoadMultiplier)
	if err != nil {
		return pool.Entry{}, fmt.Errorf("load_multiplier: %w", err)
	}
	return pool.Entry{
		ID:             e.ID,
		URL:            e.URL,
		Secret:         e.Secret,
		State:          e.State,
		Load:           load,
		LoadMultiplier: multiplier,
		Online:         e.Online == "online",
		Tag:            e.Tag,
		BBBVersion:     e.BBBVersion,
	}, nil
}

func parseLoad(value json.RawMessage) (pool.Reading[float64], error) {
	if string(value) == `"unavailable"` {
		return pool.Unknown[float64]("Scalelite says unavailable"), nil
	}
	load, err := parseNumber(value)
	if err != nil {
		return pool.Reading[float64]{}, fmt.Errorf("load: %w", err)
	}
	return pool.Seen(load), nil
}

// parseNumber parses a number that may be in quotes.
func parseNumber(value json.RawMessage) (float64, error) {
	number, err := strconv.ParseFloat(strings.Trim(string(value), `"`), 64)
	if err != nil || !(number >= 0 && number <= maxNumber) { // written so that NaN is an error
		return 0, fmt.Errorf("%.40q is not a number from 0 to %d", value, maxNumber)
	}
	return number, nil
}
