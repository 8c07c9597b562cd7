package setup

import (
	"fmt"
	"strings"

	"divims/internal/pool"
)

// fixImage says how to make image and commercial types fit each other.
const fixImage = "name types that fit in DIVIMS_COMMERCIAL_TYPES (scw instance server-type list zone=%s lists them), or make the image from a machine of such a type"

// checkImage compares the newest image of a zone with each commercial type that the zone
// has. Scaleway refuses to create a machine of a type that does not fit. If none fits, the
// finding has the level worst. What is missing in the zone is a finding of checkZones.
func (c *checker) checkImage(zone string, worst Level) {
	image, known := c.seen.Images[zone].Get()
	if !known {
		return
	}
	types, known := c.seen.Types[zone].Get()
	if !known {
		c.add(Unknown, zone, "whether the commercial types fit the image: "+c.seen.Types[zone].Reason(), "", fixKey)
		return
	}
	var fit, misfits []string
	for _, name := range c.Types {
		details, offered := types[name]
		if !offered {
			continue
		}
		if why := misfit(image, details); why != "" {
			misfits = append(misfits, name+" "+why)
			continue
		}
		fit = append(fit, name)
	}
	fix := fmt.Sprintf(fixImage, zone)
	switch {
	case len(misfits) == 0 && len(fit) == 0:
	case len(fit) == 0:
		c.add(worst, zone, fmt.Sprintf("no commercial type fits the image %s: %s", image.Name, strings.Join(misfits, "; ")), "no machine can be created there", fix)
	case len(misfits) > 0:
		c.add(Warning, zone, fmt.Sprintf("not every commercial type fits the image %s: %s", image.Name, strings.Join(misfits, "; ")), "trying it delays every creation", fix)
	default:
		c.ok(zone, "%s fit the image %s", strings.Join(fit, ", "), image.Name)
	}
}

// misfit returns why no machine of a commercial type can be created from an image, or "".
// What Scaleway does not say about either is no reason.
func misfit(image pool.Image, details pool.MachineType) string {
	const gigabyte = 1_000_000_000
	switch {
	case details.Ended:
		return "is no longer offered by Scaleway"
	case image.Arch != "" && details.Arch != "" && image.Arch != details.Arch:
		return fmt.Sprintf("has the architecture %s, the image is for %s", details.Arch, image.Arch)
	case image.LocalSize > 0 && details.LocalStorage == 0:
		return "has no local storage, and the image has local volumes (l_ssd)"
	case image.LocalSize > details.LocalStorage:
		return fmt.Sprintf("has %d GB of local storage, the image's local volumes have %d GB", details.LocalStorage/gigabyte, image.LocalSize/gigabyte)
	case image.HasBlock && details.NoBlock:
		return "cannot have block volumes (sbs_volume), and the image has some"
	}
	return ""
}
