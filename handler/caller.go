package handler

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

var errUnauthorized = refusal{http.StatusUnauthorized, "the token is missing or wrong"}

// cronCall is the only invocation that is accepted without the token, because the cron
// trigger can send a body but no header. It runs an ordinary evaluation.
var cronCall = invocation{Source: "cron"}

// isAuthorized reports whether a request has the token. Without a token in the settings,
// every request that the platform lets through is authorized.
func (h *Handler) isAuthorized(r *http.Request) bool {
	if !h.token.IsSet() {
		return true
	}
	scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && isEqual(sent, h.token.Reveal())
}

// isEqual compares hashes in constant time, so that its duration reveals neither where
// two texts differ nor how long they are.
func isEqual(a, b string) bool {
	first, second := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(first[:], second[:]) == 1
}

// isOpen reports whether a route is served without the token: /healthz, and POST / which
// checks for cronCall itself. All other paths need the token, even unknown ones.
func isOpen(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.Method == http.MethodPost && r.URL.Path == "/"
}

// admit returns an error if a request must not be served: it lacks the token, or a
// browser sent it from another site's page.
func (h *Handler) admit(r *http.Request) error {
	if !h.isAuthorized(r) && !isOpen(r) {
		return errUnauthorized
	}
	if err := h.crossOrigin.Check(r); err != nil {
		return refusal{http.StatusForbidden, "requests from other sites' pages are refused"}
	}
	return nil
}
