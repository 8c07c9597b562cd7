package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/client/calendar"
	"divims/internal/config"
	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

const calendarHelp = `Show what the policy schedule reads in a calendar: when, for how many people, how many
servers that takes, and everything that cannot be read, with its line.

Without --file it is the feed of the pool, whose settings come from DIVIMS_ environment
variables. A file can be read without a pool; the servers are then not known.

--from and --to are dates or times in the pool's zone, such as 2026-03-09 or
2026-03-09T08:00, or times with a zone, such as 2026-03-09T07:00:00Z. A date is its
midnight. Without them it is two weeks from today. JSON has all times in UTC.`

const calendarExample = `  divims calendar
  divims calendar --file courses.ics --timezone Europe/Paris --from 2026-03-09 --to 2026-03-16`

// calendarOptions are the flags of the command.
type calendarOptions struct {
	file, from, to, mode, timezone string
}

func newCalendar() *cobra.Command {
	var o calendarOptions
	cmd := &cobra.Command{
		Use:     "calendar",
		Short:   "Show what the schedule reads in the pool's calendar or in a file",
		Long:    calendarHelp,
		Example: calendarExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.file, "file", "", "iCalendar `FILE` to read instead of the pool's feed")
	flags.StringVar(&o.from, "from", "", "`time` from which events are shown (default: today)")
	flags.StringVar(&o.to, "to", "", "`time` until which events are shown (default: two weeks after --from)")
	flags.StringVar(&o.mode, "mode", "", "step or window (default: DIVIMS_CALENDAR_MODE)")
	flags.StringVar(&o.timezone, "timezone", "", "IANA time `zone` of times without one (default: DIVIMS_TIMEZONE)")
	return cmd
}

func (o calendarOptions) run(cmd *cobra.Command) error {
	settings, hasPool, err := o.settings()
	if err != nil {
		return err
	}
	if o.file == "" && !settings.Calendar.URL.IsSet() {
		return errors.New("the pool has no calendar: set DIVIMS_CALENDAR_URL, or give a file with --file")
	}
	from, to, err := o.window(time.Now(), settings.Decision.Timezone.Location)
	if err != nil {
		return err
	}
	read, err := o.read(cmd.Context(), settings, from, to)
	if err != nil {
		return runError{err}
	}
	shown := newTimetable(read, from, to, settings.Decision)
	if asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(shown)
	} else {
		err = shown.text(cmd.OutOrStdout(), settings.Decision, hasPool)
	}
	if err != nil {
		return runError{err}
	}
	return nil
}

// settings returns the pool's settings with the flags. A file can be read without a pool:
// then they are examples, and hasPool is false.
func (o calendarOptions) settings() (settings config.Settings, hasPool bool, err error) {
	environ := os.Environ()
	hasPool = o.file == "" || os.Getenv("DIVIMS_POOL") != ""
	if !hasPool {
		environ = config.Examples()
		for _, name := range []string{"DIVIMS_TIMEZONE", "DIVIMS_CALENDAR_MODE"} {
			environ = append(environ, name+"="+os.Getenv(name))
		}
	}
	if o.timezone != "" {
		environ = append(environ, "DIVIMS_TIMEZONE="+o.timezone)
	}
	if o.mode != "" {
		environ = append(environ, "DIVIMS_CALENDAR_MODE="+o.mode)
	}
	settings, err = config.Load(environ)
	return settings, hasPool, err
}

// defaultDays is how many days are shown without --to.
const defaultDays = 14

// window returns the times of --from and --to.
func (o calendarOptions) window(now time.Time, zone *time.Location) (from, to time.Time, err error) {
	year, month, day := now.In(zone).Date()
	from = time.Date(year, month, day, 0, 0, 0, 0, zone)
	if o.from != "" {
		if from, err = parseMoment(o.from, zone); err != nil {
			return from, to, fmt.Errorf("--from %q: %w", o.from, err)
		}
	}
	to = from.In(zone).AddDate(0, 0, defaultDays)
	if o.to != "" {
		if to, err = parseMoment(o.to, zone); err != nil {
			return from, to, fmt.Errorf("--to %q: %w", o.to, err)
		}
	}
	if !to.After(from) {
		return from, to, errors.New("--to must be after --from")
	}
	return from, to, nil
}

// parseMoment parses a date or a time, which is in zone unless it names an offset.
func parseMoment(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("must be a date such as 2026-03-09, or a time such as 2026-03-09T08:00 or 2026-03-09T07:00:00Z")
}

// read reads the file or the pool's feed.
func (o calendarOptions) read(ctx context.Context, settings config.Settings, from, to time.Time) (pool.Calendar, error) {
	if o.file != "" {
		return readCalendarFile(o.file, from, to, settings.Decision.Timezone.Location)
	}
	outside, err := handler.Connect(settings)
	if err != nil {
		return pool.Calendar{}, err
	}
	read, _, err := outside.Calendar.Events(ctx, from, to, nil)
	return read, err
}

