// Package divims is the function that Scaleway's Go runtime calls. It keeps a
// pool of BigBlueButton servers behind Scalelite as small as it can be without
// anybody noticing; handler does the work.
package divims

import (
	"net/http"
	"os"

	"divims/handler"
)

// function lives as long as its instance, so that a warm one keeps its connections.
var function = handler.FromEnvironment(os.Environ(), os.Stdout)

// Handle answers one invocation: the cron trigger's POST or an operator's request.
func Handle(w http.ResponseWriter, r *http.Request) { function.ServeHTTP(w, r) }
