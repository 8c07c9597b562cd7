package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Quota is what a platform gives to a process. The zero Quota is all that there is.
type Quota struct {
	// CPU is the share of one, as Scaleway gives 0.14 to 256 MB.
	CPU float64
	// Memory is in bytes; who takes more is killed.
	Memory int64
}

// period is in which a quota of CPU time is counted, in microseconds: Linux's usual.
const period = 100_000

// join starts a command after it has put its own process into control groups.
const join = `while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@"`

// command makes a command that runs within the quota, by control groups of Linux
// (version 2, or else 1), which only root may make. leave deletes them when the
// command has ended.
func (q Quota) command(ctx context.Context, program string) (command *exec.Cmd, leave func(), err error) {
	if q == (Quota{}) {
		return exec.CommandContext(ctx, program), func() {}, nil
	}
	groups := q.groups()
	var folders []string
	leave = func() {
		for _, folder := range folders {
			_ = os.Remove(folder)
		}
	}
	arguments := []string{"-c", join, "join"}
	for folder, limits := range groups {
		if err := os.Mkdir(folder, 0o700); err != nil {
			leave()
			return nil, nil, fmt.Errorf("limit the function: %w", err)
		}
		folders = append(folders, folder)
		for name, value := range limits {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(value), 0); err != nil {
				leave()
				return nil, nil, fmt.Errorf("limit the function: %w", err)
			}
		}
		arguments = append(arguments, filepath.Join(folder, "cgroup.procs"))
	}
	return exec.CommandContext(ctx, "sh", append(arguments, "--", program)...), leave, nil
}

// groups are the limits by the control group's folder and the file's name.
func (q Quota) groups() map[string]map[string]string {
	const root = "/sys/fs/cgroup"
	name := fmt.Sprintf("divims-bench-%d", os.Getpid())
	quota, memory := fmt.Sprint(int(q.CPU*period)), fmt.Sprint(q.Memory)
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err == nil && strings.Contains(string(controllers), "memory") {
		// Where they are on already, or cannot be, Mkdir or WriteFile will tell.
		_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+cpu +memory"), 0)
		return map[string]map[string]string{filepath.Join(root, name): {
			"cpu.max": quota + " " + fmt.Sprint(period), "memory.max": memory,
		}}
	}
	return map[string]map[string]string{
		filepath.Join(root, "cpu", name):    {"cpu.cfs_period_us": fmt.Sprint(period), "cpu.cfs_quota_us": quota},
		filepath.Join(root, "memory", name): {"memory.limit_in_bytes": memory},
	}
}
