package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"divims/internal/client/checksum"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// scalelite is Scalelite's management API, as of v1.8.5, including its quirks.
type scalelite struct {
	locked  *lockedWorld
	changes *changes
	secret  pool.Secret
	// neverSetMultiplier has the ids of entries whose load_multiplier was never set.
	neverSetMultiplier map[string]bool
}

// scaleliteCall executes one call that was read and verified. The world is locked.
type scaleliteCall func(w *world.World, input scaleliteInput) scaleliteAnswer

func newScalelite(locked *lockedWorld, changes *changes, secret pool.Secret) http.Handler {
	s := &scalelite{locked: locked, changes: changes, secret: secret, neverSetMultiplier: map[string]bool{}}
	for _, entry := range locked.world.Entries() {
		s.neverSetMultiplier[entry.ID] = true
	}
	mux := http.NewServeMux()
	for name, call := range map[string]scaleliteCall{"getServers": s.getServers, "getServerInfo": s.getServerInfo} {
		handle(mux, "GET "+scalelitePath+name, s.endpoint(name, call))
	}
	for name, call := range map[string]scaleliteCall{
		"addServer": s.addServer, "updateServer": s.updateServer,
		"deleteServer": s.deleteServer, "panicServer": s.panicServer,
	} {
		handle(mux, "POST "+scalelitePath+name, s.endpoint(name, call))
	}
	handle(mux, "GET "+bbbPath, scaleliteVersion)
	handle(mux, "GET "+bbbPath+"/getMeetings", s.bbbGetMeetings())
	mux.Handle("GET /health_check", scaleliteHealth)
	mux.Handle("GET /{$}", scaleliteHealth)
	mux.Handle("/", unsupportedRequest)
	return onlyOwnHost(s.unlessStopped(mux))
}

// scalelitePath is the path of the management API.
const scalelitePath = "/scalelite/api/"

// handle routes a path with and without a slash at its end.
func handle(mux *http.ServeMux, pattern string, handler http.Handler) {
	mux.Handle(pattern, handler)
	mux.Handle(pattern+"/{$}", handler)
}

// unlessStopped makes the management API fail while the world says so.
func (s *scalelite) unlessStopped(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fails := false
		s.locked.with(func(w *world.World) { fails = w.ScaleliteAPIFails() })
		if fails && strings.HasPrefix(r.URL.Path, scalelitePath) {
			nginxPage(w, http.StatusBadGateway)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// onlyOwnHost refuses an unknown Host header as Rails does.
func onlyOwnHost(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && r.Host != address.String() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// endpoint reads a call, executes it under the lock, and writes the answer.
func (s *scalelite) endpoint(name string, call scaleliteCall) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		input, refusal := s.readInput(name, r)
		if refusal != nil {
			refusal.ServeHTTP(w, r)
			return
		}
		var answer scaleliteAnswer
		s.locked.with(func(w *world.World) { //nolint:contextcheck // the world has no context
			if changingCalls[name] && s.changes.refuses(r.Context(), w, name, input) && refusedChange[name] != nil {
				answer = *refusedChange[name]
				return
			}
			answer = call(w, input)
		})
		answer.ServeHTTP(w, r)
	})
}

func (s *scalelite) getServers(w *world.World, _ scaleliteInput) scaleliteAnswer {
	entries := w.Entries()
	if len(entries) == 0 {
		return jsonError(http.StatusNotFound, "No servers are configured")
	}
	shown := make([]serverJSON, len(entries))
	for i, entry := range entries {
		shown[i] = s.toJSON(entry)
	}
	return jsonAnswer(http.StatusOK, shown)
}

func (s *scalelite) getServerInfo(w *world.World, input scaleliteInput) scaleliteAnswer {
	return s.withEntry(w, input, func(entry pool.Entry) scaleliteAnswer {
		return jsonAnswer(http.StatusOK, s.toJSON(entry))
	})
}

// addServer does not check whether an entry with this URL exists.
func (s *scalelite) addServer(w *world.World, input scaleliteInput) scaleliteAnswer {
	multiplier, given, err := input.Server.multiplier()
	switch {
	case input.noObject || err != nil:
		return *railsError(http.StatusInternalServerError)
	case len(input.Server) == 0:
		return xmlFailure("internalError", "param is missing or the value is empty: server")
	case input.Server.text("url") == "" || input.Server.text("secret") == "":
		return jsonError(http.StatusBadRequest, "Server needs a URL and a secret")
	case !given || multiplier == 0:
		multiplier = 1
	}
	entry, err := w.Register(input.Server.text("url"), pool.NewSecret(input.Server.text("secret")))
	if err == nil {
		err = w.SetMultiplier(entry.ID, multiplier)
	}
	if err == nil {
		err = w.SetTag(entry.ID, input.Server.text("tag"))
	}
	if err != nil {
		return jsonError(http.StatusBadRequest, err.Error())
	}
	return s.getServerInfo(w, scaleliteInput{ID: entry.ID}).withStatus(http.StatusCreated)
}

