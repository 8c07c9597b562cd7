package main

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// inSandbox makes the commands work on a pool of four servers after one evaluation.
func inSandbox(t *testing.T) {
	t.Helper()
	s, err := sandbox.Start(sandbox.Config{World: world.Config{
		Start: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Seed: 1, Running: 2,
		Servers: pool.Servers(4, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, setting := range s.Environment() {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	s.AdvanceTo(time.Date(2026, 3, 2, 8, 5, 0, 0, time.UTC))
	if status, out, errOut := divims(t.Context(), "evaluate"); status != 0 {
		t.Fatalf("evaluate: status %d: %s%s", status, out, errOut)
	}
}

// TestOrders gives one order after the other. Each prints what it changed, and the next
// evaluation prints who gave it and why.
func TestOrders(t *testing.T) {
	inSandbox(t)
	ada := []string{"--author", "Ada", "--reason", "fire drill"}
	for _, order := range []struct {
		line           string
		signed         bool
		says, recorded string
	}{
		{"pause", true, "the pause begins (applies from the next evaluation)", "the pause begins, by Ada: fire drill"},
		{"resume", false, "the pause ends", "the pause ends, by"},
		{"resume", false, "the pool is not paused (nothing was changed)", ""},
		{"force 99 --for 2h --dry-run", true, "(nothing was changed; limited to 4: the pool has no more servers)", ""},
		{"force 3 --for 2h --dry-run", true, "servers without a tag is forced to 3 until 2026-03-02T10:05:00Z (nothing was changed)", ""},
		{"force 3 --for 2h", true, "servers without a tag is forced to 3 until 2026-03-02T10:05:00Z (applies", "forced to 3 until 2026-03-02T10:05:00Z by Ada: fire drill"},
		{"unforce", false, "the forced number of servers without a tag ends", "ends, by"},
		{"unforce", false, "no number of servers is forced (nothing was changed)", ""},
		{"maintenance end 2", false, "server 2: it is not in maintenance (nothing was changed)", ""},
		{"keep 1", false, "server 1: it has no recycle or end-drain order (nothing was changed)", ""},
		{"maintenance start 2", true, "server 2: maintenance begins", "server 2: maintenance begins, by Ada: fire drill"},
		{"maintenance end 2", false, "server 2: maintenance ends", "server 2: maintenance ends, by"},
		{"recycle 1", true, "server 1: recycle ordered", "server 1: recycle ordered, by Ada"},
		{"keep 1", false, "server 1: recycle and end-drain orders cancelled", "server 1: recycle and"},
	} {
		arguments := strings.Fields(order.line)
		if order.signed {
			arguments = append(arguments, ada...)
		}
		if status, out, errOut := divims(t.Context(), arguments...); status != 0 || !strings.Contains(out, order.says) {
			t.Errorf("%s: status %d: %s%s; want %q", order.line, status, out, errOut, order.says)
		}
		status, out, errOut := divims(t.Context(), "evaluate")
		if status != 0 || !strings.Contains(out, order.recorded) {
			t.Errorf("the evaluation after %s: status %d: %s%s; want %q", order.line, status, out, errOut, order.recorded)
		}
		if order.recorded == "" && strings.Contains(out, ", by ") {
			t.Errorf("%s changed something: %s", order.line, out)
		}
	}
}

func TestRefusedOrders(t *testing.T) {
	inSandbox(t)
	for _, c := range []struct {
		line   string
		status int
		says   string
	}{
		{"pause", badUsage, `"reason" not set`},
		{"maintenance start two --reason r", badUsage, "must be the number of a server"},
		{"maintenance start +1 --reason r", badUsage, "must be the number of a server"},
		{"maintenance start 01 --reason r", badUsage, "must be the number of a server"},
		{"force +2 --for 1h --reason r", badUsage, "must be a number of servers"},
		{"maintenance start 9 --reason r", badUsage, "the pool has no server 9: it has 4 (DIVIMS_POOL_SIZE)"},
		{"maintenance start 2 --reason=\u00a0", badUsage, "a reason is missing"},
		{"maintenance start 2 --reason r --author=\u200b", badUsage, "an author is missing"},
		{"force many --for 1h --reason r", badUsage, "must be a number of servers"},
		{"force 2 --for -1h --reason r", failed, "until at most"},
		{"end-drain 1 --reason r", badUsage, `"confirm" not set`},
		{"end-drain 1 --confirm bbb-w2 --reason r", failed, "confirm it with the name of server 1"},
		{"end-drain 1 --confirm bbb-w1 --reason r", failed, "not draining"},
		{"recycle 4 --reason r", failed, "no machine"},
	} {
		status, out, errOut := divims(t.Context(), strings.Fields(c.line)...)
		if status != c.status || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: status %d: %s%s; want %d and %q", c.line, status, out, errOut, c.status, c.says)
		}
	}
}

// TestSimultaneousOrders gives several orders at once. Each is carried out, or fails
// because another one holds the lease. None is lost.
func TestSimultaneousOrders(t *testing.T) {
	inSandbox(t)
	var operators sync.WaitGroup
	var mutex sync.Mutex
	carriedOut := map[string]bool{}
	for _, server := range []string{"1", "2", "3", "4"} {
		operators.Go(func() {
			for range 50 {
				status, _, errOut := divims(t.Context(), "maintenance", "start", server, "--reason", "drill", "--author", "operator "+server, "--wait", "0")
				switch status {
				case 0:
					mutex.Lock()
					carriedOut[server] = true
					mutex.Unlock()
					return
				case leaseHeld:
				default:
					t.Errorf("operator %s: status %d: %s", server, status, errOut)
					return
				}
			}
		})
	}
	operators.Wait()
	_, out, _ := divims(t.Context(), "evaluate")
	for server := range carriedOut {
		if !strings.Contains(out, "server "+server+": maintenance begins, by operator "+server) {
			t.Errorf("the order for server %s succeeded and was lost: %s", server, out)
		}
	}
	if len(carriedOut) == 0 {
		t.Error("no order was carried out")
	}
}

// TestTakeOver: after Scalelite's address has changed, evaluations and orders stop with an
// error that names both addresses, until an operator takes the state over.
func TestTakeOver(t *testing.T) {
	otherProcess(t)
	address := os.Getenv("DIVIMS_SCALELITE_URL")
	if status, _, errOut := divims(t.Context(), "evaluate"); status != 0 {
		t.Fatal(errOut)
	}
	t.Setenv("DIVIMS_SCALELITE_URL", strings.Replace(address, "127.0.0.1", "localhost", 1))
	for _, command := range []string{"evaluate", "status", "pause --reason r", "force 1 --for 1h --reason r", "maintenance start 1 --reason r"} {
		status, _, errOut := divims(t.Context(), strings.Fields(command)...)
		if status != failed || !strings.Contains(errOut, address) || !strings.Contains(errOut, "localhost") || !strings.Contains(errOut, "take-over") {
			t.Errorf("%s: status %d, %s", command, status, errOut)
		}
	}
	for _, step := range []struct {
		arguments string
		status    int
		want      string
	}{
		{"--from " + address, badUsage, `"reason" not set`},
		{"--from https://another.example.com --reason moved", failed, "confirm with the address"},
		{"--from " + address + "/ --reason moved --dry-run", 0, "nothing was changed"},
		{"--from " + address + " --reason moved", 0, "is taken over"},
		{"--from " + address + " --reason moved", failed, "confirm with the address"},
	} {
		status, out, errOut := divims(t.Context(), append([]string{"take-over"}, strings.Fields(step.arguments)...)...)
		if status != step.status || !strings.Contains(out+errOut, step.want) {
			t.Errorf("%s: status %d, %s%s", step.arguments, status, out, errOut)
		}
	}
	// The sandbox's Scalelite refuses the other name, so this evaluation cannot see the pool.
	if _, out, errOut := divims(t.Context(), "evaluate"); !strings.Contains(out, "is taken over, by") {
		t.Errorf("afterwards: %s%s; want the order in the record", out, errOut)
	}
}
