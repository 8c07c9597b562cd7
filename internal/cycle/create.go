package cycle

import (
	"context"
	"fmt"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// create creates a machine. This takes several calls and so has the evaluation's
// deadline instead of the call timeout.
func (a *actor) create(ctx context.Context, action scaling.Action, server pool.Server) (string, error) {
	order := pool.MachineOrder{Server: server, Zones: a.Config.Zones, Types: a.Config.Types, Images: a.plan.Images}
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

// document returns the cloud-init document for a server.
func (a *actor) document(server pool.Server) ([]byte, error) {
	write, err := a.userData()
	if err != nil {
		return nil, err
	}
	return write(server)
}
