package bbb

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"time"

	"divims/internal/pool"
)

// Meetings lists all meetings of a server, including breakout rooms and empty
// meetings. It returns an error if any of them cannot be read completely. The rest of the
// Conference is then still set, as far as the server answered.
func (c *Client) Meetings(ctx context.Context, at pool.Endpoint) (pool.Conference, error) {
	var meetings []pool.Meeting
	got, err := c.call(ctx, at, "getMeetings", nil, func(r io.Reader) (err error) {
		meetings, err = parseMeetings(r)
		return err
	})
	conference := pool.Conference{Date: got.date, Address: got.from, CertificateExpiry: certificateExpiry(got.tls, err)}
	if err != nil {
		return conference, err
	}
	conference.Meetings = meetings
	return conference, nil
}

// certificateExpiry returns when the server's certificate expires, also if it was
// refused.
func certificateExpiry(connection *tls.ConnectionState, err error) pool.Reading[time.Time] {
	var refused *tls.CertificateVerificationError
	switch {
	case connection != nil:
		return pool.Seen(connection.PeerCertificates[0].NotAfter)
	case errors.As(err, &refused) && len(refused.UnverifiedCertificates) > 0:
		return pool.Seen(refused.UnverifiedCertificates[0].NotAfter)
	case err != nil:
		return pool.Unknown[time.Time](err.Error())
	}
	return pool.Unknown[time.Time]("the server answers without TLS")
}

// parseMeetings reads a response to getMeetings. It skips the attendees, who make up
// most of it.
func parseMeetings(r io.Reader) ([]pool.Meeting, error) {
	return readList(r, list{"getMeetings", "meetings", "meeting", "noMeetings"}, parseMeeting)
}

func parseMeeting(d *document) (pool.Meeting, error) {
	found, err := readTexts(d, "meetingID", "internalMeetingID", "createTime", "participantCount",
		"recording", "isBreakout", "moderatorPW")
	if err != nil {
		return pool.Meeting{}, err
	}
	f := fields{texts: found}
	meeting := pool.Meeting{
		ID:           f.text("meetingID"),
		InternalID:   f.text("internalMeetingID"),
		Created:      f.time("createTime"),
		Participants: f.count("participantCount"),
		Recorded:     f.flag("recording"),
		// BBB versions without breakout rooms do not send isBreakout.
		Breakout:          found["isBreakout"] != "" && f.flag("isBreakout"),
		ModeratorPassword: pool.NewSecret(found["moderatorPW"]),
	}
	return meeting, f.err
}
