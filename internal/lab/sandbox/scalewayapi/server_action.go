package scalewayapi

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// allowedActions are as recorded, except for StoppedInPlace, which follows the
// documentation. The world has no locked machines.
var allowedActions = map[pool.MachineState][]string{
	pool.Stopped:        {"poweron", "backup"},
	pool.Starting:       {"stop_in_place", "backup"},
	pool.Running:        {"poweroff", "terminate", "reboot", "stop_in_place", "backup"},
	pool.Stopping:       {"stop_in_place", "backup"},
	pool.StoppedInPlace: {"poweron", "poweroff", "terminate", "backup"},
}

// task is the response to an action. Since 2026 it is the same for all actions: its
// id is zero, and it shows no progress.
type task struct {
	ID           string        `json:"id"`
	Description  string        `json:"description"`
	Status       string        `json:"status"`
	HrefFrom     string        `json:"href_from"`
	HrefResult   string        `json:"href_result"`
	StartedAt    instanceTime  `json:"started_at"`
	TerminatedAt *instanceTime `json:"terminated_at"`
	Progress     int           `json:"progress"`
	Zone         string        `json:"zone"`
}

func (a *api) listActions(r *http.Request, _ []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"actions": allowedActions[machine.State]})
}

// actOnServer starts an action. Its progress is visible in the server's state only.
func (a *api) actOnServer(r *http.Request, body []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	request, err := decode[struct{ Action string }](body)
	if err != nil {
		return response{}, err
	}
	if err := a.act(machine, request.Action); err != nil {
		return response{}, err
	}
	path := "/servers/" + machine.ID
	return response{status: http.StatusAccepted, body: map[string]any{"task": task{
		ID: "00000000-0000-0000-0000-000000000000", Description: "fake task", Status: "pending",
		HrefFrom: path + "/action", HrefResult: path, StartedAt: instanceTime(a.World.Now()), Zone: machine.Zone,
	}}}, nil
}

// act performs an action if the machine's state allows it. A backup is accepted but
// creates no image.
func (a *api) act(machine pool.Machine, action string) error {
	perform, known := map[string]func(id string) error{
		"poweron":       a.World.PowerOn,
		"poweroff":      a.World.PowerOff,
		"stop_in_place": a.World.StopInPlace,
		"reboot":        a.World.Reboot,
		"terminate":     a.World.Terminate,
		"backup":        func(string) error { return nil },
	}[action]
	if !known {
		return invalidArguments(argument{"action", "constraint", "unknown action"})
	}
	if !slices.Contains(allowedActions[machine.State], action) {
		return actionError(machine, world.ErrState)
	}
	// A zone can run out of stock between the creation and the start of a server.
	if action == "poweron" && machine.State == pool.Stopped && !a.World.InStock(machine.Type, machine.Zone) {
		return outOfStock(machine.Type)
	}
	if err := perform(machine.ID); err != nil {
		return actionError(machine, err)
	}
	return nil
}

// actionError converts the world's error into Scaleway's.
func actionError(machine pool.Machine, err error) error {
	if !errors.Is(err, world.ErrState) {
		return err
	}
	if machine.State == pool.Starting || machine.State == pool.Stopping {
		return transientState("instance_server", machine.ID, string(machine.State))
	}
	help := "server is " + string(machine.State) + ", possible actions: " + strings.Join(allowedActions[machine.State], ", ")
	return preconditionFailed(http.StatusBadRequest, "resource_not_usable", help)
}
