package scalewayapi

import (
	"encoding/json"
	"net/http"
)

// apiError is an error response of the API: the status and the JSON body. The
// bodies' "type" is what Scaleway's SDK makes typed errors of.
type apiError struct {
	status int
	body   map[string]any
}

// Error shows the body as it is sent.
func (r *apiError) Error() string {
	text, _ := json.Marshal(r.body)
	return string(text)
}

// response is what is sent for a apiError.
func (r *apiError) response() response { return response{status: r.status, body: r.body} }

// notFound is recorded for servers, images, volumes and addresses.
func notFound(resource, id string) *apiError {
	return &apiError{http.StatusNotFound, map[string]any{
		"type": "not_found", "message": "resource is not found", "resource": resource, "resource_id": id,
	}}
}

// unknownPath answers paths that are not served. It has no type on purpose: a
// client must not take it for a resource that is gone.
func unknownPath() *apiError {
	return &apiError{http.StatusNotFound, map[string]any{"message": "not found"}}
}

// argument is one rejected argument of a request.
type argument struct {
	Name   string `json:"argument_name"`
	Reason string `json:"reason"` // required, format, constraint or unknown
	Help   string `json:"help_message"`
}

// missing is the recorded wording for an argument that must be given.
func missingArgument(name string) argument {
	return argument{name, "required", "required key not provided"}
}

// invalidArguments is recorded for a reverse name that does not resolve.
func invalidArguments(arguments ...argument) *apiError {
	return &apiError{http.StatusBadRequest, map[string]any{
		"type": "invalid_arguments", "message": "invalid argument(s)", "details": arguments,
	}}
}

// transientState refuses a change while another one is under way.
func transientState(resource, id, state string) *apiError {
	return &apiError{http.StatusConflict, map[string]any{
		"type": "transient_state", "message": "resource is in a transient state",
		"resource": resource, "resource_id": id, "current_state": state,
	}}
}

// preconditionFailed refuses what the present state does not allow. Instances
// answers it with status 400, Block Storage with 412.
func preconditionFailed(status int, precondition, help string) *apiError {
	return &apiError{status, map[string]any{
		"type": "precondition_failed", "message": "precondition failed",
		"precondition": precondition, "help_message": help,
	}}
}

// outOfStock names the commercial type that the zone cannot give.
func outOfStock(commercialType string) *apiError {
	return &apiError{http.StatusPreconditionFailed, map[string]any{
		"type": "out_of_stock", "message": "out of stock", "resource": commercialType,
	}}
}

// quotaExceeded says that the project may have no more of a commercial type.
func quotaExceeded(resource string, quota int) *apiError {
	return &apiError{http.StatusForbidden, map[string]any{
		"type": "quotas_exceeded", "message": "quota(s) exceeded for this resource",
		"details": []map[string]any{{"resource": resource, "quota": quota, "current": quota}},
	}}
}

// permissionsDenied is the response for anything outside the pool's project.
func permissionsDenied(resource, action string) *apiError {
	return &apiError{http.StatusForbidden, map[string]any{
		"type": "permissions_denied", "message": "insufficient permissions",
		"details": []map[string]any{{"resource": resource, "action": action}},
	}}
}

// deniedAuthentication answers a missing ("invalid_argument") or unknown
// ("not_found") secret key.
func deniedAuthentication(reason string) *apiError {
	return &apiError{http.StatusUnauthorized, map[string]any{
		"type": "denied_authentication", "message": "authentication is denied",
		"method": "api_key", "reason": reason,
	}}
}
