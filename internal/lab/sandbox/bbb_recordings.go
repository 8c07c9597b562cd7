package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// getRecordings lists one page of the recordings in the requested states. Like a
// server with allowFetchAllRecordings=false, it returns none without a limit.
func getRecordings(w *world.World, domain string, query url.Values) (bodyWriter, error) {
	offset, limit, ok := paging(query)
	if !ok {
		return failed("validationError", "Only state, offset from 0 and limit from 1 to 100 are understood")
	}
	all, err := w.Recordings(domain)
	wanted := slices.DeleteFunc(all, func(r pool.Recording) bool { return !matchesState(r, query.Get("state")) })
	start := min(offset, len(wanted))
	shown := wanted[start:min(start+limit, len(wanted))]
	write := writeRecording
	if w.RecordingsAreUnreadable(domain) {
		write = func(x xmlWriter, recording pool.Recording) {
			x.text("error", "Cannot read the metadata of "+recording.ID)
		}
	}
	return func(x xmlWriter) {
		x.text("returncode", "SUCCESS")
		x.open("recordings")
		for _, recording := range shown {
			write(x, recording)
		}
		x.close("recordings")
		if len(shown) == 0 {
			x.text("messageKey", "noRecordings")
			x.text("message", "There are no recordings for the meeting(s).")
		}
	}, err
}

// paging reads the query. ok is false if it has a parameter that the sandbox does not
// implement, because ignoring it would change what is returned.
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

// number reads an integer parameter. A missing one is 0.
func number(query url.Values, name string, minimum, maximum int) (int, bool) {
	if !query.Has(name) {
		return 0, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n >= minimum && n <= maximum
}

// matchesState reports whether a recording is in one of the states, a list with
// commas. "any" matches all, and an empty list matches published and unpublished ones.
func matchesState(r pool.Recording, states string) bool {
	switch states {
	case "any":
		return true
	case "":
		states = "published,unpublished"
	}
	return slices.Contains(strings.Split(states, ","), string(r.State))
}

// writeRecording omits what BBB does not know yet: a recording has no times while it
// is processing, and no formats before it is published.
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
		_, start, _ := strings.Cut(recording.ID, "-") // an id ends with the creation time of its meeting
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
