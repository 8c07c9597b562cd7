package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"divims/internal/lab/sandbox"
)

// runKinds are the events that concern the run of the function: the services that only
// DiViMS uses, its operators, its cron trigger and its process.
var runKinds = []kind{
	takesDown("storage-down", sandbox.StorageService, "Object storage answers 503."),
	takesDown("calendar-down", sandbox.CalendarService, "The calendar answers 503."),
	takesDown("notify-down", sandbox.NotifyService, "The notification service answers 503, so operators get no messages."),
	{
		name: "operator", instant: true,
		keys:    []key{{name: "do", required: true, check: checkOrder}},
		happens: "An operator gives an order of the command line. A missing reason or author is made up.",
		example: `do="force 8 --for 4h"`,
		begin:   func(h *happening) error { h.note(h.Run.Operate(h.Values["do"])); return nil },
	},
	{
		name: "evaluate", instant: true,
		happens: "One more evaluation begins.",
		begin:   func(h *happening) error { h.Run.Evaluate(); return nil },
	},
	{
		name:    "cron-stops",
		happens: "The cron trigger does not call the function.",
		example: "for=30m",
		begin:   func(h *happening) error { h.atEnd(h.Run.StopCron()); return nil },
	},
	{
		name:    "our-clock",
		keys:    []key{{name: "offset", required: true, check: checkOffset}},
		happens: "The function's clock is ahead, or behind if the offset is negative.",
		example: "offset=-11m for=1h",
		begin:   func(h *happening) error { h.atEnd(h.Run.SetClock(h.duration("offset", 0))); return nil },
	},
	{
		name: "kill", instant: true,
		keys:    []key{{name: "after", required: true, check: checkCalls}},
		happens: "The next evaluation is killed when that many of its outside calls have been answered, including those to storage.",
		example: "after=20",
		begin:   func(h *happening) error { h.Run.KillNext(h.number("after", 1)); return nil },
	},
	{
		name: "state-lost", instant: true,
		happens: "The object with the pool's state is gone.",
		begin:   func(h *happening) error { return h.Run.Sandbox().LoseState() },
	},
	{
		name: "setting", instant: true,
		keys:    []key{{name: "set", required: true, check: checkSetting}},
		happens: "The function is deployed with another setting, NAME=VALUE without DIVIMS_.",
		example: `set="MAX_CREATIONS=50"`,
		begin:   func(h *happening) error { return h.Run.Deploy(h.Values["set"]) },
	},
}

// takesDown returns the kind of event that takes a service of the sandbox down.
func takesDown(name, service, happens string) kind {
	return kind{name: name, happens: happens, example: "for=2h", begin: func(h *happening) error {
		h.atEnd(h.Run.Sandbox().TakeDown(service))
		return nil
	}}
}

// checkOrder returns an error if an order is empty. Options.Check checks the rest.
func checkOrder(order string) error {
	if strings.TrimSpace(order) == "" {
		return errors.New("the order is empty; for example do=\"force 8 --for 4h\"")
	}
	return nil
}

// settingForm matches NAME=VALUE. Options.Check checks the name and the value.
var settingForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)

func checkSetting(text string) error {
	if !settingForm.MatchString(text) {
		return fmt.Errorf("%q must be NAME=VALUE, for example MAX_CREATIONS=50", text)
	}
	return nil
}
