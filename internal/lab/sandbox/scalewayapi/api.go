// Package scalewayapi serves the part of Scaleway's API that a pool uses, with a world as the backend. It takes the
// calls of Scaleway's SDK and command line client, and returns responses and errors of the real form. It behaves as
// recorded at Scaleway, including the delays and the resources that stay behind.
package scalewayapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"regexp"
	"sync"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// Config describes an API.
type Config struct {
	World *world.World
	// Lock guards World. It is held while a call is executed, but not while a body is
	// read or written.
	Lock sync.Locker
	// Project is the id of the project that owns everything in the world. It is the
	// organization's id, too.
	Project string
	// SecretKey must come with every call, as X-Auth-Token.
	SecretKey pool.Secret
	// Domains are the DNS domains that the project owns, for example "example.com".
	Domains []string
	// Named are the servers whose domains have DNS records from the start.
	Named []pool.Server
	// Quotas limits the number of machines of a commercial type. A type that is not
	// listed has no limit.
	Quotas map[string]int
	// SecurityGroups are the names of groups that the project has in every zone, besides
	// the default one.
	SecurityGroups  []string
	PrivateNetworks []PrivateNetwork
}

// api has the world and the state that Scaleway has in addition.
type api struct {
	Config
	metadata metadata
	zones    map[string]*dnsZone
	// started is when the API started, which is also when groups and networks were made.
	started time.Time
	// records counts all DNS records that were ever created.
	records int
}

// API is the HTTP handler of the API. Lookup answers DNS queries for its zones.
type API struct {
	http.Handler
	api *api
}

// New creates an API. It takes the lock for a moment.
func New(config Config) *API {
	a := &api{Config: config, metadata: newMetadata(), zones: map[string]*dnsZone{}}
	config.Lock.Lock()
	a.started = a.World.Now()
	for _, domain := range config.Domains {
		a.newZone(domain, domain)
	}
	a.addServerDomains()
	config.Lock.Unlock()
	mux := http.NewServeMux()
	for pattern, serve := range a.routes() {
		mux.Handle(pattern, a.endpoint(serve))
	}
	mux.Handle("/", a.endpoint(func(*http.Request, []byte) (response, error) { return response{}, unknownPath() }))
	return &API{mux, a}
}

// handlerFunc executes one call while the lock is held. body was read before.
type handlerFunc func(r *http.Request, body []byte) (response, error)

// routes returns the handlers of everything that is served.
func (a *api) routes() map[string]handlerFunc {
	const (
		instance  = "/instance/v1/zones/{zone}"
		dns       = "/domain/v2beta1/dns-zones"
		bareMetal = "/baremetal/v1/zones/{zone}"
	)
	routes := map[string]handlerFunc{
		"GET " + instance + "/servers":                         a.listServers,
		"POST " + instance + "/servers":                        a.createServer,
		"GET " + instance + "/servers/{id}":                    a.getServer,
		"PATCH " + instance + "/servers/{id}":                  a.updateServer,
		"DELETE " + instance + "/servers/{id}":                 a.deleteServer,
		"GET " + instance + "/servers/{id}/action":             a.listActions,
		"POST " + instance + "/servers/{id}/action":            a.actOnServer,
		"GET " + instance + "/servers/{id}/user_data":          a.listUserData,
		"GET " + instance + "/servers/{id}/user_data/{key}":    a.getUserData,
		"PATCH " + instance + "/servers/{id}/user_data/{key}":  a.setUserData,
		"DELETE " + instance + "/servers/{id}/user_data/{key}": a.deleteUserData,
		"GET " + instance + "/images":                          a.listImages,
		"GET " + instance + "/images/{id}":                     a.getImage,
		"GET " + instance + "/ips":                             a.listAddresses,
		"POST " + instance + "/ips":                            a.createAddress,
		"GET " + instance + "/ips/{id}":                        a.getAddress,
		"PATCH " + instance + "/ips/{id}":                      a.updateAddress,
		"DELETE " + instance + "/ips/{id}":                     a.deleteAddress,
		"GET " + instance + "/volumes":                         a.listLocalVolumes,
		"GET " + instance + "/volumes/{id}":                    a.getLocalVolume,
		"PATCH " + instance + "/volumes/{id}":                  a.updateLocalVolume,
		"DELETE " + instance + "/volumes/{id}":                 a.deleteLocalVolume,
		"GET " + instance + "/products/servers":                a.listTypes,
		"GET " + instance + "/products/servers/availability":   a.listAvailability,
		"GET " + bareMetal + "/servers":                        a.listBareMetalServers,
		"GET " + bareMetal + "/servers/{id}":                   a.getBareMetalServer,
		"POST " + bareMetal + "/servers/{id}/start":            a.startBareMetalServer,
		"POST " + bareMetal + "/servers/{id}/reboot":           a.rebootBareMetalServer,
		"GET /iam/v1alpha1/quota":                              a.listQuotas,
		"GET " + dns:                                           a.listZones,
		"GET " + dns + "/{dnsZone}/records":                    a.listRecords,
		"PATCH " + dns + "/{dnsZone}/records":                  a.changeRecords,
	}
	maps.Copy(routes, a.networkRoutes(instance))
	for _, block := range []string{"/block/v1/zones/{zone}", "/block/v1alpha1/zones/{zone}"} {
		routes["GET "+block+"/volumes"] = a.listBlockVolumes
		routes["GET "+block+"/volumes/{id}"] = a.getBlockVolume
		routes["PATCH "+block+"/volumes/{id}"] = a.updateBlockVolume
		routes["DELETE "+block+"/volumes/{id}"] = a.deleteBlockVolume
		routes["GET "+block+"/snapshots/{id}"] = a.getSnapshot
	}
	return routes
}

