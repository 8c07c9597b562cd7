package scalewayapi

import (
	"errors"
	"net/http"
	"slices"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// serverOrder has the fields of CreateServer's request that the world supports.
type serverOrder struct {
	Name              string                    `json:"name"`
	CommercialType    string                    `json:"commercial_type"`
	Image             string                    `json:"image"`
	Volumes           map[string]volumeTemplate `json:"volumes"`
	DynamicIPRequired *bool                     `json:"dynamic_ip_required"`
	PublicIP          string                    `json:"public_ip"`
	PublicIPs         []string                  `json:"public_ips"`
	SecurityGroup     string                    `json:"security_group"`
	Project           string                    `json:"project"`
	Organization      string                    `json:"organization"`
	Tags              []string                  `json:"tags"`
}

type volumeTemplate struct {
	ID         string `json:"id"`
	VolumeType string `json:"volume_type"`
	Size       *int64 `json:"size"`
}

// createServer creates a server, which is stopped at first, as at Scaleway.
func (a *api) createServer(r *http.Request, body []byte) (response, error) {
	order, err := decode[serverOrder](body)
	if err != nil {
		return response{}, err
	}
	zone := r.PathValue("zone")
	if err := a.checkOrder(order, zone); err != nil {
		return response{}, err
	}
	addresses, err := a.freeAddresses(zone, append(order.PublicIPs, order.PublicIP))
	if err != nil {
		return response{}, err
	}
	machine, err := a.World.CreateMachine(world.Order{
		Name: order.Name, Zone: zone, Type: order.CommercialType, ImageID: order.Image,
		Tags: order.Tags, AddressIDs: addresses,
	})
	if err != nil {
		return response{}, createError(order, err)
	}
	a.metadata.sync(a.World)
	// Scaleway assigns a dynamic address unless the request says no.
	a.metadata.machines[machine.ID].dynamicAddress = order.DynamicIPRequired == nil || *order.DynamicIPRequired
	a.metadata.machines[machine.ID].securityGroup = order.SecurityGroup
	if size := order.Volumes["0"].Size; size != nil {
		a.metadata.volumes[machine.Volumes[0].ID].size = *size
	}
	return created(r, machine.ID, map[string]any{"server": a.serverOf(machine)})
}

// checkOrder refuses a request that is invalid whatever the world's stock is.
func (a *api) checkOrder(order serverOrder, zone string) error {
	if err := a.checkOwner("write", order.Project, order.Organization); err != nil {
		return err
	}
	if arguments := missingArguments(order); len(arguments) > 0 {
		return invalidArguments(arguments...)
	}
	i := slices.IndexFunc(a.World.Types(), func(t world.Type) bool { return t.Name == order.CommercialType })
	if i < 0 {
		return notFound("instance_server_type", order.CommercialType)
	}
	images := a.World.Images()
	k := slices.IndexFunc(images, func(i pool.Image) bool { return i.ID == order.Image && i.Zone == zone })
	if k < 0 {
		return notFound("instance_image", order.Image)
	}
	if err := checkFit(images[k], a.World.Types()[i]); err != nil {
		return err
	}
	if order.SecurityGroup != "" {
		if err := a.checkGroup(zone, order.SecurityGroup); err != nil {
			return err
		}
	}
	if err := checkVolumes(order.Volumes, a.World.Types()[i]); err != nil {
		return err
	}
	return a.checkQuota(order.CommercialType, zone)
}

// missingArguments returns the required arguments that are missing.
func missingArguments(order serverOrder) []argument {
	var arguments []argument
	if order.CommercialType == "" {
		arguments = append(arguments, missingArgument("commercial_type"))
	}
	if order.Image == "" {
		arguments = append(arguments, missingArgument("image"))
	}
	if order.Image == "" && len(order.Volumes) == 0 {
		arguments = append(arguments, missingArgument("volumes"))
	}
	if order.Name == "" {
		arguments = append(arguments, missingArgument("name"))
	}
	if order.Project == "" && order.Organization == "" {
		arguments = append(arguments, missingArgument("project"))
	}
	return arguments
}

// checkFit refuses an image that machines of a commercial type cannot be created from.
func checkFit(image pool.Image, commercialType world.Type) error {
	switch {
	case archOf(image.Arch) != archOf(commercialType.Arch):
		return invalidArguments(argument{"image", "constraint", "the image is for another architecture"})
	case image.LocalSize > 0 && commercialType.RootVolume != pool.LocalVolume:
		return invalidArguments(argument{"volumes", "constraint", commercialType.Name + " has no local volumes"})
	case image.LocalSize > maxLocalStorage:
		return invalidArguments(argument{"volumes", "constraint", "the total size of local volumes is too large"})
	}
	return nil
}

// checkVolumes refuses volumes that the world cannot create. It creates one root
// volume, of the kind that the commercial type has.
func checkVolumes(volumes map[string]volumeTemplate, commercialType world.Type) error {
	for key, template := range volumes {
		if key != "0" || template.ID != "" {
			return invalidArguments(argument{"volumes", "constraint", "the sandbox supports only a new root volume"})
		}
		if template.VolumeType != "" && template.VolumeType != volumeTypes[commercialType.RootVolume] {
			return invalidArguments(argument{"volumes", "constraint", commercialType.Name + " has no root volume of type " + template.VolumeType})
		}
		if template.Size != nil {
			return checkSize(*template.Size, template.VolumeType)
		}
	}
	return nil
}

// checkSize refuses the size of a new root volume. In all recordings, an order with a size
// has the type, too.
func checkSize(size int64, volumeType string) error {
	switch {
	case volumeType == "":
		return invalidArguments(missingArgument("volumes.0.volume_type"))
	case size < volumeSize:
		return invalidArguments(argument{"volumes.0.size", "constraint", "must be at least the size of the image"})
	case size%512 != 0:
		return invalidArguments(argument{"volumes.0.size", "constraint", "must be a multiple of 512"})
	case volumeType == volumeTypes[pool.LocalVolume] && size > maxLocalStorage:
		return invalidArguments(argument{"volumes.0.size", "constraint", "must be at most the local storage of the commercial type"})
	}
	return nil
}

// checkQuota returns an error if the machine would exceed the quota of its type, or if an event
// of the world has exhausted that quota.
func (a *api) checkQuota(commercialType, zone string) error {
	used := 0
	for _, machine := range a.World.Machines() {
		if machine.Type == commercialType {
			used++
		}
	}
	quota, limited := a.Quotas[commercialType]
	if !a.World.WithinQuota(commercialType, zone) {
		quota, limited = used, true
	}
	if !limited || used < quota {
		return nil
	}
	return quotaExceeded(quotaName(commercialType), quota)
}

// freeAddresses returns the ids of the given addresses. It refuses addresses of another
// zone and addresses that are attached to a machine.
func (a *api) freeAddresses(zone string, ids []string) ([]string, error) {
	var addresses []string
	for _, id := range ids {
		if id == "" {
			continue
		}
		address, err := a.addressByID(zone, id)
		if err != nil {
			return nil, err
		}
		if slices.Contains(addresses, address.ID) || address.MachineID != "" {
			return nil, invalidArguments(argument{"public_ips", "constraint", "ip " + id + " is attached already"})
		}
		addresses = append(addresses, address.ID)
	}
	return addresses, nil
}

// createError converts the world's error into Scaleway's.
func createError(order serverOrder, err error) error {
	switch {
	case errors.Is(err, world.ErrOutOfStock):
		return outOfStock(order.CommercialType)
	case errors.Is(err, world.ErrInvalid):
		return invalidArguments(argument{"commercial_type", "constraint", err.Error()})
	}
	return err
}
