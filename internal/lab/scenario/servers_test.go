package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseSelection(t *testing.T) {
	running := []int{2, 3, 5, 7, 11}
	tests := []struct {
		value string
		want  string // the servers, or the end of an error
		count int    // of those drawn, if they are drawn
	}{
		{value: "3", want: "[3]"},
		{value: "2,5-8", want: "[2 5 6 7 8]"},
		{value: "12,1-3,2", want: "[1 2 3 12]"},
		{value: "4-4", want: "[4]"},
		{value: "all", want: "[1 2 3 4 5 6 7 8 9 10 11 12]"},
		{value: "running", want: "[2 3 5 7 11]"},
		{value: "random:1", count: 1},
		{value: "random:4", count: 4},
		{value: "random:5", want: "[2 3 5 7 11]"},
		{value: "random:99", want: "[2 3 5 7 11]"},
		{value: "1%", count: 1},
		{value: "20%", count: 1},
		{value: "21%", count: 2},
		{value: "100%", want: "[2 3 5 7 11]"},
		{value: "0", want: `"0" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "13", want: "there is no server 13: the servers are 1 to 12"},
		{value: "10-20", want: "there is no server 13: the servers are 1 to 12"},
		{value: "15-20", want: "there is no server 15: the servers are 1 to 12"},
		{value: "8-5", want: "the range 8-5 ends before it begins"},
		{value: "1,,2", want: `"1,,2" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "-3", want: `"-3" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "+3", want: `"+3" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "1-2-3", want: `"1-2-3" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "All", want: `"All" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "99999999999", want: `"99999999999" must be numbers (2,5-8), all, running, random:N or N%`},
		{value: "random:0", want: `random: needs a number of servers from 1, not "0"`},
		{value: "random:", want: `random: needs a number of servers from 1, not ""`},
		{value: "0%", want: `a percentage must be 1% to 100%, not "0%"`},
		{value: "101%", want: `a percentage must be 1% to 100%, not "101%"`},
		{value: "2.5%", want: `a percentage must be 1% to 100%, not "2.5%"`},
	}
	for _, test := range tests {
		t.Run(test.value, func(t *testing.T) {
			s, err := parseSelection(test.value, 12)
			if err != nil {
				if err.Error() != test.want {
					t.Errorf("error %q; want %q", err, test.want)
				}
				return
			}
			got := s.resolve(12, running, 1, 7)
			if test.want != "" && fmt.Sprint(got) != test.want {
				t.Errorf("servers %v; want %s", got, test.want)
			}
			if test.count > 0 && (len(got) != test.count || !slices.IsSorted(got) || slices.ContainsFunc(got, func(n int) bool { return !slices.Contains(running, n) })) {
				t.Errorf("servers %v; want %d of %v", got, test.count, running)
			}
		})
	}
}

// TestSelectionIsStable checks that what a line draws depends on the seed, the line and
// the servers that run, and that it is not always the same.
func TestSelectionIsStable(t *testing.T) {
	three := selection{count: 3}
	running := numbersTo(12)
	first := three.resolve(12, running, 1, 7)
	for line := range 20 {
		three.resolve(12, running, 1, line) // what other lines draw does not matter
	}
	if again := three.resolve(12, running, 1, 7); !slices.Equal(first, again) {
		t.Errorf("line 7 drew %v, then %v", first, again)
	}
	other := slices.DeleteFunc(slices.Clone(running), func(n int) bool { return !slices.Contains(first, n) && n%2 == 0 })
	if again := three.resolve(12, other, 1, 7); !slices.Equal(first, again) {
		t.Errorf("line 7 drew %v, and %v when others did not run", first, again)
	}
	drawn := map[string]int{}
	for line := range 50 {
		for seed := range uint64(4) {
			drawn[fmt.Sprint(selection{count: 1}.resolve(12, running, seed, line))]++
		}
	}
	if len(drawn) != 12 {
		t.Errorf("200 draws of one of 12 servers drew %v", drawn)
	}
	for servers, count := range drawn {
		if count > 40 {
			t.Errorf("200 draws drew %s %d times", servers, count)
		}
	}
}

func TestNoServerRuns(t *testing.T) {
	for _, value := range strings.Fields("running random:2 50%") {
		s, err := parseSelection(value, 12)
		if got := s.resolve(12, nil, 1, 7); err != nil || len(got) > 0 {
			t.Errorf("%s selects %v, error %v; want none", value, got, err)
		}
	}
}
