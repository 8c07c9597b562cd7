package sandbox

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"divims/internal/client/checksum"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

const bbbPath = "/bigbluebutton/api"

// bbbAPI serves the BBB API of every server. Until BBB is up it answers status 502,
// as the web server in front of it does. While BBB is stopped it answers as the world says.
type bbbAPI struct {
	locked *lockedWorld
	secret pool.Secret
}

// bodyWriter writes the content of a response.
type bodyWriter func(xmlWriter)

// bbbCall executes one call. Its checksum is verified, and the world is locked.
type bbbCall func(w *world.World, domain string, query url.Values) (bodyWriter, error)

var bbbCalls = map[string]bbbCall{
	"getMeetings":   getMeetings,
	"getRecordings": getRecordings,
	"end":           endMeeting,
}

func (b *bbbAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := b.answer(r)
	if err != nil {
		nginxPage(w, http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "text/xml;charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	body := xmlWriter{bufio.NewWriter(w)}
	body.open("response")
	answer(body)
	body.close("response")
	_ = body.Flush()
}

// answer executes a call and returns the writer of the response. It returns an error if
// BBB is not up, and panics if it answers nothing at all.
func (b *bbbAPI) answer(r *http.Request) (answer bodyWriter, err error) {
	domain := r.TLS.ServerName
	b.locked.with(func(w *world.World) {
		var contact world.Contact
		contact, err = w.Contact(domain)
		switch {
		case err != nil:
		case contact == world.Drops || contact == world.Hangs:
			panic(faults.NoAnswer)
		case contact == world.Refuses:
			panic(faults.ConnectionReset)
		case contact == world.Fails:
			err = world.ErrUnreachable
		default:
			answer, err = b.work(w, domain, r, contact)
		}
	})
	return answer, err
}

// work executes a call of a BBB that answers, or denies every checksum.
func (b *bbbAPI) work(w *world.World, domain string, r *http.Request, contact world.Contact) (bodyWriter, error) {
	name := strings.Trim(strings.TrimPrefix(r.URL.Path, bbbPath), "/")
	if name == "" {
		return bbbVersion, nil
	}
	call, known := bbbCalls[name]
	if !known || r.Method != http.MethodGet {
		return failed("unsupportedRequest", "This request is not supported.")
	}
	if contact == world.Denies || !checksum.Verify(name, r.URL.RawQuery, b.secret) {
		return failed("checksumError", "Checksums do not match")
	}
	return call(w, domain, r.URL.Query())
}

// failed returns BBB's answer to a call that it refuses. Its HTTP status is 200, too.
func failed(key, message string) (bodyWriter, error) {
	return func(x xmlWriter) {
		x.text("returncode", "FAILED")
		x.text("messageKey", key)
		x.text("message", message)
	}, nil
}

// bbbVersion answers at the root of the API, which needs no checksum.
func bbbVersion(x xmlWriter) {
	x.text("returncode", "SUCCESS")
	x.text("version", "2.0")
	x.text("apiVersion", "2.0")
	x.text("bbbVersion", world.BBBVersion)
}

// endMeeting only requests the end: the meeting ends some seconds later.
func endMeeting(w *world.World, domain string, query url.Values) (bodyWriter, error) {
	id := query.Get("meetingID")
	if id == "" {
		return failed("missingParamMeetingID", "You must specify a meeting ID for the meeting.")
	}
	err := w.EndMeeting(domain, id)
	if errors.Is(err, world.ErrNotFound) {
		return failed("notFound", "A meeting with that ID does not exist")
	}
	return func(x xmlWriter) {
		x.text("returncode", "SUCCESS")
		x.text("messageKey", "sentEndMeetingRequest")
		x.text("message", "A request to end the meeting was sent. Please wait a few seconds, and then use the"+
			" getMeetingInfo or isMeetingRunning API calls to verify that it was ended.")
	}, err
}
