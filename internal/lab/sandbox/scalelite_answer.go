package sandbox

import (
	"encoding/json"
	"encoding/xml"
	"math"
	"net/http"
	"strconv"
	"strings"

	"divims/internal/pool"
)

// scaleliteAnswer is a response of Scalelite. It is also the handler that sends it.
type scaleliteAnswer struct {
	status int
	kind   string // the Content-Type
	body   []byte
}

func (a scaleliteAnswer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if a.kind != "" {
		w.Header().Set("Content-Type", a.kind)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// These errors do not depend on the call. They are XML with HTTP status 200.
var (
	checksumError          = xmlFailure("checksumError", "You did not pass the checksum security check")
	unsupportedRequest     = xmlFailure("unsupportedRequest", "This request is not supported.")
	unsupportedContentType = xmlFailure("unsupportedContentType", "The request content type is not supported.")
)

// scaleliteHealth is the answer of the health check.
var scaleliteHealth = scaleliteAnswer{http.StatusOK, "text/plain; charset=utf-8", []byte("success")}

// refusedChange has the answer of each call that can be refused because another change is
// in progress.
var refusedChange = map[string]*scaleliteAnswer{
	"addServer":    railsError(http.StatusInternalServerError),
	"updateServer": refused("Servers list concurrently modified"),
}

func refused(message string) *scaleliteAnswer {
	answer := jsonError(http.StatusBadRequest, message)
	return &answer
}

// railsError returns the answer of Rails to a call that fails before or outside
// Scalelite's own code. It has no body.
func railsError(status int) *scaleliteAnswer {
	return &scaleliteAnswer{status: status, kind: "text/html; charset=utf-8"}
}

// scaleliteVersion is the answer at the root of the BBB API, which needs no checksum.
var scaleliteVersion = xmlAnswer("<response>\n  <returncode>SUCCESS</returncode>\n  <version>2.0</version>\n</response>\n")

func xmlFailure(key, message string) scaleliteAnswer {
	body, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"response"`
		Code    string   `xml:"returncode"`
		Key     string   `xml:"messageKey"`
		Message string   `xml:"message"`
	}{Code: "FAILED", Key: key, Message: message}, "", "  ")
	if err != nil {
		return scaleliteAnswer{status: http.StatusInternalServerError}
	}
	return xmlAnswer(string(body) + "\n")
}

const xmlType = "application/xml; charset=utf-8"

func xmlAnswer(text string) scaleliteAnswer {
	return scaleliteAnswer{http.StatusOK, xmlType, []byte("<?xml version=\"1.0\"?>\n" + text)}
}

func jsonError(status int, message string) scaleliteAnswer {
	return jsonAnswer(status, map[string]string{"error": message})
}

// withStatus returns the answer with another status.
func (a scaleliteAnswer) withStatus(status int) scaleliteAnswer {
	a.status = status
	return a
}

func jsonAnswer(status int, value any) scaleliteAnswer {
	body, err := json.Marshal(value)
	if err != nil {
		return scaleliteAnswer{status: http.StatusInternalServerError}
	}
	return scaleliteAnswer{status, "application/json; charset=utf-8", body}
}

// serverJSON is an entry as Scalelite writes it, with the fields in its order.
type serverJSON struct {
	ID         string          `json:"id"`
	URL        string          `json:"url"`
	Secret     string          `json:"secret"`
	Tag        string          `json:"tag"`
	BBBVersion string          `json:"bbb_version"`
	State      pool.EntryState `json:"state"`
	Load       any             `json:"load"`
	Multiplier any             `json:"load_multiplier"`
	Online     string          `json:"online"`
}

// toJSON converts an entry. Its load is a number or the word "unavailable". Its
// load_multiplier is a string, or the number 1.0 if it was never set, or null if it is
// NaN.
func (s *scalelite) toJSON(entry pool.Entry) serverJSON {
	shown := serverJSON{
		ID:         entry.ID,
		URL:        entry.URL,
		Secret:     entry.Secret.Reveal(),
		Tag:        entry.Tag,
		BBBVersion: entry.BBBVersion,
		State:      entry.State,
		Load:       "unavailable",
		Multiplier: decimal(entry.LoadMultiplier),
		Online:     "offline",
	}
	if load, known := entry.Load.Get(); known {
		shown.Load = json.Number(decimal(load))
	}
	switch {
	case math.IsNaN(entry.LoadMultiplier):
		shown.Multiplier = nil
	case s.neverSetMultiplier[entry.ID] && entry.LoadMultiplier == 1:
		shown.Multiplier = json.Number("1.0")
	}
	if entry.Online {
		shown.Online = "online"
	}
	return shown
}

// decimal formats a number with a decimal point, as Ruby does.
func decimal(number float64) string {
	text := strconv.FormatFloat(number, 'f', -1, 64)
	if strings.Contains(text, ".") {
		return text
	}
	return text + ".0"
}
