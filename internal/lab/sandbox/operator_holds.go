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

// Holds are the orders of operators in the pool's stored state.
type Holds struct {
	// Paused is set while the pool is paused.
	Paused bool
	// Maintenance are the numbers of the servers in maintenance, and EndDrain those of the
	// servers whose meetings an operator ordered to be ended. Both are sorted.
	Maintenance, EndDrain []int
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
				Maintenance *pool.Hold     `json:"maintenance"`
				EndDrain    *pool.EndDrain `json:"end_drain"`
			} `json:"servers"`
		} `json:"state"`
	}
	err = errors.Join(json.NewDecoder(object.Contents).Decode(&stored), object.Contents.Close())
	if err != nil {
		return Holds{}, fmt.Errorf("read %s: %w", name, err)
	}
	holds := Holds{Paused: stored.State.Paused != nil}
	for _, number := range slices.Sorted(maps.Keys(stored.State.Servers)) {
		memory := stored.State.Servers[number]
		if memory.Maintenance != nil {
			holds.Maintenance = append(holds.Maintenance, number)
		}
		if memory.EndDrain != nil {
			holds.EndDrain = append(holds.EndDrain, number)
		}
	}
	return holds, nil
}
