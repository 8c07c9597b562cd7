package functionsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// handlerFunc executes one call while the lock is held, and returns the JSON response.
type handlerFunc func(r *http.Request, body []byte) (any, error)

// routes returns the handler of all calls that the plugin and `divims deploy` make.
func (p *Platform) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range map[string]handlerFunc{
		"GET " + root + "/namespaces":                p.listNamespaces,
		"POST " + root + "/namespaces":               p.createNamespace,
		"GET " + root + "/namespaces/{id}":           p.getNamespace,
		"PATCH " + root + "/namespaces/{id}":         p.updateNamespace,
		"GET " + root + "/namespaces/{id}/functions": p.listFunctions, // only the plugin knows this call
		"GET " + root + "/functions":                 p.listFunctions,
		"GET " + root + "/runtimes":                  p.listRuntimes,
		"POST " + root + "/functions":                p.createFunction,
		"GET " + root + "/functions/{id}":            p.getFunction,
		"PATCH " + root + "/functions/{id}":          p.updateFunction,
		"DELETE " + root + "/functions/{id}":         p.deleteFunction,
		"GET " + root + "/functions/{id}/upload-url": p.createUploadURL,
		"POST " + root + "/functions/{id}/deploy":    p.deployFunction,
		"GET " + root + "/crons":                     p.listCrons,
		"POST " + root + "/crons":                    p.createCron,
		"DELETE " + root + "/crons/{id}":             p.deleteCron,
		"GET " + root + "/triggers":                  p.listTriggers,
		"GET " + root + "/domains":                   p.listDomains,
		"POST " + root + "/domains":                  p.createDomain,
		"DELETE " + root + "/domains/{id}":           p.deleteDomain,
	} {
		mux.Handle(pattern, p.endpoint(p.authorized(serve)))
	}
	mux.Handle("PUT /uploads/{id}", p.endpoint(p.upload)) // its URL is signed instead
	mux.Handle("GET /metadata", p.endpoint(func(*http.Request, []byte) (any, error) { return map[string]string{"domain": "scw"}, nil }))
	mux.Handle("/", p.endpoint(func(*http.Request, []byte) (any, error) { return nil, unknownPath() }))
	return mux
}

// maxBodySize is the largest archive, and so the largest body: 100 MiB.
const maxBodySize = 100 << 20

// endpoint reads the request, executes it under the lock, and writes the response.
func (p *Platform) endpoint(serve handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
		if err != nil {
			return // the client is gone or sends too much
		}
		status, answer := p.handle(serve, r, body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	})
}

// handle executes a call and records its error.
func (p *Platform) handle(serve handlerFunc, r *http.Request, body []byte) (status int, answer []byte) {
	p.lock.Lock()
	defer p.lock.Unlock()
	planned := p.refusal(r)
	if planned != nil && planned.Before != nil {
		planned.Before()
	}
	status, result, err := http.StatusOK, any(nil), error(nil)
	if planned == nil || planned.Done || planned.Status == 0 {
		result, err = serve(r, body)
	}
	switch why := new(apiError); {
	case err != nil:
		if !errors.As(err, &why) {
			why = &apiError{http.StatusInternalServerError, map[string]any{"message": err.Error()}}
		}
		status, result = why.status, why.body
		p.refusals = append(p.refusals, fmt.Sprintf("%s %s: %d %v", r.Method, r.URL.Path, status, why.body["message"]))
	case planned != nil && planned.Status != 0:
		status, result = planned.Status, planned.error().body
	}
	if answer, err = json.Marshal(result); err != nil {
		return http.StatusInternalServerError, nil
	}
	return status, answer
}

// authorized requires the secret key.
func (p *Platform) authorized(serve handlerFunc) handlerFunc {
	return func(r *http.Request, body []byte) (any, error) {
		if r.Header.Get("X-Auth-Token") != p.config.Key {
			return nil, &apiError{http.StatusUnauthorized, map[string]any{
				"type": "denied_authentication", "message": "authentication is denied", "method": "api_key", "reason": "not_found",
			}}
		}
		return serve(r, body)
	}
}

// apiError is an error response of the API: the status and the JSON body.
type apiError struct {
	status int
	body   map[string]any
}

func (r *apiError) Error() string { return fmt.Sprint(r.body["message"]) }

// invalid refuses a request as the API does, with a message but no "type".
func invalid(format string, args ...any) error {
	return &apiError{http.StatusBadRequest, map[string]any{"message": fmt.Sprintf(format, args...)}}
}

func notFound(resource, id string) error {
	return &apiError{http.StatusNotFound, map[string]any{
		"type": "not_found", "message": "resource is not found", "resource": resource, "resource_id": id,
	}}
}

func unknownPath() error {
	return &apiError{http.StatusNotFound, map[string]any{"message": "there is no such call"}}
}

// decode reads a JSON body into request. It refuses unknown fields, because ignoring
// a field would ignore a part of the request.
func decode(body []byte, request any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request); err != nil {
		return invalid("the request cannot be read: %s", err)
	}
	return nil
}
