package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"regexp"
	"strconv"

	"divims/internal/client/checksum"
)

// scaleliteInput has the parameters of a call, from its query and its body.
type scaleliteInput struct {
	ID string
	// Server has the parameters under the key server. It is nil if there are none.
	Server serverParams
	// noObject is set if the value of server is not an object.
	noObject bool
	// KeepState is true for every value but false, null and "".
	KeepState any
}

// serverParams are the parameters of an entry. A value may have any type of JSON.
type serverParams map[string]any

// maxBodySize is the largest request body that is read, in bytes. No client of Scalelite
// sends nearly as much.
const maxBodySize = 1 << 20

// readInput reads a call in the order of the real checks: Rails parses the body, then
// Scalelite checks the Content-Type, then the checksum, which is over the query only.
func (s *scalelite) readInput(call string, r *http.Request) (scaleliteInput, *scaleliteAnswer) {
	input := scaleliteInput{ID: r.URL.Query().Get("id")}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodySize))
	if err != nil || kind == "application/json" && len(body) > 0 && input.parse(body) != nil {
		return input, railsError(http.StatusBadRequest)
	}
	if len(body) > 0 && kind != "application/json" {
		return input, &unsupportedContentType
	}
	// Scalelite does not support SHA-384, unlike BBB.
	const sha384 = 96
	if len(r.URL.Query().Get("checksum")) == sha384 || !checksum.Verify(call, r.URL.RawQuery, s.secret) {
		return input, &checksumError
	}
	return input, nil
}

// parse reads the parameters of a body as Rails does. A body without the key server is
// taken as the value of that key.
func (i *scaleliteInput) parse(body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	params, isObject := value.(map[string]any)
	if !isObject {
		params = map[string]any{"_json": value}
	}
	if id, given := params["id"]; given {
		i.ID = text(id)
	}
	i.KeepState = params["keep_state"]
	server, given := params["server"]
	if !given {
		i.Server = params
		return nil
	}
	i.Server, isObject = server.(map[string]any)
	i.noObject = !isObject && server != nil
	return nil
}

// text returns a parameter as Ruby writes it into Redis.
func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func (p serverParams) text(key string) string { return text(p[key]) }

// leadingNumber matches the part of a text that Ruby's String#to_d reads.
var leadingNumber = regexp.MustCompile(`^\s*[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|NaN$)`)

var errNoNumber = errors.New("undefined method `to_d'")

// multiplier returns the load_multiplier, and whether it was given. It is 0 for a text that
// does not begin with a number. A value that is neither a text nor a number is an error.
func (p serverParams) multiplier() (multiplier float64, given bool, err error) {
	switch value := p["load_multiplier"].(type) {
	case nil:
		return 0, false, nil
	case float64:
		return value, true, nil
	case string:
		multiplier, err = strconv.ParseFloat(leadingNumber.FindString(value), 64)
		if err != nil || math.IsInf(multiplier, 0) {
			multiplier = 0
		}
		return multiplier, value != "", nil
	}
	return 0, false, errNoNumber
}
