package provision

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"divims/internal/pool"
)

// errPatience ends a wait that has been long enough. Trying again is a matter for
// the next run.
var errPatience = errors.New("not yet; run this again later")

// await asks until the domain leads to the address.
func (c *chain) await(ctx context.Context, step Step) error {
	return c.until(ctx, step, func(ctx context.Context) (waitingFor string, err error) {
		leads, err := c.leads(ctx, c.Server.Domain)
		if err != nil {
			return err.Error(), nil // as likely as not it will answer the next time
		}
		if !slices.Contains(leads, step.Address.Host()) {
			return "now it leads to " + orNowhere(leads), nil
		}
		return "", nil
	})
}

func orNowhere(leads []netip.Addr) string {
	if len(leads) == 0 {
		return "no address"
	}
	return join(leads)
}

// reverse sets a reverse name as soon as Scaleway finds where the name leads,
// which may be a while after others do.
func (c *chain) reverse(ctx context.Context, step Step) error {
	return c.until(ctx, step, func(ctx context.Context) (waitingFor string, err error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		err = c.Hoster.SetReverse(ctx, step.Address, c.Server.Domain)
		if errors.Is(err, pool.ErrUnresolved) {
			return "until Scaleway sees where the name leads", nil
		}
		return "", err
	})
}

// until looks again and again, and tells once in a while what it waits for.
func (c *chain) until(ctx context.Context, step Step, look func(context.Context) (waitingFor string, err error)) error {
	last := ""
	for range c.Patience {
		waitingFor, err := look(ctx)
		if waitingFor == "" || err != nil {
			return err
		}
		if waitingFor != last {
			c.tell(Outcome{c.Server, step, Waiting, waitingFor})
		}
		last = waitingFor
		if err := c.Pause(ctx, c.Every); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", last, errPatience)
}
