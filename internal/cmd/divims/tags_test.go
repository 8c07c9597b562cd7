package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/figures"
	"divims/internal/lab/long"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// TestTaggedServersThroughAnOutage is the story of a pool with three servers that have the
// tag exam, of which one is to serve at all times. At nine the zone with most of them fails
// for half an hour. People of untagged meetings are never placed on them, and after the
// outage a server of each kind serves.
func TestTaggedServersThroughAnOutage(t *testing.T) {
	long.Only(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "outage.txt")
	if err := os.WriteFile(file, []byte("Mon 09:01 zone-down zone=fr-par-1 for=30m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tagged := []int{5, 7, 8}
	var last figures.Evaluation
	options := sandboxOptions{
		servers: 8, profile: "school", seed: 1, length: 5 * time.Hour, listen: "127.0.0.1:0", scenario: file, json: true,
		set: []string{"TAG_MINIMUMS=exam=1"},
		watch: func(e figures.Evaluation, w *world.World) {
			for i, entry := range w.Entries() {
				if slices.Contains(tagged, i+1) && entry.Tag == "" {
					if err := w.SetTag(entry.ID, "exam"); err != nil {
						t.Error(err)
					}
				}
			}
			last = e
		},
	}
	var out strings.Builder
	if err := runSandbox(t.Context(), options, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var f figures.Figures
	if err := json.Unmarshal([]byte(lastLine(out.String())), &f); err != nil {
		t.Fatal(err)
	}
	if f.InterruptedParticipants+f.LostRecordings+f.SplitMeetings+f.DuplicateMachines+f.EntriesDoubled != 0 || f.LongestFreezeMinutes > maxRandomFreeze {
		t.Errorf("the outage did harm: %+v", f)
	}
	serving := map[bool]int{}
	for _, number := range last.Serving {
		serving[slices.Contains(tagged, number)]++
	}
	if serving[true] == 0 || serving[false] == 0 {
		t.Errorf("at the end %d tagged servers serve and %d others", serving[true], serving[false])
	}
	if len(last.Record.Plan.Tagged) != 1 || last.Record.Plan.Tagged[0].Required.Servers != pool.Seen(1) {
		t.Errorf("the groups with a tag are %+v", last.Record.Plan.Tagged)
	}
}
