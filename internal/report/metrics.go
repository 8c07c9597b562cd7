package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/scaling"
)

var metricsFormat = expfmt.NewFormat(expfmt.TypeTextPlain)

// MetricsContentType is the media type of what Metrics writes.
var MetricsContentType = string(metricsFormat)

// Metrics writes the status as Prometheus text. What is unknown is left out.
func (s Status) Metrics(w io.Writer) error {
	g := gauges{prometheus.NewRegistry(), s.Pool}
	if s.Last != nil {
		s.poolGauges(g)
		s.evaluationGauges(g)
		s.costGauges(g)
		if !s.Last.Blind {
			s.figureGauges(g)
			serverGauges(g, s.Last.Servers)
		}
	}
	families, err := g.registry.Gather()
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

// gauges makes the metrics of a pool.
type gauges struct {
	registry *prometheus.Registry
	pool     string
}

// by makes a metric with labels.
func (g gauges) by(name, help string, labels ...string) *prometheus.GaugeVec {
	vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "divims", Name: name, Help: help, ConstLabels: prometheus.Labels{"pool": g.pool},
	}, labels)
	g.registry.MustRegister(vector)
	return vector
}

func (g gauges) set(name, help string, value float64) {
	g.by(name, help).WithLabelValues().Set(value)
}

func (g gauges) flag(name, help string, on bool) {
	value := 0.0
	if on {
		value = 1
	}
	g.set(name, help, value)
}

// poolGauges are what settings and operators say.
func (s Status) poolGauges(g gauges) {
	g.set("pool_servers", "Servers of the pool, by its settings.", float64(s.Size))
	g.flag("paused", "1 while an operator has stopped all acting.", s.Paused != nil)
	g.flag("dry_run", "1 when evaluations decide and change nothing, by the settings.", s.DryRun)
	if s.Forced != nil {
		g.set("forced_servers", "Servers that an operator has forced; only while they are.", float64(s.Forced.Servers))
	}
}

// evaluationGauges tell of the last evaluation, whatever it saw.
func (s Status) evaluationGauges(g gauges) {
	g.flag("blind", "1 when the last evaluation could not see the pool well enough to act.", s.Last.Blind)
	g.set("last_evaluation_timestamp_seconds", "When the last evaluation was made.", float64(s.Last.At.Unix()))
	g.set("evaluation_duration_seconds", "How long the last evaluation took.", s.Last.TookSeconds)
	alerts := g.by("alerts", "What an operator should know, by its level.", "level")
	for _, level := range []scaling.Level{scaling.Warning, scaling.Error, scaling.Critical} {
		alerts.WithLabelValues(string(level)).Set(0)
	}
	for _, alert := range s.Needs {
		alerts.WithLabelValues(string(alert.Level)).Inc()
	}
	actions := g.by("actions", "Actions of the last evaluation, by what they came to.", "kind", "result")
	for _, outcome := range s.Last.Outcomes {
		actions.WithLabelValues(string(outcome.Kind), string(outcome.Result)).Inc()
	}
}

// figureGauges are what the last evaluation counted.
func (s Status) figureGauges(g gauges) {
	last := s.Last
	g.set("participants", "People in meetings.", float64(last.Participants))
	g.set("meetings", "Meetings.", float64(last.Meetings))
	g.set("servers_enabled", "Servers that count as enabled.", float64(last.Enabled))
	setKnown(g.by("capacity_servers", "What the enabled servers count as, by their load multipliers."), last.Capacity())
	g.set("servers_draining", "Servers that are not enabled and whose machine runs.", float64(last.Draining))
	g.set("machines_running", "Machines that run.", float64(last.Running))
	g.set("machines_idle", "Machines that are there and do not run.", float64(last.Idle()))
	if room, ok := s.Capacity.Get(); ok {
		g.set("capacity_participants", "People that the enabled servers carry.", float64(room))
	}
	if required, ok := last.Required().Get(); ok {
		g.set("servers_required", "Servers that must be enabled.", float64(required))
	}
	setKnown(g.by("pool_capacity_servers", "What all servers of the pool count as, by their load multipliers."), last.Size())
	g.flag("pool_used_up", "1 when all servers of the pool, or of a tag, are asked for, and not as their minimum.", last.UsedUp())
	policies := g.by("policy_servers", "Servers that a policy asks for.", "policy")
	for policy, servers := range last.Asked() {
		policies.WithLabelValues(policy).Set(float64(servers))
	}
}

