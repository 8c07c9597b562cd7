package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// getRecordings lists a page of recordings in the states that are asked for. It
// is that of a server with allowFetchAllRecordings=false: without a limit it
// finds none.
func getRecordings(w *world.World, domain string, query url.Values) (reply, error) {
	offset, limit, ok := paging(query)
	if !ok {
		return failed("validationError", "Only state, offset from 0 and limit from 1 to 100 are understood")
	}
	all, err := w.Recordings(domain)
	wanted := slices.DeleteFunc(all, func(r pool.Recording) bool { return !isAskedFor(r, query.Get("state")) })
	start := min(offset, len(wanted))
	shown := wanted[start:min(start+limit, len(wanted))]
	return func(m markup) {
		m.text("returncode", "SUCCESS")
		m.open("recordings")
		for _, recording := range shown {
			writeRecording(m, recording)
		}
		m.close("recordings")
		if len(shown) == 0 {
			m.text("messageKey", "noRecordings")
			m.text("message", "There are no recordings for the meeting(s).")
		}
	}, err
}

// paging reads what a query says, and refuses what the sandbox does not do
// rather than to answer something else than was asked for.
func paging(query url.Values) (offset, limit int, ok bool) {
	for name := range query {
		if !slices.Contains([]string{"state", "offset", "limit", "checksum"}, name) {
			return 0, 0, false
		}
	}
	offset, offsetOK := number(query, "offset", 0, 1<<30)
	limit, limitOK := number(query, "limit", 1, 100)
	return offset, limit, offsetOK && limitOK
}

// number reads a parameter; one that is not there is 0.
func number(query url.Values, name string, least, most int) (int, bool) {
	if !query.Has(name) {
		return 0, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n >= least && n <= most
}

// isAskedFor takes a list of states, "any", or nothing for those whose work is done.
func isAskedFor(r pool.Recording, states string) bool {
	switch states {
	case "any":
		return true
	case "":
		states = "published,unpublished"
	}
	return slices.Contains(strings.Split(states, ","), string(r.State))
}

// writeRecording leaves out what BBB's recording scripts do not have yet: while
// they process there are no times, and before publishing no formats.
func writeRecording(m markup, recording pool.Recording) {
	external := token(0, recording.ID)
	m.open("recording")
	m.text("recordID", recording.ID)
	m.text("meetingID", external)
	m.text("internalMeetingID", recording.ID)
	m.text("name", "Lecture & exercises "+external[:8])
	m.flag("isBreakout", false)
	m.flag("published", recording.State == pool.Published)
	m.text("state", string(recording.State))
	end, known := recording.MeetingEnd.Get()
	if known && recording.State != pool.Processing {
		_, start, _ := strings.Cut(recording.ID, "-") // an id ends with the time of its meeting's creation
		m.text("startTime", start)
		m.text("endTime", milliseconds(end))
	} else {
		m.text("startTime", "")
		m.text("endTime", "")
	}
	m.text("participants", "1")
	m.open("metadata")
	m.text("bbb-origin", "Moodle")
	m.close("metadata")
	m.open("playback")
	if recording.State == pool.Published {
		m.open("format")
		m.text("type", "presentation")
		m.text("url", "https://"+Domain+"/playback/presentation/2.3/"+recording.ID)
		m.text("processingTime", "7177")
		m.text("length", "60")
		m.close("format")
	}
	m.close("playback")
	m.close("recording")
}
