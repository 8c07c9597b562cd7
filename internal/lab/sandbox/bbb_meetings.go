package sandbox

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// getMeetings lists every meeting with every attendee.
func getMeetings(w *world.World, domain string, _ url.Values) (bodyWriter, error) {
	meetings, err := w.Meetings(domain)
	return func(x xmlWriter) { writeMeetings(x, meetings) }, err
}

func writeMeetings(x xmlWriter, meetings []pool.Meeting) {
	x.text("returncode", "SUCCESS")
	x.open("meetings")
	for _, meeting := range meetings {
		writeMeeting(x, meeting)
	}
	x.close("meetings")
	if len(meetings) == 0 {
		x.text("messageKey", "noMeetings")
		x.text("message", "no meetings were found on this server")
	}
}

func writeMeeting(x xmlWriter, meeting pool.Meeting) {
	people := meeting.Participants
	x.open("meeting")
	x.text("meetingName", "Lecture & exercises "+meeting.ID[:8])
	x.text("meetingID", meeting.ID)
	x.text("internalMeetingID", meeting.InternalID)
	x.text("createTime", milliseconds(meeting.Created))
	x.text("createDate", meeting.Created.Format("Mon Jan 02 15:04:05 MST 2006")) // the format of Java's Date.toString
	x.text("voiceBridge", "7"+strconv.FormatInt(meeting.Created.UnixMilli()%10_000, 10))
	x.text("dialNumber", "613-555-1234")
	x.text("attendeePW", token(0, "attendeePW "+meeting.ID)[:8])
	x.text("moderatorPW", token(0, "moderatorPW "+meeting.ID)[:8])
	x.flag("running", people > 0)
	x.text("duration", "0")
	x.flag("hasUserJoined", people > 0)
	x.flag("recording", meeting.Recorded)
	x.flag("hasBeenForciblyEnded", false)
	x.text("startTime", milliseconds(meeting.Created.Add(11*time.Millisecond)))
	x.text("endTime", "0")
	x.text("participantCount", grouped(people))
	x.text("listenerCount", grouped(count(people, listens)))
	x.text("voiceParticipantCount", grouped(count(people, speaks)))
	x.text("videoCount", grouped(count(people, isOnVideo)))
	x.text("maxUsers", "0")
	x.text("moderatorCount", grouped(count(people, moderates)))
	writeAttendees(x, meeting)
	x.open("metadata")
	x.text("bbb-origin", "Moodle")
	x.text("bbb-context", "Course "+meeting.ID[:4])
	x.close("metadata")
	x.flag("isBreakout", meeting.Breakout)
	x.close("meeting")
}

// writeAttendees writes about 350 bytes per attendee, as BBB does.
func writeAttendees(x xmlWriter, meeting pool.Meeting) {
	x.open("attendees")
	for i := range meeting.Participants {
		x.open("attendee")
		x.text("userID", fmt.Sprintf("w_%s%05d", meeting.ID[:7], i))
		x.text("fullName", fmt.Sprintf("Attendee %d of %s", i+1, meeting.ID[:8]))
		if moderates(i) {
			x.text("role", "MODERATOR")
		} else {
			x.text("role", "VIEWER")
		}
		x.flag("isPresenter", moderates(i))
		x.flag("isListeningOnly", listens(i))
		x.flag("hasJoinedVoice", speaks(i))
		x.flag("hasVideo", isOnVideo(i))
		x.text("clientType", "HTML5")
		x.open("customdata")
		x.text("bbb_skip_check_audio", "true")
		x.close("customdata")
		x.close("attendee")
	}
	x.close("attendees")
}

// What an attendee does depends on the order of joining: the first one moderates,
// every fifth speaks, every tenth has a camera on.
func moderates(i int) bool { return i == 0 }
func speaks(i int) bool    { return i%5 == 0 }
func listens(i int) bool   { return !speaks(i) }
func isOnVideo(i int) bool { return i%10 == 0 }

func count(people int, do func(int) bool) int {
	sum := 0
	for i := range people {
		if do(i) {
			sum++
		}
	}
	return sum
}

// grouped formats a count as BBB does on a server with an English locale: 1,000.
// BBB does not format times this way.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// milliseconds formats a time as BBB does, in milliseconds since 1970.
func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
