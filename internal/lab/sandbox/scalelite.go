package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"

	"divims/internal/client/checksum"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// scalelite is Scalelite's management API, as of v1.8.5, including its quirks.
type scalelite struct {
	locked *lockedWorld
	secret pool.Secret
	// neverSetMultiplier has the ids of entries whose load_multiplier was never set.
	neverSetMultiplier map[string]bool
}

// scaleliteCall executes one call that was read and verified. The world is locked.
type scaleliteCall func(w *world.World, input scaleliteInput) scaleliteAnswer

func newScalelite(locked *lockedWorld, secret pool.Secret) http.Handler {
	s := &scalelite{locked: locked, secret: secret, neverSetMultiplier: map[string]bool{}}
	for _, entry := range locked.world.Entries() {
		s.neverSetMultiplier[entry.ID] = true
	}
	mux := http.NewServeMux()
	for name, call := range map[string]scaleliteCall{"getServers": s.getServers, "getServerInfo": s.getServerInfo} {
		mux.Handle("GET /scalelite/api/"+name, s.endpoint(name, call))
	}
	for name, call := range map[string]scaleliteCall{
		"addServer": s.addServer, "updateServer": s.updateServer,
		"deleteServer": s.deleteServer, "panicServer": s.panicServer,
	} {
		mux.Handle("POST /scalelite/api/"+name, s.endpoint(name, call))
	}
	mux.Handle("GET "+bbbPath, scaleliteVersion)
	mux.Handle("GET "+bbbPath+"/{$}", scaleliteVersion)
	mux.Handle("GET /health_check", scaleliteAnswer{http.StatusOK, "text/plain; charset=utf-8", []byte("success")})
	mux.Handle("/", unsupportedRequest)
	return onlyOwnHost(mux)
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
		s.locked.with(func(w *world.World) { answer = call(w, input) })
		answer.ServeHTTP(w, r)
	})
}

// scaleliteInput has the parameters of a call, from its query and its body.
type scaleliteInput struct {
	ID     string        `json:"id"`
	Server *serverParams `json:"server"`
	// KeepState is true for every value but false, null and "".
	KeepState any `json:"keep_state"`
}

type serverParams struct {
	URL        string  `json:"url"`
	Secret     string  `json:"secret"`
	State      string  `json:"state"`
	Multiplier any     `json:"load_multiplier"`
	Tag        *string `json:"tag"`
}

// maxBodySize is the largest request body that is read, in bytes. No client of Scalelite
// sends nearly as much.
const maxBodySize = 1 << 20

// readInput reads a call in the order of the real checks: Rails parses the body, then
// Scalelite checks the Content-Type, then the checksum, which is over the query only.
func (s *scalelite) readInput(call string, r *http.Request) (scaleliteInput, *scaleliteAnswer) {
	input := scaleliteInput{ID: r.URL.Query().Get("id")}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodySize))
	if err != nil || kind == "application/json" && len(body) > 0 && json.Unmarshal(body, &input) != nil {
		return input, &scaleliteAnswer{status: http.StatusBadRequest}
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
	switch {
	case input.Server == nil:
		return xmlFailure("internalError", "param is missing or the value is empty: server")
	case input.Server.URL == "" || input.Server.Secret == "":
		return jsonError(http.StatusBadRequest, "Server needs a URL and a secret")
	}
	entry, err := w.Register(input.Server.URL, pool.NewSecret(input.Server.Secret))
	if err == nil {
		err = s.apply(w, entry.ID, input.Server)
	}
	if err != nil {
		return jsonError(http.StatusBadRequest, err.Error())
	}
	return s.getServerInfo(w, scaleliteInput{ID: entry.ID}).withStatus(http.StatusCreated)
}

// apply sets the tag and the multiplier of an entry. The multiplier is a number or a
// string with a number.
func (s *scalelite) apply(w *world.World, id string, p *serverParams) error {
	if p.Tag != nil {
		if err := w.SetTag(id, *p.Tag); err != nil {
			return err
		}
	}
	if p.Multiplier == nil {
		return nil
	}
	multiplier, err := strconv.ParseFloat(fmt.Sprint(p.Multiplier), 64)
	if err != nil {
		return errors.New("load_multiplier is no number")
	}
	delete(s.neverSetMultiplier, id)
	return w.SetMultiplier(id, multiplier)
}

// stateWords are the states that a request can set.
var stateWords = map[string]pool.EntryState{"enable": pool.Enabled, "cordon": pool.Cordoned, "disable": pool.Disabled}

func (s *scalelite) updateServer(w *world.World, input scaleliteInput) scaleliteAnswer {
	return s.withEntry(w, input, func(entry pool.Entry) scaleliteAnswer {
		switch {
		case input.Server == nil:
			return jsonError(http.StatusBadRequest, "param is missing or the value is empty: server")
		case input.Server.Secret != "":
			return secretChangeRefused
		}
		if err := s.apply(w, entry.ID, input.Server); err != nil {
			return jsonError(http.StatusBadRequest, err.Error())
		}
		if word := input.Server.State; word != "" {
			state, known := stateWords[word]
			if !known {
				return jsonError(http.StatusBadRequest, "Invalid state parameter: "+word)
			}
			if err := w.SetState(entry.ID, state); err != nil {
				return jsonError(http.StatusBadRequest, err.Error())
			}
		}
		return s.getServerInfo(w, input)
	})
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
