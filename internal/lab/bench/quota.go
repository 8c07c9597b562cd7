package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Quota limits the CPU and memory of a process. The zero Quota has no limits.
type Quota struct {
	// CPU is the share of one CPU. Scaleway gives a function with 256 MB a share of 0.14.
	CPU float64
	// Memory is in bytes. A process that uses more is killed.
	Memory int64
}

// period is the time to which a CPU quota applies, in microseconds. It is Linux's default.
const period = 100_000

// join is a shell script that adds itself to control groups and then becomes the command.
const join = `while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@"`

// command returns a command that runs the program within the quota. It uses control
// groups of Linux (version 2 if available, else 1), which only root may create. leave
// deletes them; call it when the command has ended.
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

// groups returns the limits, by the folder of the control group and the name of the file.
func (q Quota) groups() map[string]map[string]string {
	const root = "/sys/fs/cgroup"
	name := fmt.Sprintf("divims-bench-%d", os.Getpid())
	quota, memory := fmt.Sprint(int(q.CPU*period)), fmt.Sprint(q.Memory)
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err == nil && strings.Contains(string(controllers), "memory") {
		// An error here does not matter: if the controllers are not available, Mkdir or
		// WriteFile fails.
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
