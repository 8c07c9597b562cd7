package setup

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"divims/internal/pool"
)

// errTimeout ends a wait that took too long. This run does not try the step again.
var errTimeout = errors.New("not yet; run this again later")

// await waits until the domain resolves to the address.
func (c *chain) await(ctx context.Context, step Step) error {
	return c.until(ctx, step, func(ctx context.Context) (waitingFor string, err error) {
		reading := ask(ctx, c.Config.CallTimeout, func(ctx context.Context) ([]netip.Addr, error) { return c.Names.Resolve(ctx, c.Server.Domain) })
		resolved, known := reading.Get()
		if !known {
			return reading.Reason(), nil // the name server may answer the next time
		}
		if !slices.Contains(resolved, step.Address.Host()) {
			return "now it resolves to " + orNoAddress(resolved), nil
		}
		return "", nil
	})
}

// reverse sets the reverse name of an address. Scaleway refuses the name until its own
// name servers resolve it to the address. They may need longer than the name servers
// that await asks.
func (c *chain) reverse(ctx context.Context, step Step) error {
	return c.until(ctx, step, func(ctx context.Context) (waitingFor string, err error) {
		ctx, cancel := context.WithTimeout(ctx, c.Config.CallTimeout)
		defer cancel()
		err = c.Hoster.SetReverse(ctx, step.Address, c.Server.Domain)
		if errors.Is(err, pool.ErrUnresolved) {
			return "until Scaleway's name servers resolve the name, too", nil
		}
		return "", err
	})
}

// until calls check every CheckInterval until it returns "" or an error. It reports what
// the step waits for whenever that changes. After MaxChecks it returns errTimeout.
func (c *chain) until(ctx context.Context, step Step, check func(context.Context) (waitingFor string, err error)) error {
	last := ""
	for range c.MaxChecks {
		waitingFor, err := check(ctx)
		if waitingFor == "" || err != nil {
			return err
		}
		if waitingFor != last {
			c.report(Outcome{c.Server, step, Waiting, waitingFor})
		}
		last = waitingFor
		if err := c.Pause(ctx, c.CheckInterval); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", last, errTimeout)
}
