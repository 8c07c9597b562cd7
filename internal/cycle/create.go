package cycle

import (
	"context"
	"fmt"
	"slices"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// create creates a machine. This takes several calls and so has the evaluation's
// deadline instead of the call timeout.
func (a *actor) create(ctx context.Context, action scaling.Action, server pool.Server) (string, error) {
	order := pool.MachineOrder{Server: server, Zones: a.Config.Zones, Types: inOrder(a.Config.Types, a.plan.TypesLast), Images: a.plan.Images}
	if !action.IgnoreRefusals {
		order.Refused = a.state.Refusals
	}
	if a.Services.UserData != nil {
		document, err := a.document(server)
		if err != nil {
			return "", fmt.Errorf("write the user data of %s: %w", server.Domain, err)
		}
		order.UserData = document
	}
	if !a.timeLeft() {
		return "", errTimeUp
	}
	machine, err := a.Services.Hoster.Create(ctx, order)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in %s (%s)", machine.Type, machine.Zone, machine.ID), nil
}

// inOrder returns the types with those to try last at the end.
func inOrder(types, last []string) []string {
	ordered := slices.Clone(types)
	slices.SortStableFunc(ordered, func(a, b string) int {
		switch isLast := slices.Contains(last, a); {
		case isLast == slices.Contains(last, b):
			return 0
		case isLast:
			return 1
		}
		return -1
	})
	return ordered
}

// document returns the cloud-init document for a server.
func (a *actor) document(server pool.Server) ([]byte, error) {
	write, err := a.userData()
	if err != nil {
		return nil, err
	}
	return write(server)
}
