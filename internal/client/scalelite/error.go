package scalelite

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime"
	"net/http"
)

// Error is a call that Scalelite, or a proxy before it, did not carry out.
type Error struct {
	// Call is Scalelite's name of the call, for example "updateServer".
	Call string
	// Status is the HTTP status. It is 200 for errors of signature and routing.
	Status int
	// Key is Scalelite's word for such an error, for example "checksumError".
	Key string
	// Message is Scalelite's own text; empty when the answer bears none.
	Message string
}

// Error leaves out the call: every error of this package begins with it.
func (e *Error) Error() string {
	text := fmt.Sprintf("HTTP status %d", e.Status)
	if e.Key != "" {
		text += fmt.Sprintf(", %.100q", e.Key)
	}
	if e.Message != "" {
		return text + fmt.Sprintf(": %.300q", e.Message)
	}
	return text + e.hint()
}

// hint explains the answers without a word that are known to have a cause.
func (e *Error) hint() string {
	switch {
	case e.Status == http.StatusForbidden:
		return " (is this the host name that Scalelite is set up for?)"
	case e.Status == http.StatusInternalServerError && e.Call == "addServer":
		return " (is the server registered already?)"
	}
	return ""
}

// judge tells a success from a failure. The Content-Type decides before the
// status does: what Scalelite answers as XML is a failure, whatever the status.
func judge(call string, response *http.Response, body []byte) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	failure := &Error{Call: call, Status: response.StatusCode}
	switch {
	case kind == "application/xml" || kind == "text/xml":
		failure.Key, failure.Message = xmlError(body)
		return failure
	case response.StatusCode/100 != 2 && kind == "application/json":
		failure.Message = jsonError(body)
		return failure
	case response.StatusCode/100 != 2:
		return failure
	case kind != "application/json":
		return fmt.Errorf("the answer is %.100q and not JSON", kind)
	}
	return nil
}

// largestXML bounds an answer in XML, in bytes. Scalelite's have some hundred;
// elements in one another take a hundred times their length of memory.
const largestXML = 64 << 10

func xmlError(body []byte) (key, message string) {
	var answer struct {
		Key     string `xml:"messageKey"`
		Message string `xml:"message"`
	}
	if len(body) > largestXML || xml.Unmarshal(body, &answer) != nil {
		return "", "unreadable XML"
	}
	return answer.Key, answer.Message
}

func jsonError(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	return answer.Error
}
