package functionsapi

import (
	"maps"
	"regexp"
	"slices"
	"time"
)

// functionSpec has the fields of a request that creates or updates a function. An update
// keeps the value of a missing field.
type functionSpec struct {
	Name           string    `json:"name"`
	Namespace      string    `json:"namespace_id"`
	Variables      variables `json:"environment_variables"`
	Secrets        []secret  `json:"secret_environment_variables"`
	Description    string    `json:"description"`
	MemoryLimit    int       `json:"memory_limit"`
	MinScale       int       `json:"min_scale"`
	MaxScale       int       `json:"max_scale"`
	Runtime        string    `json:"runtime"`
	Timeout        string    `json:"timeout"`
	Handler        string    `json:"handler"`
	Privacy        string    `json:"privacy"`
	HTTPOption     string    `json:"http_option"`
	Sandbox        string    `json:"sandbox"`
	PrivateNetwork string    `json:"private_network_id"`
	Redeploy       bool      `json:"redeploy"`
}

// defaultSpec returns the defaults of the plugin and the API.
func defaultSpec() functionSpec {
	return functionSpec{
		Variables: variables{}, MemoryLimit: 256, MaxScale: 20, Timeout: "300s",
		Privacy: "public", HTTPOption: "enabled", Sandbox: "v2",
	}
}

// cpuOfMemory maps the possible memory sizes, in MB, to thousandths of a CPU.
var cpuOfMemory = map[int]int{128: 70, 256: 140, 512: 280, 1024: 560, 2048: 1120, 3072: 1680, 4096: 2240}

var (
	functionName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	goHandler    = regexp.MustCompile(`^([A-Za-z0-9_-]+/)*[A-Z][A-Za-z0-9_]*$`)
	seconds      = regexp.MustCompile(`^[0-9]+s$`)
	uuid         = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// maxScale is the most instances that a function can have.
const maxScale = 50

// check returns the API's error for an invalid field. secrets are all of the function's
// secret variables, and present is the runtime that it is in, empty for a new function.
func (spec *functionSpec) check(secrets variables, present string) error {
	timeout, err := time.ParseDuration(spec.Timeout)
	switch {
	case !functionName.MatchString(spec.Name):
		return invalid("function name must consist of lower case alphanumeric characters or '-', starts and ends with an alphanumeric character")
	case !canUse(spec.Runtime, present):
		return invalid("runtime %q is not available", spec.Runtime)
	case !goHandler.MatchString(spec.Handler):
		return invalid("handler value is invalid")
	case cpuOfMemory[spec.MemoryLimit] == 0:
		return invalid("memory_limit must be one of %v", slices.Sorted(maps.Keys(cpuOfMemory)))
	case err != nil || !seconds.MatchString(spec.Timeout) || timeout < 10*time.Second || timeout > time.Hour:
		return invalid("timeout must be 10s to 3600s")
	case spec.MinScale < 0 || spec.MinScale > spec.MaxScale || spec.MaxScale < 1 || spec.MaxScale > maxScale:
		return invalid("min_scale and max_scale must be 0 to %d, the first not above the second", maxScale)
	case spec.Privacy != "public" && spec.Privacy != "private":
		return invalid("privacy must be public or private")
	case spec.HTTPOption != "enabled" && spec.HTTPOption != "redirected":
		return invalid("http_option must be enabled or redirected")
	case spec.Sandbox != "v1" && spec.Sandbox != "v2":
		return invalid("sandbox must be v1 or v2")
	case spec.PrivateNetwork != "" && !uuid.MatchString(spec.PrivateNetwork):
		return invalid("private_network_id must be a UUID")
	}
	return spec.Variables.check(secrets)
}
