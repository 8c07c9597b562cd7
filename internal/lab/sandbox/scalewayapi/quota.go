package scalewayapi

import (
	"net/http"
	"slices"
	"strings"
)

// quotum is a quota of the organization. Its fields are taken from Scaleway's SDK, because
// no traffic of quotas was recorded.
type quotum struct {
	Name         string        `json:"name"`
	PrettyName   string        `json:"pretty_name"`
	Unit         string        `json:"unit"`
	Description  string        `json:"description"`
	LocalityType string        `json:"locality_type"`
	Limits       []quotumLimit `json:"limits"`
}

type quotumLimit struct {
	Global    bool `json:"global"`
	Limit     *int `json:"limit,omitempty"`
	Unlimited bool `json:"unlimited,omitempty"`
}

// quotaName returns the name of a commercial type's quota.
func quotaName(commercialType string) string {
	return "cp_servers_type_" + strings.ReplaceAll(commercialType, "-", "_")
}

func (a *api) listQuotas(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	if query.Get("organization_id") == "" {
		return response{}, invalidArguments(missingArgument("organization_id"))
	}
	quotas := []quotum{}
	for _, t := range a.World.Types() {
		limit := quotumLimit{Global: true, Unlimited: true}
		if most, limited := a.Quotas[t.Name]; limited {
			limit = quotumLimit{Global: true, Limit: &most}
		}
		if wanted := query["quotum_names"]; len(wanted) == 0 || slices.Contains(wanted, quotaName(t.Name)) {
			quotas = append(quotas, quotum{Name: quotaName(t.Name), PrettyName: t.Name, Unit: "Instances", LocalityType: "global", Limits: []quotumLimit{limit}})
		}
	}
	return listWithTotal(r, "quota", quotas)
}
