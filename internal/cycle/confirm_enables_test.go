package cycle

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// TestEnableUndoneByAPollIsRepeated has what Scalelite's poller makes of an entry right after
// it was enabled.
func TestEnableUndoneByAPollIsRepeated(t *testing.T) {
	const once, again = "enabled 2", "enabled twice, because Scalelite's poller disabled it at once"
	for name, test := range map[string]struct {
		state  pool.EntryState // before the enable
		load   pool.Reading[float64]
		then   pool.EntryState
		fails  error // of the second enable
		waits  bool
		calls  []string
		detail string
	}{
		"cordoned without load, disabled by a poll":     {pool.Cordoned, pool.Seen(0.), pool.Disabled, nil, true, []string{once, once}, again},
		"cordoned, load unavailable, disabled by one":   {pool.Cordoned, pool.Unknown[float64](""), pool.Disabled, nil, true, []string{once, once}, again},
		"cordoned without load, still enabled":          {pool.Cordoned, pool.Seen(0.), pool.Enabled, nil, true, []string{once}, ""},
		"cordoned by a person since":                    {pool.Cordoned, pool.Seen(0.), pool.Cordoned, nil, true, []string{once}, ""},
		"cordoned with load: no poll disables it":       {pool.Cordoned, pool.Seen(1.), pool.Disabled, nil, false, []string{once}, ""},
		"disabled: no poll disables it":                 {pool.Disabled, pool.Unknown[float64](""), pool.Disabled, nil, false, []string{once}, ""},
		"the second enable fails, and is no third time": {pool.Cordoned, pool.Seen(0.), pool.Disabled, errors.New("502"), true, []string{once, once}, "Scalelite's poller disabled it at once; enable it again: 502"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, c := newFake(2)
				f.entries[1].State, f.entries[1].Load = test.state, test.load
				sent := 0
				f.on["enabled 2"] = func() {
					f.entries = []pool.Entry{f.entries[0], {ID: "2", State: test.then}}
					if sent++; sent == 2 && test.fails != nil {
						f.fails["enabled 2"] = test.fails
					}
				}
				begun := time.Now()
				outcomes := f.act(t, c, new(clock), planOf(scaling.Action{Kind: scaling.Enable, Server: 2}))
				f.want(t, test.calls...)
				result := scaling.Done
				if test.fails != nil {
					result = scaling.Failed
				}
				wantOutcome(t, outcomes[0], result, test.detail)
				if waited := time.Since(begun) >= saveTime; waited != test.waits {
					t.Errorf("it took %s; want it to wait for the poll: %t", time.Since(begun), test.waits)
				}
			})
		})
	}
}
