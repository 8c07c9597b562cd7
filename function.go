// Package divims is the function that Scaleway's Go runtime calls. It keeps a pool of
// BigBlueButton servers behind Scalelite as small as possible without users noticing.
// The work is done in handler.
package divims

import (
	"net/http"
	"os"

	"divims/handler"
)

// function lives as long as the instance, so that a warm instance keeps its connections.
var function = handler.FromEnvironment(os.Environ(), os.Stdout)

// Handle serves one invocation: the cron trigger's POST or an operator's request.
func Handle(w http.ResponseWriter, r *http.Request) { function.ServeHTTP(w, r) }
