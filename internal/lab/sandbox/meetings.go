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
func getMeetings(w *world.World, domain string, _ url.Values) (reply, error) {
	meetings, err := w.Meetings(domain)
	return func(m markup) {
		m.text("returncode", "SUCCESS")
		m.open("meetings")
		for _, meeting := range meetings {
			writeMeeting(m, meeting)
		}
		m.close("meetings")
		if len(meetings) == 0 {
			m.text("messageKey", "noMeetings")
			m.text("message", "no meetings were found on this server")
		}
	}, err
}

func writeMeeting(m markup, meeting pool.Meeting) {
	people := meeting.Participants
	m.open("meeting")
	m.text("meetingName", "Lecture & exercises "+meeting.ID[:8])
	m.text("meetingID", meeting.ID)
	m.text("internalMeetingID", meeting.InternalID)
	m.text("createTime", milliseconds(meeting.Created))
	m.text("createDate", meeting.Created.Format("Mon Jan 02 15:04:05 MST 2006")) // as Java prints dates
	m.text("voiceBridge", "7"+strconv.FormatInt(meeting.Created.UnixMilli()%10_000, 10))
	m.text("dialNumber", "613-555-1234")
	m.text("attendeePW", token(0, "attendeePW "+meeting.ID)[:8])
	m.text("moderatorPW", token(0, "moderatorPW "+meeting.ID)[:8])
	m.flag("running", people > 0)
	m.text("duration", "0")
	m.flag("hasUserJoined", people > 0)
	m.flag("recording", meeting.Recorded)
	m.flag("hasBeenForciblyEnded", false)
	m.text("startTime", milliseconds(meeting.Created.Add(11*time.Millisecond)))
	m.text("endTime", "0")
	m.text("participantCount", grouped(people))
	m.text("listenerCount", grouped(count(people, listens)))
	m.text("voiceParticipantCount", grouped(count(people, speaks)))
	m.text("videoCount", grouped(count(people, isOnVideo)))
	m.text("maxUsers", "0")
	m.text("moderatorCount", grouped(count(people, moderates)))
	writeAttendees(m, meeting)
	m.open("metadata")
	m.text("bbb-origin", "Moodle")
	m.text("bbb-context", "Course "+meeting.ID[:4])
	m.close("metadata")
	m.flag("isBreakout", meeting.Breakout)
	m.close("meeting")
}

// writeAttendees takes about 350 bytes for each, as many as BBB does.
func writeAttendees(m markup, meeting pool.Meeting) {
	m.open("attendees")
	for i := range meeting.Participants {
		m.open("attendee")
		m.text("userID", fmt.Sprintf("w_%s%05d", meeting.ID[:7], i))
		m.text("fullName", fmt.Sprintf("Attendee %d of %s", i+1, meeting.ID[:8]))
		if moderates(i) {
			m.text("role", "MODERATOR")
		} else {
			m.text("role", "VIEWER")
		}
		m.flag("isPresenter", moderates(i))
		m.flag("isListeningOnly", listens(i))
		m.flag("hasJoinedVoice", speaks(i))
		m.flag("hasVideo", isOnVideo(i))
		m.text("clientType", "HTML5")
		m.open("customdata")
		m.text("bbb_skip_check_audio", "true")
		m.close("customdata")
		m.close("attendee")
	}
	m.close("attendees")
}

// Who does what, by the order of joining: the first leads, every fifth speaks,
// every tenth is seen.
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

// grouped writes a count as BBB does where the server's language is English:
// 1,000. Times are not written so.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// milliseconds since 1970 are how BBB tells times.
func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
