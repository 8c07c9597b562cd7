// Package setting holds the types of settings that have a text form of their
// own, and what several packages share to read them. It imports nothing of ours,
// so every package that declares settings may import it.
package setting

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the function's machine may have no time zone database
	"unicode"
)

// Error says what a value must be, in words that follow the variable's name. It
// never contains the value, because a secret may have been pasted into the
// wrong variable.
type Error string

func (e Error) Error() string { return string(e) }

// wholeNumber is a decimal number without sign and without leading zeros.
var wholeNumber = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// ParseNumber returns the whole number that a text consists of. Signs, blanks and
// leading zeros are errors, unlike in strconv.Atoi.
func ParseNumber(text string) (int, error) {
	if !wholeNumber.MatchString(text) {
		return 0, Error("must be a whole number without sign and leading zeros")
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, Error("must be a whole number")
	}
	return number, nil
}

// maxDays is the longest duration that ParseDuration accepts: a century.
const maxDays = 36500

const day = 24 * time.Hour

// ParseDuration is time.ParseDuration with days ("15d", "1d12h") and without signs.
func ParseDuration(text string) (time.Duration, error) {
	const problem = Error("must be a duration")
	if strings.ContainsAny(text, "+-") {
		return 0, problem
	}
	var days int
	if number, rest, found := strings.Cut(text, "d"); found {
		var err error
		if days, err = strconv.Atoi(number); err != nil || days > maxDays {
			return 0, problem
		}
		text = rest + "0s" // "15d" has nothing after the days
	}
	duration, err := time.ParseDuration(text)
	if err != nil || duration > maxDays*day {
		return 0, problem
	}
	return time.Duration(days)*day + duration, nil
}

// Percentage is a share in millionths. As a binary fraction, 0.07 × 100 would be
// more than 7, and 7 % of 100 servers would round up to 8.
type Percentage int

// UnmarshalText reads "7%" or "0.07". The latter may have up to six decimals.
func (p *Percentage) UnmarshalText(text []byte) error {
	const problem = Error("must be a percentage")
	number, percent := strings.CutSuffix(string(text), "%")
	if len(number) > 12 || strings.Trim(number, "0123456789.") != "" {
		return problem
	}
	share, ok := new(big.Rat).SetString(number)
	if !ok {
		return problem
	}
	unit := int64(1_000_000)
	if percent {
		unit /= 100
	}
	share.Mul(share, big.NewRat(unit, 1))
	if !share.IsInt() || !share.Num().IsInt64() {
		return problem
	}
	*p = Percentage(share.Num().Int64())
	return nil
}

// Counts are numbers by name.
type Counts map[string]int

// maxCount is the largest number in Counts.
const maxCount = 10_000

// UnmarshalText reads "gpu=2,exam=1".
func (c *Counts) UnmarshalText(text []byte) error {
	counts := Counts{}
	for part := range strings.SplitSeq(string(text), ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(part), "=")
		count, err := ParseNumber(number)
		if _, twice := counts[name]; twice || !visible.MatchString(name) || err != nil || count > maxCount {
			return Error("must be names without blanks, each once, with numbers from 0 to 10000")
		}
		counts[name] = count
	}
	*c = counts
	return nil
}

// visible is printable ASCII without blanks.
var visible = regexp.MustCompile(`^[!-~]+$`)

// Timezone is a zone of the IANA database. Its Location is nil if it was not set.
type Timezone struct{ *time.Location }

// UnmarshalText reads a name such as "Europe/Paris".
func (z *Timezone) UnmarshalText(text []byte) error {
	location, err := time.LoadLocation(string(text))
	if err != nil || location == time.Local {
		return Error("must be a time zone of the IANA database")
	}
	z.Location = location
	return nil
}

// maxKey leaves room for our own object names in S3's 1024 bytes.
const maxKey = 500

// IsKey reports whether a text can be the key of an object in storage. It has no
// part between slashes that is empty, "." or "..", because clients and servers
// resolve these differently.
func IsKey(text string) bool {
	for part := range strings.SplitSeq(text, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return IsLine(text) && len(text) <= maxKey
}

// IsLine reports whether a text is one line, not empty, without control characters.
func IsLine(text string) bool {
	return text != "" && !strings.ContainsFunc(text, unicode.IsControl)
}
