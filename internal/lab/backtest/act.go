package backtest

import (
	"errors"
	"fmt"
	"slices"

	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// act carries out the plan's actions on the world, in order. As in an evaluation, once an
// action of a server is not done, the server's later actions are skipped. It returns an
// error if the model cannot carry out an action.
func (r *run) act(seen pool.Observation, plan scaling.Plan) ([]scaling.Outcome, error) {
	outcomes := make([]scaling.Outcome, len(plan.Actions))
	broken := map[int]bool{}
	for i, action := range plan.Actions {
		if broken[action.Server] {
			outcomes[i].Result = scaling.Skipped
			continue
		}
		result, err := r.do(seen, action)
		if err != nil {
			return nil, err
		}
		outcomes[i].Result = result
		broken[action.Server] = action.Server != 0 && outcomes[i].Result != scaling.Done
	}
	return outcomes, nil
}

func (r *run) do(seen pool.Observation, action scaling.Action) (scaling.Result, error) {
	switch {
	case action.Kind == scaling.DeleteVolume:
		return result(r.world.DeleteVolume(action.Volume.ID)), nil
	case action.Server == 0:
		return "", fmt.Errorf("the model cannot carry out the action %s", action.Kind)
	}
	s := seen.Servers[action.Server-1]
	entry, _ := s.Entry.Get()
	machine, _ := s.Machine.Get()
	switch action.Kind {
	case scaling.Enable:
		return result(r.world.SetState(entry.ID, pool.Enabled)), nil
	case scaling.Cordon:
		return r.cordon(action, s), nil
	case scaling.Repair:
		return result(errors.Join(r.world.SetState(entry.ID, pool.Enabled), r.world.SetState(entry.ID, pool.Cordoned))), nil
	case scaling.EndMeeting:
		return result(r.world.EndMeeting(s.Server.Domain, action.Meeting.ID)), nil
	case scaling.Create:
		return result(r.create(s.Server)), nil
	case scaling.PowerOn:
		return result(r.world.PowerOn(machine.ID)), nil
	case scaling.Reboot:
		return r.reboot(action, s), nil
	case scaling.Delete:
		return r.delete(action, s), nil
	}
	return "", fmt.Errorf("the model cannot carry out the action %s", action.Kind)
}

func result(err error) scaling.Result {
	if err != nil {
		return scaling.Failed
	}
	return scaling.Done
}

// create creates a machine of the first type and starts it.
func (r *run) create(server pool.Server) error {
	address := r.world.Addresses()[server.Number-1-r.Scaling.BareMetal]
	machine, err := r.world.CreateMachine(world.Order{
		Name: server.Hostname, Zone: address.Zone, Type: r.world.Types()[0].Name,
		ImageID: r.world.Images()[0].ID, AddressIDs: []string{address.ID},
	})
	if err != nil {
		return err
	}
	return r.world.PowerOn(machine.ID)
}

// cordon cordons an entry. If that only saves money, it is held while people may be about
// to join a new meeting on the server.
func (r *run) cordon(action scaling.Action, s pool.ServerObservation) scaling.Result {
	if action.Surplus {
		meetings, err := r.world.Meetings(s.Server.Domain)
		awaitsPeople := func(m pool.Meeting) bool { return m.AwaitsPeople(r.world.Now()) }
		if err != nil || slices.ContainsFunc(meetings, awaitsPeople) {
			return scaling.Held
		}
	}
	entry, _ := s.Entry.Get()
	return result(r.world.SetState(entry.ID, pool.Cordoned))
}

func (r *run) reboot(action scaling.Action, s pool.ServerObservation) scaling.Result {
	if r.mustKeep(action, s) {
		return scaling.Held
	}
	machine, _ := s.Machine.Get()
	return result(r.world.Reboot(machine.ID))
}

// delete deletes a machine. It disables the entry and checks the server once more.
func (r *run) delete(action scaling.Action, s pool.ServerObservation) scaling.Result {
	entry, _ := s.Entry.Get()
	machine, _ := s.Machine.Get()
	if err := r.world.SetState(entry.ID, pool.Disabled); err != nil {
		return scaling.Failed
	}
	if r.mustKeep(action, s) {
		if entry.State == pool.Cordoned {
			_ = r.world.SetState(entry.ID, pool.Cordoned)
		}
		return scaling.Held
	}
	return result(r.world.Terminate(machine.ID))
}

// mustKeep checks a server right before its machine is rebooted or deleted and reports
// whether the machine must be kept.
func (r *run) mustKeep(action scaling.Action, s pool.ServerObservation) bool {
	if machine, _ := s.Machine.Get(); machine.State != pool.Running {
		return false
	}
	r.observeServer(&s)
	if action.Unanswered {
		return s.Meetings.Known() // it answers again
	}
	return !scaling.Gate(r.Scaling, s).IsZero()
}
