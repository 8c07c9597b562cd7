package scaleway

import (
	"context"
	"errors"
	"strings"

	iam "github.com/scaleway/scaleway-sdk-go/api/iam/v1alpha1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// ImageIn finds the newest image of the pool in a zone.
func (c *Client) ImageIn(ctx context.Context, zone string) (pool.Image, error) {
	return c.newestImage(ctx, scw.Zone(zone))
}

// Offers tells of the commercial types of a zone whether machines can be had:
// Scaleway's words are available, scarce and shortage.
func (c *Client) Offers(ctx context.Context, zone string) (map[string]string, error) {
	answer, err := c.instances.GetServerTypesAvailability(&instance.GetServerTypesAvailabilityRequest{Zone: scw.Zone(zone), PerPage: size()},
		scw.WithContext(ctx), scw.WithAllPages())
	if err != nil {
		return nil, explain(err, "list what can be had in %s", zone)
	}
	offers := map[string]string{}
	for name, offer := range answer.Servers {
		if offer != nil {
			offers[name] = string(offer.Availability)
		}
	}
	return offers, nil
}

// quotaPrefix begins the names of quotas of machines: the commercial type follows,
// in which hyphens are underscores.
const quotaPrefix = "cp_servers_type_"

// Quotas gives the most machines that the organization may have of a commercial
// type in a zone; there is none for those without a limit. The API key has to be
// allowed to read the organization (OrganizationReadOnly).
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

// limitIn is the least of the limits that hold in a zone.
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

// organization is that of the project, as one of its addresses tells it.
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
	return "", errors.New("find the organization: only an address tells it, and the project has none")
}
