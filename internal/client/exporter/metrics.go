package exporter

import "bytes"

// metric describes a metric that we read.
type metric struct {
	name   string
	kind   kind
	labels labelNames
}

// labelNames are the labels of a metric that we read. Others are ignored.
type labelNames []string

// single marks a metric that has one value.
var single labelNames

// kind says which values of a metric are plausible. Any other value is an error.
type kind struct {
	min, max float64
	whole    bool
}

var (
	flag    = kind{0, 1, true}
	load    = kind{0, 1e5, false}  // processes
	count   = kind{0, 1e6, true}   // recordings
	size    = kind{0, 1e18, false} // bytes
	seconds = kind{0, 9e9, false}
	moment  = kind{1e9, 9e9, false} // seconds since 1970: the years 2001 to 2255
)

// table maps the names of the metrics that we read to their descriptions.
var table = map[string]*metric{}

func init() {
	for _, m := range []*metric{
		&load1, &load5, &load15, &clock, &boot, &cpuSeconds, &received, &sent, &unitState, &textfileTime, &textfileError,
		&statsTime, &probeOK, &probeTime, &failed, &backlog, &bbbInfo, &machineInfo, &addressInfo, &unameInfo, &apiUp,
	} {
		table[m.name] = m
	}
}

var (
	// From node_exporter. Only unitState needs a flag: --collector.systemd.
	load1         = metric{"node_load1", load, single}
	load5         = metric{"node_load5", load, single}
	load15        = metric{"node_load15", load, single}
	clock         = metric{"node_time_seconds", moment, single}
	boot          = metric{"node_boot_time_seconds", moment, single}
	cpuSeconds    = metric{"node_cpu_seconds_total", seconds, labelNames{"cpu"}}
	received      = metric{"node_network_receive_bytes_total", size, labelNames{"device"}}
	sent          = metric{"node_network_transmit_bytes_total", size, labelNames{"device"}}
	unitState     = metric{"node_systemd_unit_state", flag, labelNames{"name", "state"}}
	textfileTime  = metric{"node_textfile_mtime_seconds", moment, labelNames{"file"}}
	textfileError = metric{"node_textfile_scrape_error", flag, single}
	unameInfo     = metric{"node_uname_info", flag, labelNames{"nodename"}}

	// From the divims-stats script on the server, through node_exporter's textfile
	// collector or as a page of its own.
	statsTime = metric{"divims_stats_timestamp_seconds", moment, single}
	probeOK   = metric{"divims_probe_success", flag, single}
	probeTime = metric{"divims_probe_timestamp_seconds", moment, single}
	failed    = metric{"divims_recordings_failed", count, labelNames{"stage"}}
	backlog   = metric{"divims_recordings_backlog", count, labelNames{"stage"}}
	bbbInfo   = metric{"divims_bbb_info", flag, labelNames{"version"}}
	// machineInfo has the hoster's id of the machine.
	machineInfo = metric{"divims_machine_info", flag, labelNames{"id"}}
	// addressInfo has an IPv6 address of the machine.
	addressInfo = metric{"divims_address_info", flag, labelNames{"address"}}

	// From bigbluebutton-exporter: a probe for servers without the divims-stats script.
	// Its bbb_recordings_* metrics are not used. "unprocessed" counts marker files
	// that are never removed. The others repeat what BBB's API returns, which does not
	// show the first stages of the recording pipeline.
	apiUp = metric{"bbb_api_up", flag, single}
)

// collectors are the node_exporter collectors that provide the metrics above.
var collectors = []string{"cpu", "loadavg", "netdev", "stat", "systemd", "textfile", "time", "uname"}

// ownTextfiles matches the files that the divims-stats script writes for the textfile
// collector.
const ownTextfiles = "divims*.prom"

// virtualDevices are left out of the traffic: what they carry also passes a physical
// device, or never leaves the machine.
var virtualDevices = []string{
	"lo", "docker*", "veth*", "br-*", "virbr*", "vnet*", "tun*", "tap*", "wg*",
	"dummy*", "ifb*", "cni*", "flannel*", "cali*",
}

// servingUnits must be active wherever they are installed. They are the units that
// `bbb-conf --status` lists in BBB 2.4 to 3.0.
var servingUnits = []string{
	"nginx.service", "freeswitch.service", "redis-server.service", "redis.service",
	"mongod.service", "kurento-media-server.service", "etherpad.service",
	"bbb-apps-akka.service", "bbb-export-annotations.service", "bbb-fsesl-akka.service",
	"bbb-graphql-*.service", "bbb-html5*.service", "bbb-pads.service",
	"bbb-rap-caption-inbox.service", "bbb-rap-resque-worker.service", "bbb-rap-starter.service",
	"bbb-transcription-controller.service", "bbb-web.service", "bbb-webhooks.service",
	"bbb-webrtc-recorder.service", "bbb-webrtc-sfu.service",
}

// otherUnits are BBB units that may be inactive: timers, the units that timers start,
// and optional parts. They are down only in the state "failed".
var otherUnits = []string{"bbb-*"}

// mayBeBBBUnit returns false for most units that are in neither of the tables above.
// It is a fast check before matchesAny.
func mayBeBBBUnit(unit []byte) bool {
	return bytes.HasPrefix(unit, []byte("bbb-")) || servingByName[string(unit)]
}

// servingByName holds servingUnits for a lookup without patterns.
var servingByName = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range servingUnits {
		names[name] = true
	}
	return names
}()
