package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/johannesboyne/gofakes3"

	"divims/internal/pool"
)

// Holds is what operators have taken out of DiViMS's hands, by the pool's stored state.
type Holds struct {
	// Paused is set while the pool is paused.
	Paused bool
	// Maintenance are the numbers of the servers in maintenance, sorted.
	Maintenance []int
}

// Holds returns the holds in the pool's state. There are none without a state.
func (s *Sandbox) Holds() (Holds, error) {
	name := path.Join(prefix, poolName, stateObject)
	object, err := s.storage.objects.GetObject(bucket, name, nil)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return Holds{}, nil
	}
	if err != nil {
		return Holds{}, fmt.Errorf("read %s: %w", name, err)
	}
	var stored struct {
		State struct {
			Paused  *pool.Hold `json:"paused"`
			Servers map[int]struct {
				Maintenance *pool.Hold `json:"maintenance"`
			} `json:"servers"`
		} `json:"state"`
	}
	err = errors.Join(json.NewDecoder(object.Contents).Decode(&stored), object.Contents.Close())
	if err != nil {
		return Holds{}, fmt.Errorf("read %s: %w", name, err)
	}
	holds := Holds{Paused: stored.State.Paused != nil}
	for _, number := range slices.Sorted(maps.Keys(stored.State.Servers)) {
		if stored.State.Servers[number].Maintenance != nil {
			holds.Maintenance = append(holds.Maintenance, number)
		}
	}
	return holds, nil
}
