package scalewayapi

import (
	"encoding/json"
	"net/http"
)

// apiError is an error response of the API. Scaleway's SDK chooses its typed errors by
// the "type" in the body.
type apiError struct {
	status int
	body   map[string]any
}

// Error returns the JSON body.
func (e *apiError) Error() string {
	text, _ := json.Marshal(e.body)
	return string(text)
}

// response returns the response to send.
func (e *apiError) response() response { return response{status: e.status, body: e.body} }

// notFound returns the error that was recorded for missing servers, images, volumes and
// addresses.
func notFound(resource, id string) *apiError {
	return &apiError{http.StatusNotFound, map[string]any{
		"type": "not_found", "message": "resource is not found", "resource": resource, "resource_id": id,
	}}
}

// unknownPath is the response for paths that are not served. It has no "type", so that
// clients do not mistake it for a missing resource.
func unknownPath() *apiError {
	return &apiError{http.StatusNotFound, map[string]any{"message": "not found"}}
}

// argument is a rejected argument of a request.
type argument struct {
	Name   string `json:"argument_name"`
	Reason string `json:"reason"` // required, format, constraint or unknown
	Help   string `json:"help_message"`
}

// missingArgument describes a missing argument in the recorded wording.
func missingArgument(name string) argument {
	return argument{name, "required", "required key not provided"}
}

// invalidArguments returns the error that was recorded for a reverse name that does not
// resolve.
func invalidArguments(arguments ...argument) *apiError {
	return &apiError{http.StatusBadRequest, map[string]any{
		"type": "invalid_arguments", "message": "invalid argument(s)", "details": arguments,
	}}
}

// transientState refuses a change while the resource is changing its state.
func transientState(resource, id, state string) *apiError {
	return &apiError{http.StatusConflict, map[string]any{
		"type": "transient_state", "message": "resource is in a transient state",
		"resource": resource, "resource_id": id, "current_state": state,
	}}
}

// preconditionFailed refuses what the resource's state does not allow. Instances sends
// status 400, Block Storage sends 412.
func preconditionFailed(status int, precondition, help string) *apiError {
	return &apiError{status, map[string]any{
		"type": "precondition_failed", "message": "precondition failed",
		"precondition": precondition, "help_message": help,
	}}
}

// outOfStock says that the zone has no more machines of a commercial type.
func outOfStock(commercialType string) *apiError {
	return &apiError{http.StatusPreconditionFailed, map[string]any{
		"type": "out_of_stock", "message": "out of stock", "resource": commercialType,
	}}
}

// quotaExceeded says that the project cannot have more machines of a commercial type.
func quotaExceeded(resource string, quota int) *apiError {
	return &apiError{http.StatusForbidden, map[string]any{
		"type": "quotas_exceeded", "message": "quota(s) exceeded for this resource",
		"details": []map[string]any{{"resource": resource, "quota": quota, "current": quota}},
	}}
}

// permissionsDenied refuses anything outside the pool's project.
func permissionsDenied(resource, action string) *apiError {
	return &apiError{http.StatusForbidden, map[string]any{
		"type": "permissions_denied", "message": "insufficient permissions",
		"details": []map[string]any{{"resource": resource, "action": action}},
	}}
}

// deniedAuthentication refuses a missing secret key (reason "invalid_argument") or an
// unknown one (reason "not_found").
func deniedAuthentication(reason string) *apiError {
	return &apiError{http.StatusUnauthorized, map[string]any{
		"type": "denied_authentication", "message": "authentication is denied",
		"method": "api_key", "reason": reason,
	}}
}
