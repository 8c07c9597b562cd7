package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"divims/internal/pool"
)

var metricsFormat = expfmt.NewFormat(expfmt.TypeTextPlain)

// MetricsContentType is the media type of what Metrics writes.
var MetricsContentType = string(metricsFormat)

// Metrics writes the status as Prometheus text. What is unknown is left out.
func (s Status) Metrics(w io.Writer) error {
	registry := prometheus.NewRegistry()
	if s.Last != nil {
		s.gauges(registry)
	}
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("gather the metrics of %s: %w", s.Pool, err)
	}
	encoder := expfmt.NewEncoder(w, metricsFormat)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return fmt.Errorf("write the metrics of %s: %w", s.Pool, err)
		}
	}
	return nil
}

func (s Status) gauges(registry *prometheus.Registry) {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "divims", Name: name, Help: help, ConstLabels: prometheus.Labels{"pool": s.Pool},
		}, labels)
		registry.MustRegister(vector)
		return vector
	}
	last := s.Last
	blind := 0.0
	if last.Blind {
		blind = 1
	}
	gauge("blind", "1 when the last evaluation could not see the pool well enough to act.").WithLabelValues().Set(blind)
	if last.Blind {
		return
	}
	gauge("last_evaluation_timestamp_seconds", "When the last evaluation was made.").WithLabelValues().Set(float64(last.At.Unix()))
	gauge("evaluation_duration_seconds", "How long the last evaluation took.").WithLabelValues().Set(last.TookSeconds)
	gauge("participants", "People in meetings.").WithLabelValues().Set(float64(last.Participants))
	gauge("meetings", "Meetings.").WithLabelValues().Set(float64(last.Meetings))
	gauge("servers_enabled", "Servers that count as enabled.").WithLabelValues().Set(float64(last.Enabled))
	gauge("machines_running", "Machines that run.").WithLabelValues().Set(float64(last.Running))
	gauge("servers_draining", "Servers that are not enabled and whose machine runs.").WithLabelValues().Set(float64(last.Draining))
	if required, ok := last.Plan.Required.Servers.Get(); ok {
		gauge("servers_required", "Servers that must be enabled.").WithLabelValues().Set(float64(required))
	}
	byPolicy := gauge("policy_servers", "Servers that a policy asks for.", "policy")
	for _, answer := range last.Plan.Required.Policies {
		if servers, ok := answer.Servers.Get(); ok {
			byPolicy.WithLabelValues(string(answer.Policy)).Set(float64(servers))
		}
	}
	alerts := gauge("alerts", "Alerts of the last evaluation.", "level")
	for _, alert := range last.Plan.Alerts {
		alerts.WithLabelValues(string(alert.Level)).Inc()
	}
	s.serverGauges(gauge)
}

func (s Status) serverGauges(gauge func(name, help string, labels ...string) *prometheus.GaugeVec) {
	meetings := gauge("server_meetings", "Meetings of a server.", "server")
	participants := gauge("server_participants", "People in a server's meetings.", "server")
	load := gauge("server_load1", "A server's load average over a minute.", "server")
	expiry := gauge("server_certificate_expiry_timestamp_seconds", "When a server's certificate expires.", "server")
	state := gauge("server_state", "1 for what a server is at: entry's state, online, machine's state, health.", "server", "entry", "online", "machine", "health")
	for _, server := range s.Last.Servers {
		number := strconv.Itoa(server.Number)
		machine := pool.MachineState("none")
		if server.Machine != nil {
			machine = server.Machine.State
		}
		state.WithLabelValues(number, cmp.Or(string(server.Entry), "none"), strconv.FormatBool(server.Online), string(machine), string(server.Health)).Set(1)
		if n, ok := server.Meetings.Get(); ok {
			meetings.WithLabelValues(number).Set(float64(n))
		}
		if n, ok := server.Participants.Get(); ok {
			participants.WithLabelValues(number).Set(float64(n))
		}
		if v, ok := server.Load1.Get(); ok {
			load.WithLabelValues(number).Set(v)
		}
		if t, ok := server.Certificate.Get(); ok {
			expiry.WithLabelValues(number).Set(float64(t.Unix()))
		}
	}
}
