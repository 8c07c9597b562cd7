package scalelite

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime"
	"net/http"
)

// Error is a failed call: an error response of Scalelite or of a proxy in front of it.
type Error struct {
	// Status is the HTTP status. It is 200 if the checksum or the call's name is wrong.
	Status int
	// Key is the messageKey of an XML response, for example "checksumError".
	Key string
	// Message is Scalelite's text for people. It is empty if there is none.
	Message string
	// empty is set if the response has no body.
	empty bool
}

// Error does not name the call, because the errors that wrap it do.
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

// hint returns the probable cause of a response without a message.
func (e *Error) hint() string {
	if e.Status == http.StatusForbidden {
		return " (is this the host name that Scalelite is set up for?)"
	}
	return ""
}

// checkResponse returns an error unless the response is a success. XML is always a
// failure, even with status 200: Scalelite sends its results as JSON.
func checkResponse(response *http.Response, body []byte) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	failure := &Error{Status: response.StatusCode, empty: len(body) == 0}
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
		return fmt.Errorf("the response is %.100q and not JSON", kind)
	}
	return nil
}

// maxXML is the largest XML response that is decoded, in bytes. Scalelite's have some
// hundred bytes. Decoding nested elements takes a hundred times their length of memory.
const maxXML = 64 << 10

func xmlError(body []byte) (key, message string) {
	var failure struct {
		Key     string `xml:"messageKey"`
		Message string `xml:"message"`
	}
	if len(body) > maxXML || xml.Unmarshal(body, &failure) != nil {
		return "", "unreadable XML"
	}
	return failure.Key, failure.Message
}

func jsonError(body []byte) string {
	var failure struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &failure) != nil {
		return ""
	}
	return failure.Error
}
