package bench

import (
	"os"
	"syscall"
)

// peakMemory returns the largest resident set of a process that has ended, in bytes.
func peakMemory(process *os.ProcessState) int64 {
	usage, ok := process.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}
