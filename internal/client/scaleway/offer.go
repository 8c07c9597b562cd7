package scaleway

import (
	"context"
	"math"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
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

// Types returns what Scaleway says about each commercial type in a zone.
func (c *Client) Types(ctx context.Context, zone string) (map[string]pool.MachineType, error) {
	answer, err := c.instances.ListServersTypes(&instance.ListServersTypesRequest{Zone: scw.Zone(zone), PerPage: size()},
		scw.WithContext(ctx), scw.WithAllPages())
	if err != nil {
		return nil, explain(err, "list the types in %s", zone)
	}
	types := map[string]pool.MachineType{}
	for name, details := range answer.Servers {
		if details != nil {
			types[name] = toType(details)
		}
	}
	return types, nil
}

// toType translates a commercial type. A missing limit of the local storage is no limit.
func toType(details *instance.ServerType) pool.MachineType {
	translated := pool.MachineType{Arch: toArch(details.Arch), LocalStorage: math.MaxInt64, Ended: details.EndOfService}
	if limit := details.VolumesConstraint; limit != nil {
		translated.LocalStorage = toBytes(limit.MaxSize)
	}
	if limit := details.PerVolumeConstraint; limit != nil && limit.LSSD != nil && limit.LSSD.MaxSize == 0 {
		translated.LocalStorage = 0
	}
	if abilities := details.Capabilities; abilities != nil && abilities.BlockStorage != nil {
		translated.NoBlock = !*abilities.BlockStorage
	}
	return translated
}

// toArch returns an architecture; empty if it is unknown.
func toArch(arch instance.Arch) string {
	if arch == instance.ArchUnknownArch {
		return ""
	}
	return string(arch)
}

// toBytes converts a size. No volume has more than an int64 can hold.
func toBytes(bytes scw.Size) int64 { return int64(min(uint64(bytes), math.MaxInt64)) }