// readCalendarFile reads the events of a file between two times.
func readCalendarFile(name string, from, to time.Time, zone *time.Location) (pool.Calendar, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return pool.Calendar{}, fmt.Errorf("read calendar: %w", err)
	}
	read, err := calendar.Read(text, from, to, zone)
	if err != nil {
		return pool.Calendar{}, fmt.Errorf("read calendar %s: %w; give a file in the iCalendar format (.ics), such as the feed's address returns", name, err)
	}
	read.Source = "file " + name
	return read, nil
}

// timetable is what the schedule reads in a calendar.
type timetable struct {
	Events   []timetableEvent `json:"events"`
	Warnings []string         `json:"warnings"`

	source string
	rows   []timetableRow
}

// timetableEvent is one event. It has participants or a percentage of the pool's capacity.
type timetableEvent struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Users   *int      `json:"users"`
	Percent *float64  `json:"percent"`
	Summary string    `json:"summary"`
}

// timetableRow has an event's people and servers for the table.
type timetableRow struct {
	start, end            time.Time
	participants, servers int
	summary               string
}

// newTimetable returns the events with users= between two times, as they are in force in
// the schedule's mode. Events that do not count as written are warnings.
func newTimetable(read pool.Calendar, from, to time.Time, decision scaling.Config) timetable {
	shown := timetable{Events: []timetableEvent{}, Warnings: append([]string{}, read.Warnings...), source: read.Source}
	warned := map[string]bool{}
	warn := func(e pool.Event, problem string) {
		text := fmt.Sprintf("line %d: event %.40q: %s", e.Line, e.Summary, problem)
		if !warned[text] { // once for all occurrences
			warned[text] = true
			shown.Warnings = append(shown.Warnings, text)
		}
	}
	isWindow := decision.ScheduleMode == scaling.ScheduleWindow
	for _, e := range scaling.ByStart(read.Events) {
		isMoment := e.End.Equal(e.Start)
		if !e.Start.Before(to) || !isMoment && !e.End.After(from) || isWindow && e.Cancelled {
			continue
		}
		demand, err := scaling.ReadDemand(e.Summary)
		_, hasUsers := pool.Users(e.Summary)
		if err != nil {
			switch {
			case hasUsers:
				warn(e, err.Error())
			case !isWindow:
				warn(e, "without users= the schedule has no answer while it is in force in mode step")
			case meansUsers.MatchString(e.Summary):
				warn(e, err.Error())
			}
			continue
		}
		if isWindow && isMoment {
			warn(e, "it ends when it begins, so it is never in force in mode window")
		}
		shown.add(e, demand, decision)
	}
	return shown
}

// meansUsers matches a summary that was meant to have users=, such as "Exam users=50" or
// "Users: 50".
var meansUsers = regexp.MustCompile(`(?i)\busers?\s*[=:]`)

func (t *timetable) add(e pool.Event, demand scaling.Demand, decision scaling.Config) {
	one := timetableEvent{Start: e.Start.UTC(), End: e.End.UTC(), Summary: e.Summary}
	if users, ok := demand.Users(); ok {
		one.Users = &users
	}
	if percent, ok := demand.Percent(); ok {
		one.Percent = &percent
	}
	participants, servers := demand.Servers(decision)
	t.Events = append(t.Events, one)
	t.rows = append(t.rows, timetableRow{e.Start, e.End, participants, servers, e.Summary})
}

// text writes a table for people, in the pool's zone. Without a pool, a percentage is of
// nothing known.
func (t *timetable) text(w io.Writer, decision scaling.Config, hasPool bool) error {
	var text strings.Builder
	zone := decision.Timezone.Location
	fmt.Fprintf(&text, "Calendar: %s, mode %s, times in %s\n\n", fact.Clean(t.source), decision.ScheduleMode, zone)
	table := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "FROM\tTO\tPEOPLE\tSERVERS\tSUMMARY") // Flush returns the error
	for i, row := range t.rows {
		const layout = "Mon 2006-01-02 15:04"
		people, servers := row.demand(t.Events[i].Percent, decision.Size, hasPool)
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", row.start.In(zone).Format(layout), row.end.In(zone).Format(layout), people, servers, fact.Clean(row.summary))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if decision.ScheduleMode == scaling.ScheduleStep && len(t.rows) > 0 {
		text.WriteString("\nIn mode step an event is in force until the next one begins, at most until 7 days after its end.\n")
	}
	if len(t.Warnings) > 0 {
		text.WriteString("\n")
	}
	for _, warning := range t.Warnings {
		fmt.Fprintln(&text, "warning:", fact.Clean(warning))
	}
	fmt.Fprintf(&text, "\n%s, %s\n", pool.Count(len(t.rows), "event"), pool.Count(len(t.Warnings), "warning"))
	_, err := io.WriteString(w, text.String())
	return err
}

// demand returns the people of an event and the servers for them, of a pool of a size.
func (row timetableRow) demand(percent *float64, size int, hasPool bool) (people, servers string) {
	people, servers = strconv.Itoa(row.participants), fmt.Sprintf("%d of %d", min(row.servers, size), size)
	share := ""
	if percent != nil {
		share = strconv.FormatFloat(*percent, 'f', -1, 64) + "%"
		people += " (" + share + ")"
	}
	if !hasPool {
		return cmp.Or(share, people), "-"
	}
	return people, servers
}