// networkRoutes returns the handlers of security groups and private networks.
func (a *api) networkRoutes(instance string) map[string]handlerFunc {
	const vpc = "/vpc/v2/regions/{region}"
	return map[string]handlerFunc{
		"GET " + instance + "/servers/{id}/private_nics":  a.listPrivateNICs,
		"POST " + instance + "/servers/{id}/private_nics": a.createPrivateNIC,
		"GET " + instance + "/security_groups":            a.listSecurityGroups,
		"GET " + instance + "/security_groups/{id}":       a.getSecurityGroup,
		"GET " + vpc + "/private-networks":                a.listPrivateNetworks,
		"GET " + vpc + "/private-networks/{id}":           a.getPrivateNetwork,
	}
}

// maxBodySize is the largest request body that is read, in bytes. No client sends nearly
// as much.
const maxBodySize = 1 << 20

// endpoint reads the request, executes it under the lock, and writes the response.
func (a *api) endpoint(serve handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
		if err != nil {
			errorResponse(invalidArguments(argument{"body", "constraint", "cannot be read or is too large"})).write(w)
			return
		}
		result, err := a.handle(serve, r, body)
		if err != nil {
			result = errorResponse(err)
		}
		result.write(w)
	})
}

// handle executes an authorized call. The response is written without the lock, so it
// must not share data with the world or the metadata.
func (a *api) handle(serve handlerFunc, r *http.Request, body []byte) (response, error) {
	a.Lock.Lock()
	defer a.Lock.Unlock()
	if err := a.authorize(r); err != nil {
		return response{}, err
	}
	if err := a.World.Refused(nameOf(r, body)); err != nil {
		return response{}, err
	}
	a.metadata.sync(a.World)
	return serve(r, body)
}

// zoneName matches the name of an availability zone. A zone that the world does not
// use is empty.
var zoneName = regexp.MustCompile(`^[a-z]{2}-[a-z]{3}-[1-9]$`)

// authorize refuses calls without the secret key, for another project, or with an
// invalid zone.
func (a *api) authorize(r *http.Request) error {
	switch r.Header.Get("X-Auth-Token") {
	case "":
		return deniedAuthentication("invalid_argument")
	case a.SecretKey.Reveal():
	default:
		return deniedAuthentication("not_found")
	}
	if zone := r.PathValue("zone"); zone != "" && !zoneName.MatchString(zone) {
		return unknownPath()
	}
	query := r.URL.Query()
	return a.checkOwner("read", query.Get("project"), query.Get("project_id"), query.Get("organization"), query.Get("organization_id"))
}

// checkOwner refuses projects and organizations other than the pool's. Empty ones pass.
func (a *api) checkOwner(action string, owners ...string) error {
	for _, owner := range owners {
		if owner != "" && owner != a.Project {
			return permissionsDenied("project", action)
		}
	}
	return nil
}

// response is a response with a JSON body, a text, or a status only.
type response struct {
	status int
	header http.Header
	body   any
	text   []byte
}

// ok returns a response with status 200.
func ok(body any) (response, error) { return response{status: http.StatusOK, body: body}, nil }

// noContent returns a response with status 204 and no body.
func noContent() (response, error) { return response{status: http.StatusNoContent}, nil }

func (a response) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	content := a.text
	if content != nil {
		w.Header().Set("Content-Type", "text/plain")
	} else {
		w.Header().Set("Content-Type", "application/json")
	}
	if a.body != nil {
		var err error
		if content, err = json.Marshal(a.body); err != nil {
			http.Error(w, "answer cannot be written as JSON", http.StatusInternalServerError)
			return
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(content)
}

// errorResponse converts the error of a call. An error other than an apiError or a refusal
// of the world is a bug in this package and becomes status 500.
func errorResponse(err error) response {
	var refused *world.RefusedError
	if errors.As(err, &refused) {
		return response{status: refused.Status, body: map[string]any{"message": refused.Text}}
	}
	var r *apiError
	if errors.As(err, &r) {
		return r.response()
	}
	return response{status: http.StatusInternalServerError, body: map[string]any{"type": "internal_error", "message": err.Error()}}
}

// created returns a response with status 201 and the address of the new resource.
func created(r *http.Request, id string, body any) (response, error) {
	location := "https://" + r.Host + r.URL.Path + "/" + id
	return response{status: http.StatusCreated, header: http.Header{"Location": {location}}, body: body}, nil
}

// decode reads a request's JSON body. It ignores fields that T lacks, because the
// sandbox need not imitate them.
func decode[T any](body []byte) (T, error) {
	var request T
	if err := json.Unmarshal(body, &request); err != nil {
		return request, invalidArguments(argument{"body", "format", err.Error()})
	}
	return request, nil
}

// decodeStrictly is decode for changes. It refuses fields that T lacks, because
// ignoring them would ignore a change.
func decodeStrictly[T any](body []byte) (T, error) {
	var request T
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, invalidArguments(argument{"body", "format", err.Error()})
	}
	return request, nil
}
