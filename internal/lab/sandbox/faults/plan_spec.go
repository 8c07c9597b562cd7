package faults

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Syntax is the syntax that UnmarshalText reads.
const Syntax = "SERVICE[#SERVER]:CALL:KIND[@N|@N-M|@N-][%PERCENT], seed=N and race=PERCENT%, separated by ;"

// UnmarshalText reads a plan, for example
//
//	scaleway:POST servers:500@2; bbb#3:getMeetings:hang%5; seed=7; race=5%
//
// The error names all problems.
func (p *Plan) UnmarshalText(text []byte) error {
	*p = Plan{}
	var problems []error
	for part := range strings.SplitSeq(string(text), ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if err := p.add(part); err != nil {
			problems = append(problems, fmt.Errorf("%q: %w", part, err))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w\nthe syntax is %s", errors.Join(problems...), Syntax)
	}
	return p.check()
}

func (p *Plan) add(part string) (err error) {
	if number, found := strings.CutPrefix(part, "seed="); found {
		p.Seed, err = strconv.ParseUint(number, 10, 64)
		return cause(err)
	}
	if number, found := strings.CutPrefix(part, "race="); found {
		p.RacePercent, err = parsePercent(strings.TrimSuffix(number, "%"))
		return err
	}
	rule, err := parseRule(part)
	p.Rules = append(p.Rules, rule)
	return err
}

func parseRule(text string) (rule Rule, err error) {
	words := strings.Split(text, ":")
	if len(words) != 3 {
		return rule, errors.New("neither a rule nor seed=N nor race=PERCENT%")
	}
	service, server, ofServer := strings.Cut(words[0], "#")
	what, percent, byChance := strings.Cut(words[2], "%")
	kind, numbers, counted := strings.Cut(what, "@")
	rule = Rule{Service: service, Call: words[1], Kind: Kind(kind)}
	if ofServer {
		if rule.Server, err = parseCount(server); err != nil {
			return rule, err
		}
	}
	if byChance {
		if rule.Percent, err = parsePercent(percent); err != nil {
			return rule, err
		}
	}
	if counted {
		rule.From, rule.To, err = parseRange(numbers)
	}
	return rule, err
}

// parseRange reads the part after the @: 2, 2-5 or 2-.
func parseRange(text string) (from, to int, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if from, err = parseCount(first); err != nil || isRange && last == "" {
		return from, 0, err
	}
	if !isRange {
		return from, from, nil
	}
	to, err = parseCount(last)
	return from, to, err
}

func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		err = strconv.ErrRange
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a number from 1: %w", text, cause(err))
	}
	return n, nil
}

func parsePercent(text string) (float64, error) {
	percent, err := strconv.ParseFloat(text, 64)
	if err == nil && !(percent > 0 && percent <= 100) {
		err = strconv.ErrRange
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a percentage above 0 and up to 100: %w", text, cause(err))
	}
	return percent, nil
}

// cause removes the function name and the text that strconv adds to its errors.
func cause(err error) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return number.Err
	}
	return err
}

// MarshalText writes a plan so that UnmarshalText can read it.
func (p Plan) MarshalText() ([]byte, error) {
	var parts []string
	for _, rule := range p.Rules {
		parts = append(parts, rule.String())
	}
	if p.Seed != 0 {
		parts = append(parts, fmt.Sprintf("seed=%d", p.Seed))
	}
	if p.RacePercent != 0 {
		parts = append(parts, fmt.Sprintf("race=%g%%", p.RacePercent))
	}
	return []byte(strings.Join(parts, "; ")), nil
}

// String writes a rule so that UnmarshalText can read it.
func (r Rule) String() string {
	text := fmt.Sprintf("%s:%s", Operation{r.Service, r.Call, r.Server}, r.Kind)
	switch {
	case r.To == 0 && r.From > 0:
		text += fmt.Sprintf("@%d-", r.From)
	case r.To > 0 && r.From == r.To:
		text += fmt.Sprintf("@%d", r.To)
	case r.To > 0:
		text += fmt.Sprintf("@%d-%d", max(1, r.From), r.To)
	}
	if r.Percent != 0 {
		text += fmt.Sprintf("%%%g", r.Percent)
	}
	return text
}
