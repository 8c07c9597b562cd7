//go:build !linux

package bench

import "os"

// peakMemory is not known: each system counts it in its own way.
func peakMemory(*os.ProcessState) int64 { return 0 }
