package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// nodeExporter serves the metrics of node_exporter on every machine. It has the
// collectors that DiViMS reads, including systemd, which is off by default. The
// textfile collector has what DiViMS's script writes on a server.
type nodeExporter struct{ locked *lockedWorld }

// collectors has, by its name, the function that writes the metrics of each collector.
var collectors = map[string]func(*exposition, world.StatsPage){
	"cpu":      (*exposition).cpu,
	"loadavg":  (*exposition).loadavg,
	"netdev":   (*exposition).netdev,
	"stat":     (*exposition).stat,
	"systemd":  (*exposition).systemd,
	"textfile": (*exposition).textfile,
	"time":     (*exposition).time,
	"uname":    (*exposition).uname,
}

func (n *nodeExporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	names := r.URL.Query()["collect[]"]
	for _, name := range names {
		if collectors[name] == nil {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, "Couldn't create filtered metrics handler: couldn't create collector: missing collector: %s", name)
			return
		}
	}
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(collectors))
	}
	var seen world.StatsPage
	var err error
	n.locked.with(func(w *world.World) { seen, err = w.StatsPage(r.TLS.ServerName) })
	switch {
	case errors.Is(err, world.ErrSilent):
		nginxPage(w, http.StatusBadGateway)
		return
	case err != nil:
		panic(http.ErrAbortHandler) // the machine stopped a moment ago
	}
	if seen.InCache > 0 {
		w.Header().Set("Date", seen.Time.UTC().Format(http.TimeFormat))
		w.Header().Set("Age", strconv.Itoa(int(seen.InCache.Seconds())))
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
	_, _ = w.Write(collect(names, seen))
}

// collect returns the metrics of the named collectors, each once.
func collect(names []string, seen world.StatsPage) []byte {
	slices.Sort(names)
	names = slices.Compact(names)
	var e exposition
	for _, name := range names {
		collectors[name](&e, seen)
	}
	e.family("node_scrape_collector_success", "gauge", "node_exporter: Whether a collector succeeded.")
	for _, name := range names {
		e.sample("node_scrape_collector_success", 1, "collector", name)
	}
	return e.Bytes()
}

// exposition is text in Prometheus's exposition format. Its methods write no samples of
// values that are unknown.
type exposition struct{ bytes.Buffer }

