//go:build !linux

package bench

import "os"

// peakMemory returns 0, which means unknown, because other systems count memory in other
// units.
func peakMemory(*os.ProcessState) int64 { return 0 }
