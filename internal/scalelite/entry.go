package scalelite

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"divims/internal/pool"
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

// parseEntries reads the answer of getServers.
func parseEntries(body []byte) ([]pool.Entry, error) {
	var objects []json.RawMessage
	if err := json.Unmarshal(body, &objects); err != nil {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	if objects == nil {
		return nil, errors.New("read the list: null is no list")
	}
	entries := make([]pool.Entry, len(objects))
	for i, object := range objects {
		var err error
		if entries[i], err = parseEntry(object); err != nil {
			return nil, fmt.Errorf("entry %d of %d: %w", i+1, len(objects), err)
		}
	}
	return entries, nil
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
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) || number < 0 {
		return 0, fmt.Errorf("%.40q is no number from 0 up", value)
	}
	return number, nil
}
