package handler

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// errUnknownCaller tells no more than what is missing.
var errUnknownCaller = refusal{http.StatusUnauthorized, "the token is missing or wrong"}

// cronCall is all that may be asked for without the token: the platform lets the
// cron trigger through, which can send a body but no header. It starts nothing
// but an evaluation like every other.
var cronCall = invocation{Source: "cron"}

// isKnown tells whether a request shows the token. If there is none in the
// settings, everybody is known whom the platform lets through.
func (h *Handler) isKnown(r *http.Request) bool {
	if !h.token.IsSet() {
		return true
	}
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && isSame(shown, h.token.Reveal())
}

// isSame compares hashes: the time that it takes tells neither where two texts
// differ nor how long they are.
func isSame(a, b string) bool {
	first, second := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(first[:], second[:]) == 1
}

// isForAll knows the routes that decide themselves about unknown callers. All
// others, also those that do not exist, need the token.
func isForAll(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.Method == http.MethodPost && r.URL.Path == "/"
}

// admit tells why a request is not served: it shows no token, or a browser sends
// it from another site's page, which has no business here.
func (h *Handler) admit(r *http.Request) error {
	if !h.isKnown(r) && !isForAll(r) {
		return errUnknownCaller
	}
	if err := h.crossOrigin.Check(r); err != nil {
		return refusal{http.StatusForbidden, "not for pages of other sites"}
	}
	return nil
}
