package deploy

import (
	"encoding/json"
	"fmt"
	"strings"

	"divims/internal/config"
)

// function is a function of serverless.yml, in the words of Scaleway's plugin.
type function struct {
	Handler        string            `json:"handler"`
	Description    string            `json:"description"`
	Privacy        string            `json:"privacy"`
	HTTPOption     string            `json:"httpOption"`
	MemoryLimit    int               `json:"memoryLimit"`
	MinScale       int               `json:"minScale"`
	MaxScale       int               `json:"maxScale"`
	Timeout        string            `json:"timeout"`
	PrivateNetwork string            `json:"privateNetworkId,omitempty"`
	Domains        []string          `json:"custom_domains"`
	Env            map[string]string `json:"env"`
	Secret         map[string]string `json:"secret"`
	Events         []event           `json:"events"`
}

type event struct {
	Schedule trigger `json:"schedule"`
}

type trigger struct {
	Rate  string            `json:"rate"`
	Input map[string]string `json:"input"`
}

// cronInput marks the calls of the cron trigger. They need no DIVIMS_TOKEN, because
// everybody who can see the trigger could read a token here.
var cronInput = map[string]string{"source": "cron"}

// Functions returns the functions of pools as JSON for serverless.yml, with their secrets.
func Functions(pools []Pool) ([]byte, error) {
	functions := map[string]function{}
	for _, p := range pools {
		functions[p.Name] = p.function()
	}
	text, err := json.Marshal(functions)
	if err != nil {
		return nil, fmt.Errorf("encode the functions: %w", err)
	}
	return text, nil
}

func (p *Pool) function() function {
	f := function{
		Handler: "Handle", Description: "Keeps a pool of BigBlueButton servers as small as it can be",
		Privacy: p.Settings.FunctionPrivacy, HTTPOption: "redirected",
		MemoryLimit: p.Settings.FunctionMemory, MinScale: 0, MaxScale: 1,
		Timeout:        fmt.Sprintf("%.0fs", p.Settings.FunctionTimeout.Seconds()),
		PrivateNetwork: p.Settings.PrivateNetwork,
		Domains:        append([]string{}, p.Settings.FunctionDomains...),
		Env:            map[string]string{}, Secret: map[string]string{},
		Events: []event{{trigger{p.Schedule, cronInput}}},
	}
	for _, s := range config.Declarations() {
		value, given := p.values["DIVIMS_"+s.Name]
		// osls would expand ${…}.
		value = strings.ReplaceAll(value, "${", `\${`)
		switch {
		case given && s.Section == "env":
			f.Env["DIVIMS_"+s.Name] = value
		case given && s.Section == "secret":
			f.Secret["DIVIMS_"+s.Name] = value
		}
	}
	return f
}
