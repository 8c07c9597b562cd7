package exporter

// metric is the name of a metric and the kind of number that it is.
type metric struct {
	name string
	kind kind
}

// kind bounds what is believed; a figure beyond is a fault and no fact.
type kind struct {
	min, max float64
	whole    bool
}

var (
	flag    = kind{0, 1, true}
	load    = kind{0, 1e5, false} // processes
	count   = kind{0, 1e6, true}  // recordings
	bytes   = kind{0, 1e18, false}
	seconds = kind{0, 9e9, false}
	moment  = kind{1e9, 9e9, false} // seconds since 1970: the years 2001 to 2255
)

// The table of what feeds which value of pool.Stats.
var (
	// From node_exporter. Only the units need more than its defaults:
	// --collector.systemd.
	load1         = metric{"node_load1", load}
	load5         = metric{"node_load5", load}
	load15        = metric{"node_load15", load}
	clock         = metric{"node_time_seconds", moment}
	boot          = metric{"node_boot_time_seconds", moment}
	cpuSeconds    = metric{"node_cpu_seconds_total", seconds}          // by cpu and mode
	received      = metric{"node_network_receive_bytes_total", bytes}  // by device
	sent          = metric{"node_network_transmit_bytes_total", bytes} // by device
	unitState     = metric{"node_systemd_unit_state", flag}            // by name and state
	textfileTime  = metric{"node_textfile_mtime_seconds", moment}      // by file
	textfileError = metric{"node_textfile_scrape_error", flag}

	// From our own script on the server, through node_exporter's textfile
	// collector or as a page of its own.
	statsTime = metric{"divims_stats_timestamp_seconds", moment}
	probeOK   = metric{"divims_probe_success", flag}
	probeTime = metric{"divims_probe_timestamp_seconds", moment}
	failed    = metric{"divims_recordings_failed", count}  // by stage
	backlog   = metric{"divims_recordings_backlog", count} // by stage
	bbbInfo   = metric{"divims_bbb_info", flag}            // its version is a label

	// From bigbluebutton-exporter: a probe for servers without one of our own.
	// Its bbb_recordings_* feed nothing. "unprocessed" counts marks that are
	// never removed, and the others hold only what BBB's API says as well,
	// where the first stages of the recording pipeline do not show.
	apiUp = metric{"bbb_api_up", flag}
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
