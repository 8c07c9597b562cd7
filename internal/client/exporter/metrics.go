package exporter

import "bytes"

// metric is the name of a metric and the kind of number that it is.
type metric struct {
	name string
	kind kind
	by   by
}

// by are the labels by which a metric's numbers differ, as far as it matters.
type by []string

var alone by // a metric with one number

// kind bounds what is believed; a figure beyond is a fault and no fact.
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

// table finds a metric by its name.
var table = map[string]*metric{}

func init() {
	for _, m := range []*metric{
		&load1, &load5, &load15, &clock, &boot, &cpuSeconds, &received, &sent, &unitState, &textfileTime, &textfileError,
		&statsTime, &probeOK, &probeTime, &failed, &backlog, &bbbInfo, &apiUp,
	} {
		table[m.name] = m
	}
}

// What feeds which value of pool.Stats.
var (
	// From node_exporter. Only the units need more than its defaults:
	// --collector.systemd.
	load1         = metric{"node_load1", load, alone}
	load5         = metric{"node_load5", load, alone}
	load15        = metric{"node_load15", load, alone}
	clock         = metric{"node_time_seconds", moment, alone}
	boot          = metric{"node_boot_time_seconds", moment, alone}
	cpuSeconds    = metric{"node_cpu_seconds_total", seconds, by{"cpu"}}
	received      = metric{"node_network_receive_bytes_total", size, by{"device"}}
	sent          = metric{"node_network_transmit_bytes_total", size, by{"device"}}
	unitState     = metric{"node_systemd_unit_state", flag, by{"name", "state"}}
	textfileTime  = metric{"node_textfile_mtime_seconds", moment, by{"file"}}
	textfileError = metric{"node_textfile_scrape_error", flag, alone}

	// From our own script on the server, through node_exporter's textfile
	// collector or as a page of its own.
	statsTime = metric{"divims_stats_timestamp_seconds", moment, alone}
	probeOK   = metric{"divims_probe_success", flag, alone}
	probeTime = metric{"divims_probe_timestamp_seconds", moment, alone}
	failed    = metric{"divims_recordings_failed", count, by{"stage"}}
	backlog   = metric{"divims_recordings_backlog", count, by{"stage"}}
	bbbInfo   = metric{"divims_bbb_info", flag, by{"version"}}

	// From bigbluebutton-exporter: a probe for servers without one of our own.
	// Its bbb_recordings_* feed nothing. "unprocessed" counts marks that are
	// never removed, and the others hold only what BBB's API says as well,
	// where the first stages of the recording pipeline do not show.
	apiUp = metric{"bbb_api_up", flag, alone}
)

// collectors are node_exporter's, for the metrics above.
var collectors = []string{"cpu", "loadavg", "netdev", "stat", "systemd", "textfile", "time"}

// ownTextfiles are the files of the textfile collector that our script writes.
const ownTextfiles = "divims*.prom"

// virtualDevices carry no traffic of their own: what passes them passes a
// physical device too, or never leaves the machine.
var virtualDevices = []string{
	"lo", "docker*", "veth*", "br-*", "virbr*", "vnet*", "tun*", "tap*", "wg*",
	"dummy*", "ifb*", "cni*", "flannel*", "cali*",
}

// servingUnits have to be active wherever they are installed. They are those
// of `bbb-conf --status` in BBB 2.4 to 3.0.
var servingUnits = []string{
	"nginx.service", "freeswitch.service", "redis-server.service", "redis.service",
	"mongod.service", "kurento-media-server.service", "etherpad.service",
	"bbb-apps-akka.service", "bbb-export-annotations.service", "bbb-fsesl-akka.service",
	"bbb-graphql-*.service", "bbb-html5*.service", "bbb-pads.service",
	"bbb-rap-caption-inbox.service", "bbb-rap-resque-worker.service", "bbb-rap-starter.service",
	"bbb-transcription-controller.service", "bbb-web.service", "bbb-webhooks.service",
	"bbb-webrtc-recorder.service", "bbb-webrtc-sfu.service",
}

// otherUnits are BBB's too, but may rest: timers and what they start, optional
// parts. Only "failed" counts against them.
var otherUnits = []string{"bbb-*"}

// mayBeBBBs tells of most units, and quickly, that they are in neither of the tables above.
func mayBeBBBs(unit []byte) bool {
	return bytes.HasPrefix(unit, []byte("bbb-")) || servingByName[string(unit)]
}

var servingByName = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range servingUnits {
		names[name] = true
	}
	return names
}()
