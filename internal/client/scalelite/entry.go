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
	// longestText bounds an id, a URL, a tag and a version, in bytes.
	longestText = 2048
	// largestNumber is more than any load: a larger one is an error.
	largestNumber = 1_000_000_000
)

// entry is the JSON object in which Scalelite shows an entry.
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

// parseEntries reads the answer of getServers, one object after the other: a long
// list of small things that are no entries takes no memory.
func parseEntries(body []byte) ([]pool.Entry, error) {
	list := json.NewDecoder(bytes.NewReader(body))
	if begin, err := list.Token(); err != nil || begin != json.Delim('[') {
		return nil, errors.New("the answer is no list")
	}
	entries, seen := []pool.Entry{}, map[string]bool{}
	for list.More() {
		entry, err := nextEntry(list)
		if err == nil && seen[entry.ID] {
			err = fmt.Errorf("its id %.40q is another's, too", entry.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries)+1, err)
		}
		entries, seen[entry.ID] = append(entries, entry), true
	}
	if _, err := list.Token(); err != nil {
		return nil, fmt.Errorf("the end of the list: %w", err)
	}
	if _, err := list.Token(); err != io.EOF {
		return nil, errors.New("there is more behind the list")
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

// parseEntry reads one object, and refuses what it cannot read to the letter.
func parseEntry(object []byte) (pool.Entry, error) {
	var e entry
	if err := json.Unmarshal(object, &e); err != nil {
		return pool.Entry{}, err
	}
	if e.ID == "" || e.URL == "" {
		return pool.Entry{}, errors.New("no id or no url")
	}
	if max(len(e.ID), len(e.URL), len(e.Tag), len(e.BBBVersion)) > longestText {
		return pool.Entry{}, fmt.Errorf("one of its texts is longer than %d bytes", longestText)
	}
	if _, known := requests[e.State]; !known {
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

// parseNumber reads a number that may be written as a string.
func parseNumber(value json.RawMessage) (float64, error) {
	number, err := strconv.ParseFloat(strings.Trim(string(value), `"`), 64)
	if err != nil || !(number >= 0 && number <= largestNumber) {
		return 0, fmt.Errorf("%.40q is no number from 0 to %d", value, largestNumber)
	}
	return number, nil
}