// stateWords are the states that a request can set.
var stateWords = map[string]pool.EntryState{"enable": pool.Enabled, "cordon": pool.Cordoned, "disable": pool.Disabled}

func (s *scalelite) updateServer(w *world.World, input scaleliteInput) scaleliteAnswer {
	return s.withEntry(w, input, func(entry pool.Entry) scaleliteAnswer {
		if err := s.update(w, entry.ID, input); err != nil {
			return jsonError(http.StatusBadRequest, err.Error())
		}
		return s.getServerInfo(w, input)
	})
}

// update changes an entry, or nothing if any parameter is invalid.
func (s *scalelite) update(w *world.World, id string, input scaleliteInput) error {
	multiplier, given, err := input.Server.multiplier()
	word := input.Server.text("state")
	state, known := stateWords[word]
	switch {
	case input.noObject:
		return errors.New("undefined method `permit'")
	case len(input.Server) == 0:
		return errors.New("param is missing or the value is empty: server")
	case word != "" && !known:
		return errors.New("Invalid state parameter: " + word) //nolint:staticcheck // Scalelite's text
	case err != nil:
		return err
	case given && multiplier == 0:
		//lint:ignore ST1005 Scalelite's text
		return errors.New("Load-multiplier must be a non-zero number") //nolint:staticcheck // Scalelite's text
	}
	if given {
		delete(s.neverSetMultiplier, id)
		err = w.SetMultiplier(id, multiplier)
	}
	if known {
		err = errors.Join(err, w.SetState(id, state))
	}
	if secret := input.Server.text("secret"); secret != "" {
		err = errors.Join(err, w.SetSecret(id, pool.NewSecret(secret)))
	}
	if tag, given := input.Server["tag"]; given {
		err = errors.Join(err, w.SetTag(id, text(tag)))
	}
	return err
}

func (s *scalelite) deleteServer(w *world.World, input scaleliteInput) scaleliteAnswer {
	return s.withEntry(w, input, func(entry pool.Entry) scaleliteAnswer {
		if err := w.Remove(entry.ID); err != nil {
			return jsonError(http.StatusBadRequest, fmt.Sprintf("Couldn't destroy server id=%s: %v", entry.ID, err))
		}
		return jsonAnswer(http.StatusOK, map[string]string{"success": "Server id=" + entry.ID + " was destroyed"})
	})
}

// panicServer stops at the first meeting that BBB does not end and answers an error:
// that meeting is forgotten, the others stay, and the state does not change.
func (s *scalelite) panicServer(w *world.World, input scaleliteInput) scaleliteAnswer {
	return s.withEntry(w, input, func(entry pool.Entry) scaleliteAnswer {
		err := w.Panic(entry.ID)
		if err == nil && input.keepsState() {
			err = w.SetState(entry.ID, entry.State)
		}
		if err != nil {
			return jsonError(http.StatusBadRequest, "Couldn't disable server id="+entry.ID)
		}
		return jsonAnswer(http.StatusOK, map[string]string{
			"success": "Server id=" + entry.ID + " has been disabled and the meetings have been destroyed",
		})
	})
}

func (i scaleliteInput) keepsState() bool {
	return i.KeepState != nil && i.KeepState != false && i.KeepState != ""
}

// withEntry calls work with the entry whose id is in the input. Without such an entry it
// answers with status 404.
func (s *scalelite) withEntry(w *world.World, input scaleliteInput, work func(pool.Entry) scaleliteAnswer) scaleliteAnswer {
	entries := w.Entries()
	i := slices.IndexFunc(entries, func(e pool.Entry) bool { return e.ID == input.ID })
	if i < 0 {
		return jsonError(http.StatusNotFound, "Couldn't find server with id="+input.ID)
	}
	return work(entries[i])
}

// bbbGetMeetings is Scalelite's own getMeetings of the BBB API.
func (s *scalelite) bbbGetMeetings() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !checksum.Verify("getMeetings", r.URL.RawQuery, s.secret) {
			checksumError.ServeHTTP(w, r)
			return
		}
		var meetings []pool.Meeting
		var err error
		s.locked.with(func(w *world.World) { meetings, err = w.AllMeetings() })
		if err != nil {
			xmlFailure("internalError", "Unable to access server.").ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", xmlType)
		body := xmlWriter{bufio.NewWriter(w)}
		body.open("response")
		writeMeetings(body, meetings)
		body.close("response")
		_ = body.Flush()
	})
}
