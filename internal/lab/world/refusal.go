package world

import "fmt"

// RefusedError is the error of a call that the hoster refuses for a reason of its own.
type RefusedError struct {
	// Status is the HTTP status of the answer, Text its message.
	Status int
	Text   string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused with status %d: %s", e.Status, e.Text)
}

// refusal is a call of the hoster's API that is refused.
type refusal struct {
	call   string
	answer RefusedError
}

// Refuse makes the hoster refuse a call until end is called. The call is named by its
// method and the last fixed word of its path, an action by its name: "POST servers",
// "GET servers" (a list or a single one), "POST action:terminate", "DELETE volumes".
func (w *World) Refuse(call string, answer RefusedError) (end func()) {
	return w.refusals.add(refusal{call, answer})
}

// Refused returns a *RefusedError if the hoster refuses a call now. Of several refusals,
// the last one answers.
func (w *World) Refused(call string) error {
	if r := w.refusals.last(func(r refusal) bool { return r.call == call }); r != nil {
		return &r.answer
	}
	return nil
}

// startRefusal refuses the start of a server's stopped machines.
type startRefusal struct {
	server *server
	status int
}

// RefuseStarts makes the hoster refuse to start the stopped machines of a server, with an
// HTTP status, until end is called. It returns nil if there is no such server.
func (w *World) RefuseStarts(number, status int) (end func()) {
	s, err := w.serverByNumber(number)
	if err != nil {
		return nil
	}
	return w.startRefusals.add(startRefusal{s, status})
}

// startRefused returns a *RefusedError if the start of a machine is refused now.
func (w *World) startRefused(m *machine) error {
	r := w.startRefusals.last(func(r startRefusal) bool { return r.server.machine() == m })
	if r == nil {
		return nil
	}
	return &RefusedError{r.status, "the machine cannot be started"}
}
