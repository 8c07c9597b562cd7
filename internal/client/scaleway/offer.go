package scaleway

import (
	"context"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

// Offers returns the availability of each commercial type in a zone, in Scaleway's
// words: available, scarce or shortage.
func (c *Client) Offers(ctx context.Context, zone string) (map[string]string, error) {
	answer, err := c.instances.GetServerTypesAvailability(&instance.GetServerTypesAvailabilityRequest{Zone: scw.Zone(zone), PerPage: size()},
		scw.WithContext(ctx), scw.WithAllPages())
	if err != nil {
		return nil, explain(err, "list the available types in %s", zone)
	}
	offers := map[string]string{}
	for name, offer := range answer.Servers {
		if offer != nil {
			offers[name] = string(offer.Availability)
		}
	}
	return offers, nil
}