// family writes the header of a metric.
func (e *exposition) family(name, kind, help string) {
	_, _ = fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes a value with its labels, given as alternating names and values.
func (e *exposition) sample(name string, value float64, labels ...string) {
	e.WriteString(name)
	separator := "{"
	for label := range slices.Chunk(labels, 2) {
		_, _ = fmt.Fprintf(e, "%s%s=%q", separator, label[0], label[1])
		separator = ","
	}
	if len(labels) > 0 {
		e.WriteString("}")
	}
	e.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// gauge writes a metric that has one sample.
func (e *exposition) gauge(name string, value float64, help string) {
	e.family(name, "gauge", help)
	e.sample(name, value)
}

func (e *exposition) loadavg(seen world.StatsPage) {
	for _, average := range []struct {
		minutes string
		load    pool.Reading[float64]
	}{{"1", seen.Load1}, {"15", seen.Load15}, {"5", seen.Load5}} {
		if load, known := average.load.Get(); known {
			e.gauge("node_load"+average.minutes, load, average.minutes+"m load average.")
		}
	}
}

func (e *exposition) time(seen world.StatsPage) {
	e.gauge("node_time_seconds", seconds(seen.Time), "System time in seconds since epoch (1970).")
}

func (e *exposition) uname(seen world.StatsPage) {
	if name, known := seen.Nodename.Get(); known {
		e.family("node_uname_info", "gauge", "Labeled system information as provided by the uname system call.")
		e.sample("node_uname_info", 1, "domainname", "(none)", "machine", "x86_64", "nodename", name, "sysname", "Linux")
	}
}

func (e *exposition) stat(seen world.StatsPage) {
	if uptime, known := seen.Uptime.Get(); known {
		e.gauge("node_boot_time_seconds", seconds(seen.Time.Add(-uptime)), "Node boot time, in unixtime.")
	}
}

func (e *exposition) cpu(seen world.StatsPage) {
	cpus, known := seen.CPUs.Get()
	uptime, upKnown := seen.Uptime.Get()
	if !known || !upKnown {
		return
	}
	e.family("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode.")
	for cpu := range cpus {
		for _, mode := range []struct {
			name  string
			share float64
		}{{"idle", 0.7}, {"system", 0.1}, {"user", 0.2}} {
			e.sample("node_cpu_seconds_total", uptime.Seconds()*mode.share, "cpu", strconv.Itoa(cpu), "mode", mode.name)
		}
	}
}

// netdev writes the machine's interface to the Internet, and the loopback interface,
// whose traffic must not be counted.
func (e *exposition) netdev(seen world.StatsPage) {
	network, known := seen.Network.Get()
	if !known {
		return
	}
	for _, direction := range []struct {
		name  string
		bytes float64
	}{{"receive", network.Received}, {"transmit", network.Sent}} {
		family := "node_network_" + direction.name + "_bytes_total"
		e.family(family, "counter", "Network device statistic "+direction.name+"_bytes.")
		e.sample(family, direction.bytes, "device", "ens2")
		e.sample(family, network.Received+network.Sent, "device", "lo")
	}
}

// bbbUnits are the systemd units of BBB 3.0.
var bbbUnits = []string{
	"bbb-apps-akka.service", "bbb-export-annotations.service", "bbb-fsesl-akka.service",
	"bbb-graphql-actions.service", "bbb-graphql-middleware.service", "bbb-graphql-server.service",
	"bbb-pads.service", "bbb-rap-caption-inbox.service", "bbb-rap-resque-worker.service",
	"bbb-rap-starter.service", "bbb-web.service", "bbb-webrtc-recorder.service",
	"bbb-webrtc-sfu.service", "etherpad.service", "freeswitch.service", "nginx.service",
	"redis-server.service",
}

func (e *exposition) systemd(seen world.StatsPage) {
	down, known := seen.UnitsDown.Get()
	if !known {
		return
	}
	e.family("node_systemd_unit_state", "gauge", "Systemd unit")
	units := slices.Concat(bbbUnits, down)
	slices.Sort(units)
	for _, unit := range slices.Compact(units) {
		now := "active"
		if slices.Contains(down, unit) {
			now = "failed"
		}
		for _, state := range []string{"activating", "active", "deactivating", "failed", "inactive"} {
			value := 0.0
			if state == now {
				value = 1
			}
			e.sample("node_systemd_unit_state", value, "name", unit, "state", state, "type", "simple")
		}
	}
}

// textfile writes what DiViMS's script on the server wrote when it last ran.
func (e *exposition) textfile(seen world.StatsPage) {
	if age, known := seen.Age.Get(); known {
		written := seconds(seen.Time.Add(-age))
		e.gauge("divims_stats_timestamp_seconds", written, "When these figures were written.")
		e.family("node_textfile_mtime_seconds", "gauge", "Unixtime mtime of textfiles successfully read.")
		e.sample("node_textfile_mtime_seconds", written, "file", "/run/divims/divims.prom")
	}
	e.gauge("node_textfile_scrape_error", 0, "1 if there was an error opening or reading a file, 0 otherwise")
	if probe, known := seen.Probe.Get(); known {
		success := 0.0
		if probe.OK {
			success = 1
		}
		e.gauge("divims_probe_success", success, "1 if the units of BBB run and its API answers.")
		e.gauge("divims_probe_timestamp_seconds", seconds(probe.At), "When that was tried.")
	}
	if version, known := seen.Version.Get(); known {
		e.family("divims_bbb_info", "gauge", "BBB on this server.")
		e.sample("divims_bbb_info", 1, "version", version)
	}
	if id, known := seen.MachineID.Get(); known {
		e.family("divims_machine_info", "gauge", "This machine, by the hoster's id.")
		e.sample("divims_machine_info", 1, "id", id)
	}
	if addresses, known := seen.Addresses.Get(); known {
		e.family("divims_address_info", "gauge", "An IPv6 address of this machine.")
		for _, ip := range addresses {
			e.sample("divims_address_info", 1, "address", ip.String())
		}
	}
	e.recordings(seen)
}

// recordings writes every stage, including those at zero.
func (e *exposition) recordings(seen world.StatsPage) {
	backlog, known := seen.Backlog.Get()
	if !known {
		return
	}
	e.family("divims_recordings_backlog", "gauge", "Recordings with work still to do.")
	for _, stage := range pool.BacklogStages {
		e.sample("divims_recordings_backlog", float64(backlog[stage]), "stage", stage)
	}
	if failed, known := seen.Failed.Get(); known {
		e.family("divims_recordings_failed", "gauge", "Recordings whose work failed.")
		for _, stage := range pool.FailureStages {
			e.sample("divims_recordings_failed", float64(failed[stage]), "stage", stage)
		}
	}
}

// seconds returns a time as Prometheus writes it, in seconds since 1970.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
