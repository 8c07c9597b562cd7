package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// selection is the value of servers=: which servers an event is about.
type selection struct {
	// fixed are the numbers of given servers, sorted.
	fixed []int
	// all selects the whole pool. All other selections are among the servers whose
	// machine runs at that moment.
	all bool
	// count and percent limit how many are drawn; 0 for no limit.
	count, percent int
}

// serversForms says how the value of servers= may look.
const serversForms = "numbers (2,5-8), all, running, random:N or N%"

// parseSelection parses the value of servers= for a pool of that many servers.
func parseSelection(text string, size int) (selection, error) {
	switch text {
	case "all":
		return selection{all: true}, nil
	case "running":
		return selection{}, nil
	}
	if number, ok := strings.CutPrefix(text, "random:"); ok {
		count, err := parseNumber(number)
		if err != nil {
			return selection{}, fmt.Errorf("random: needs a number of servers from 1, not %q", number)
		}
		return selection{count: count}, nil
	}
	if number, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := parseNumber(number)
		if err != nil || percent > 100 {
			return selection{}, fmt.Errorf("a percentage must be 1%% to 100%%, not %q", text)
		}
		return selection{percent: percent}, nil
	}
	fixed, err := parseNumbers(text, size)
	return selection{fixed: fixed}, err
}

// parseNumbers parses numbers and ranges of servers, for example "2,5-8".
func parseNumbers(text string, size int) ([]int, error) {
	var numbers []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := parseNumber(first)
		to, err2 := parseNumber(last)
		switch {
		case errors.Join(err, err2) != nil:
			return nil, fmt.Errorf("%q must be %s", text, serversForms)
		case to < from:
			return nil, fmt.Errorf("the range %s ends before it begins", part)
		case to > size:
			return nil, fmt.Errorf("there is no server %d: the servers are 1 to %d", max(from, size+1), size)
		}
		for number := from; number <= to; number++ {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

// parseNumber parses a whole number from 1, without a sign.
func parseNumber(text string) (int, error) {
	number, err := strconv.ParseUint(text, 10, 31)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("%q must be a whole number from 1", text)
	}
	return int(number), nil
}

// resolve returns the numbers of the selected servers, sorted. running are the servers whose
// machine runs. The draw among them depends on the seed, the line and the servers' numbers
// only.
func (s selection) resolve(size int, running []int, seed uint64, line int) []int {
	if s.fixed != nil {
		return slices.Clone(s.fixed)
	}
	if s.all {
		return numbersTo(size)
	}
	count := len(running)
	if s.count > 0 {
		count = min(count, s.count)
	}
	if s.percent > 0 {
		count = (len(running)*s.percent + 99) / 100
	}
	drawn := slices.SortedFunc(slices.Values(running), func(a, b int) int {
		return cmp.Or(cmp.Compare(drawRank(seed, line, a), drawRank(seed, line, b)), cmp.Compare(a, b))
	})[:count]
	slices.Sort(drawn)
	return drawn
}

// isFixed reports whether the selection is the same at any moment.
func (s selection) isFixed() bool { return s.fixed != nil }

// numbersTo returns the numbers from 1 to size.
func numbersTo(size int) []int {
	numbers := make([]int, size)
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}

// drawRank draws a server's rank among those that a line selects from.
func drawRank(seed uint64, line, server int) uint64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "servers\x00%d\x00%d", line, server)
	return rand.New(rand.NewPCG(seed, hash.Sum64())).Uint64()
}
