package bench

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
)

// The sandbox's node_exporter has fewer metrics than a real one. The constants and lists
// below describe the missing ones of a BBB server with 8 CPUs: for each CPU and network
// device, and for the services, sockets, targets and timers of systemd.
const (
	cpus       = 8
	otherUnits = 180
	// otherLines is the number of lines of collectors that DiViMS does not request:
	// disks, file systems, memory, netstat and more.
	otherLines = 1500
)

var (
	devices        = []string{"docker0", "br-5b6f3c1ad0e2", "veth7f3a9c2", "veth1c09d4e"}
	deviceFamilies = []string{
		"receive_packets_total", "receive_errs_total", "receive_drop_total", "receive_fifo_total",
		"receive_frame_total", "receive_compressed_total", "receive_multicast_total", "receive_nohandler_total",
		"transmit_packets_total", "transmit_errs_total", "transmit_drop_total", "transmit_fifo_total",
		"transmit_colls_total", "transmit_carrier_total", "transmit_compressed_total",
	}
	modes      = []string{"iowait", "irq", "nice", "softirq", "steal"}
	unitStates = []string{"activating", "active", "deactivating", "failed", "inactive"}
)

// restOfStats returns the metrics that the sandbox's answer lacks, for a request of the
// given collectors, or of all collectors if none are given.
func restOfStats(collectors []string) []byte {
	if len(collectors) == 0 {
		return rest()
	}
	if !slices.Contains(collectors, "systemd") {
		return exporterItself()
	}
	return restOfRequested()
}

var rest = sync.OnceValue(func() []byte {
	text := bytes.NewBuffer(bytes.Clone(restOfRequested()))
	for i := range otherLines {
		if i%2 == 0 {
			fmt.Fprintf(text, "# HELP node_other_%d_total Something that DiViMS does not request.\n# TYPE node_other_%d_total counter\n", i/2, i/2)
		}
		fmt.Fprintf(text, "node_other_%d_total{device=\"nvme%dn1\"} %g\n", i/2, i%2, 1.5e9+float64(i))
	}
	return text.Bytes()
})

var restOfRequested = sync.OnceValue(func() []byte {
	text := bytes.NewBuffer(bytes.Clone(exporterItself()))
	for cpu := range cpus {
		for i, mode := range modes {
			fmt.Fprintf(text, "node_cpu_seconds_total{cpu=\"%d\",mode=%q} %g\n", cpu, mode, 12.34*float64(i))
		}
	}
	for _, family := range deviceFamilies {
		fmt.Fprintf(text, "# HELP node_network_%s Network device statistic %s.\n# TYPE node_network_%s counter\n", family, family, family)
		for _, device := range devices {
			fmt.Fprintf(text, "node_network_%s{device=%q} 1.234567e+06\n", family, device)
		}
	}
	for unit := range otherUnits {
		for _, state := range unitStates {
			value := 0
			if state == "active" {
				value = 1
			}
			fmt.Fprintf(text, "node_systemd_unit_state{name=\"systemd-something-%03d.service\",state=%q,type=\"simple\"} %d\n", unit, state, value)
		}
	}
	return text.Bytes()
})

// exporterItself returns the metrics about node_exporter's own process, which are in every
// answer.
var exporterItself = sync.OnceValue(func() []byte {
	var text bytes.Buffer
	for i := range 40 {
		fmt.Fprintf(&text, "# HELP go_memstats_%d_bytes Number of bytes of something, as the runtime counts them.\n"+
			"# TYPE go_memstats_%d_bytes gauge\ngo_memstats_%d_bytes 1.234567e+06\n", i, i, i)
	}
	return text.Bytes()
})
