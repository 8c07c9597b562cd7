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
func getRecordings(w *world.World, domain string, query url.Values) (bodyWriter, error) {
	offset, limit, ok := paging(query)
	if !ok {
		return failed("validationError", "Only state, offset from 0 and limit from 1 to 100 are understood")
	}
	all, err := w.Recordings(domain)
	wanted := slices.DeleteFunc(all, func(r pool.Recording) bool { return !matchesState(r, query.Get("state")) })
	start := min(offset, len(wanted))
	shown := wanted[start:min(start+limit, len(wanted))]
	return func(x xmlWriter) {
		x.text("returncode", "SUCCESS")
		x.open("recordings")
		for _, recording := range shown {
			writeRecording(x, recording)
		}
		x.close("recordings")
		if len(shown) == 0 {
			x.text("messageKey", "noRecordings")
			x.text("message", "There are no recordings for the meeting(s).")
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

// matchesState takes a list of states, "any", or nothing for those whose work is done.
func matchesState(r pool.Recording, states string) bool {
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
func writeRecording(x xmlWriter, recording pool.Recording) {
	external := token(0, recording.ID)
	x.open("recording")
	x.text("recordID", recording.ID)
	x.text("meetingID", external)
	x.text("internalMeetingID", recording.ID)
	x.text("name", "Lecture & exercises "+external[:8])
	x.flag("isBreakout", false)
	x.flag("published", recording.State == pool.Published)
	x.text("state", string(recording.State))
	end, known := recording.MeetingEnd.Get()
	if known && recording.State != pool.Processing {
		_, start, _ := strings.Cut(recording.ID, "-") // an id ends with the time of its meeting's creation
		x.text("startTime", start)
		x.text("endTime", milliseconds(end))
	} else {
		x.text("startTime", "")
		x.text("endTime", "")
	}
	x.text("participants", "1")
	x.open("metadata")
	x.text("bbb-origin", "Moodle")
	x.close("metadata")
	x.open("playback")
	if recording.State == pool.Published {
		x.open("format")
		x.text("type", "presentation")
		x.text("url", "https://"+Domain+"/playback/presentation/2.3/"+recording.ID)
		x.text("processingTime", "7177")
		x.text("length", "60")
		x.close("format")
	}
	x.close("playback")
	x.close("recording")
}
