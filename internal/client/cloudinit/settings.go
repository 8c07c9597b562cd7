package cloudinit

import (
	"strings"

	"divims/internal/config/setting"
)

// Settings say how new machines are set up.
type Settings struct {
	Setup  bool   `envconfig:"SERVER_SETUP" group:"Setup of new machines" default:"true" desc:"new machines set themselves up by cloud-init: the server's names in the system and in BBB, and its stats endpoint with STATS_USER; false for an image that does this itself"`
	Source Source `envconfig:"USER_DATA" example:"storage:cloud-init.yaml" desc:"a cloud-init document of your own for new machines, in addition: storage:KEY for an object in the bucket, or file:PATH"`
}

// Source says where the operator's own cloud-init document is; at most one is set.
type Source struct {
	// Object is a key in the bucket, File a path on this machine.
	Object, File string
}

// UnmarshalText reads "storage:KEY" or "file:PATH".
func (s *Source) UnmarshalText(text []byte) error {
	kind, place, _ := strings.Cut(string(text), ":")
	switch {
	case kind == "storage" && setting.IsKey(place):
		s.Object = place
	case kind == "file" && setting.IsLine(place):
		s.File = place
	default:
		return setting.Error("must be storage:KEY for an object in the bucket, or file:PATH")
	}
	return nil
}

// Read reads the document from its file.
func (s Source) Read() ([]byte, error) { return setting.ReadFile(s.File) }