// costGauges are today's and the month's, beside a pool of fixed size.
func (s Status) costGauges(g gauges) {
	seconds := g.by("machines_running_seconds", "For how long machines ran, since midnight (day) or the first (month).", "period")
	fixedSeconds := g.by("fixed_pool_running_seconds", "The same of a pool of fixed size, whose machines always run.", "period")
	euros := g.by("cost_euros", "What machines cost, since midnight (day) or the first (month).", "period")
	fixedEuros := g.by("fixed_pool_cost_euros", "The same of a pool of fixed size, whose machines always run.", "period")
	for period, cost := range map[string]Cost{"day": s.Today, "month": s.Month} {
		seconds.WithLabelValues(period).Set(cost.MachineHours * 3600)
		fixedSeconds.WithLabelValues(period).Set(cost.FixedHours * 3600)
		setKnown(euros, cost.Euros, period)
		setKnown(fixedEuros, cost.FixedEuros, period)
	}
}

func serverGauges(g gauges, servers []cycle.ServerRecord) {
	meetings := g.by("server_meetings", "Meetings of a server.", "server")
	participants := g.by("server_participants", "People in a server's meetings.", "server")
	load := g.by("server_load1", "A server's load average over a minute.", "server")
	cpus := g.by("server_cpus", "A server's CPUs.", "server")
	uptime := g.by("server_uptime_seconds", "How long a server has been up.", "server")
	backlog := g.by("server_recordings_backlog", "Recordings with work still to do on a server, by stage.", "server", "stage")
	price := g.by("server_hourly_price_euros", "What a server's machine costs in an hour.", "server")
	expiry := g.by("server_certificate_expiry_timestamp_seconds", "When a server's certificate expires.", "server")
	maintenance := g.by("server_maintenance", "1 while an operator has a server in hand.", "server")
	state := g.by("server_state", "1 for what a server is at: entry's state, online, machine's state, health.", "server", "entry", "online", "machine", "health")
	for _, server := range servers {
		number := strconv.Itoa(server.Number)
		machine := pool.MachineState("none")
		if server.Machine != nil {
			machine = server.Machine.State
			setKnown(price, server.Machine.HourlyPrice, number)
		}
		state.WithLabelValues(number, cmp.Or(string(server.Entry), "none"), strconv.FormatBool(server.Online), string(machine), string(server.Health)).Set(1)
		maintenance.WithLabelValues(number).Set(0)
		if server.Maintenance != nil {
			maintenance.WithLabelValues(number).Set(1)
		}
		setKnown(meetings, server.Meetings, number)
		setKnown(participants, server.Participants, number)
		setKnown(load, server.Load1, number)
		setKnown(cpus, server.CPUs, number)
		setKnown(uptime, server.Uptime, number)
		if stages, ok := server.Backlog.Get(); ok {
			for stage, n := range stages {
				backlog.WithLabelValues(number, stage).Set(float64(n))
			}
		}
		if t, ok := server.Certificate.Get(); ok {
			expiry.WithLabelValues(number).Set(float64(t.Unix()))
		}
	}
}

// setKnown sets what is known, and leaves out what is not.
func setKnown[T int | float64](vector *prometheus.GaugeVec, value pool.Reading[T], labels ...string) {
	if v, ok := value.Get(); ok {
		vector.WithLabelValues(labels...).Set(float64(v))
	}
}
