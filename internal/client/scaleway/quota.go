package scaleway

import (
	"context"
	"errors"
	"strings"

	iam "github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

// quotaPrefix is the prefix of a machine quota's name. The commercial type follows, with
// underscores for hyphens.
const quotaPrefix = "cp_servers_type_"

// Quotas returns how many machines of each commercial type the organization may have in
// a zone. Types without a limit are left out. The API key must be allowed to read the
// organization (OrganizationReadOnly).
func (c *Client) Quotas(ctx context.Context, types []string, zone string) (map[string]int, error) {
	organization, err := c.organization(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]string{}
	request := iam.ListQuotaRequest{OrganizationID: organization, PageSize: size()}
	for _, name := range types {
		quota := quotaPrefix + strings.ReplaceAll(name, "-", "_")
		byName[quota] = name
		request.QuotumNames = append(request.QuotumNames, quota)
	}
	found, err := readAll(
		func(quota *iam.Quotum) string { return quota.Name },
		func(page *int32) ([]*iam.Quotum, uint64, error) {
			request.Page = page
			answer, err := c.iam.ListQuota(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Quota, answer.TotalCount, nil
		})
	if err != nil {
		return nil, explain(err, "list the quotas of the organization")
	}
	quotas := map[string]int{}
	for _, quota := range found {
		if most, limited := limitIn(quota, scw.Zone(zone)); limited && byName[quota.Name] != "" {
			quotas[byName[quota.Name]] = most
		}
	}
	return quotas, nil
}

// limitIn returns the smallest limit that applies in a zone, if there is any.
func limitIn(quota *iam.Quotum, zone scw.Zone) (most int, limited bool) {
	for _, limit := range quota.Limits {
		if limit == nil || limit.Limit == nil || limit.Zone != nil && *limit.Zone != zone || limit.Region != nil && !strings.HasPrefix(string(zone), string(*limit.Region)) {
			continue
		}
		if n := int(min(*limit.Limit, maxQuota)); !limited || n < most {
			most, limited = n, true
		}
	}
	return most, limited
}

// maxQuota is more machines than any pool has.
const maxQuota = 1_000_000

// organization returns the ID of the project's organization. The only place where it can
// be read is one of the project's addresses.
func (c *Client) organization(ctx context.Context) (string, error) {
	for _, zone := range c.zones {
		answer, err := c.instances.ListIPs(&instance.ListIPsRequest{Zone: zone, Project: &c.project, PerPage: scw.Uint32Ptr(1)}, scw.WithContext(ctx))
		if err != nil {
			return "", explain(err, "find the organization")
		}
		for _, ip := range answer.IPs {
			if ip != nil && ip.Project == c.project {
				return ip.Organization, nil
			}
		}
	}
	return "", errors.New("find the organization: it is read from an address of the project, and the project has none")
}
