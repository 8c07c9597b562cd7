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

// MetricsContentType is the media type of the text that Metrics writes.
var MetricsContentType = string(metricsFormat)

// Metrics writes the status in Prometheus's text format. Unknown values are left out.
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

// gauges registers the metrics of a pool.
type gauges struct {
	registry *prometheus.Registry
	pool     string
}

// vector registers a metric with labels.
func (g gauges) vector(name, help string, labels ...string) *prometheus.GaugeVec {
	vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "divims", Name: name, Help: help, ConstLabels: prometheus.Labels{"pool": g.pool},
	}, labels)
	g.registry.MustRegister(vector)
	return vector
}

func (g gauges) set(name, help string, value float64) {
	g.vector(name, help).WithLabelValues().Set(value)
}

func (g gauges) flag(name, help string, on bool) {
	value := 0.0
	if on {
		value = 1
	}
	g.set(name, help, value)
}

// poolGauges sets the metrics of the settings and of the operators' orders.
func (s Status) poolGauges(g gauges) {
	g.set("pool_servers", "Servers of the pool, from the settings.", float64(s.Size))
	g.flag("paused", "1 while an operator has paused DiViMS: it changes nothing.", s.Paused != nil)
	g.flag("dry_run", "1 if the settings demand a dry run: DiViMS changes nothing.", s.DryRun)
	if s.Forced != nil {
		g.set("forced_servers", "Number of servers forced by an operator; absent if none is forced.", float64(s.Forced.Servers))
	}
}

// evaluationGauges sets the metrics of the last evaluation that are known even if it could
// not read the pool.
func (s Status) evaluationGauges(g gauges) {
	g.flag("blind", "1 if the last evaluation could not read Scalelite's entries or Scaleway's machines.", s.Last.Blind)
	g.set("last_evaluation_timestamp_seconds", "Time of the last evaluation.", float64(s.Last.At.Unix()))
	g.set("evaluation_duration_seconds", "Duration of the last evaluation.", s.Last.TookSeconds)
	alerts := g.vector("alerts", "Current alerts by level.", "level")
	for _, level := range []scaling.Level{scaling.Warning, scaling.Error, scaling.Critical} {
		alerts.WithLabelValues(string(level)).Set(0)
	}
	for _, alert := range s.Alerts {
		alerts.WithLabelValues(string(alert.Level)).Inc()
	}
	actions := g.vector("actions", "Actions of the last evaluation by kind and result.", "kind", "result")
	for _, outcome := range s.Last.Outcomes {
		actions.WithLabelValues(string(outcome.Kind), string(outcome.Result)).Inc()
	}
}

// figureGauges sets the pool's figures, which only an evaluation that read the pool has.
func (s Status) figureGauges(g gauges) {
	last := s.Last
	g.set("participants", "Participants in all meetings.", float64(last.Participants))
	g.set("meetings", "Running meetings.", float64(last.Meetings))
	g.set("servers_serving", "Servers that take meetings now.", float64(last.Serving))
	g.set("servers_enabled", "Enabled servers that count as capacity: they serve or are coming.", float64(last.Enabled))
	setKnown(g.vector("capacity_servers", "Enabled servers, weighted by their load multipliers."), last.Capacity())
	setKnown(g.vector("serving_capacity_servers", "Servers that take meetings now, weighted by their load multipliers."), last.Room())
	g.set("servers_draining", "Servers that are not enabled and whose machine is running.", float64(last.Draining))
	g.set("machines_running", "Running machines.", float64(last.Running))
	g.set("machines_idle", "Machines that exist but are not running.", float64(last.Idle()))
	setKnown(g.vector("capacity_participants", "Participants that the servers can carry that take meetings now."), s.Capacity)
	setKnown(g.vector("servers_required", "Servers that must be enabled."), last.Required())
	setKnown(g.vector("pool_capacity_servers", "All servers of the pool, weighted by their load multipliers."), last.Size())
	g.flag("pool_used_up", "1 if all servers of the pool or of a tag are required, and not only as the minimum.", last.UsedUp())
	policies := g.vector("policy_servers", "Servers that a policy requires.", "policy")
	for policy, servers := range last.Asked() {
		policies.WithLabelValues(policy).Set(float64(servers))
	}
}

// costGauges sets the costs of today and of the month, and what a fixed pool would cost.
func (s Status) costGauges(g gauges) {
	seconds := g.vector("machines_running_seconds", "Running time of all machines since midnight (day) or the first of the month (month).", "period")
	fixedSeconds := g.vector("fixed_pool_running_seconds", "The same for a fixed pool, whose machines always run.", "period")
	euros := g.vector("cost_euros", "Cost of the machines since midnight (day) or the first of the month (month).", "period")
	fixedEuros := g.vector("fixed_pool_cost_euros", "The same for a fixed pool, whose machines always run.", "period")
	for period, cost := range map[string]Cost{"day": s.Today, "month": s.Month} {
		seconds.WithLabelValues(period).Set(cost.MachineHours * 3600)
		fixedSeconds.WithLabelValues(period).Set(cost.FixedHours * 3600)
		setKnown(euros, cost.Euros, period)
		setKnown(fixedEuros, cost.FixedEuros, period)
	}
}

// serverGauges sets the metrics of each server.
func serverGauges(g gauges, servers []cycle.ServerRecord) {
	meetings := g.vector("server_meetings", "Meetings on a server.", "server")
	participants := g.vector("server_participants", "Participants on a server.", "server")
	load := g.vector("server_load1", "Load average of a server over a minute.", "server")
	cpus := g.vector("server_cpus", "CPUs of a server.", "server")
	uptime := g.vector("server_uptime_seconds", "Uptime of a server.", "server")
	backlog := g.vector("server_recordings_backlog", "Recordings on a server that still have work to do, by stage.", "server", "stage")
	price := g.vector("server_hourly_price_euros", "Price per hour of a server's machine.", "server")
	expiry := g.vector("server_certificate_expiry_timestamp_seconds", "Time at which a server's certificate expires.", "server")
	maintenance := g.vector("server_maintenance", "1 while a server is in maintenance.", "server")
	state := g.vector("server_state", "1 for a server's current states: entry, online, machine, health.", "server", "entry", "online", "machine", "health")
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

// setKnown sets a metric if the value is known.
func setKnown[T int | float64](vector *prometheus.GaugeVec, value pool.Reading[T], labels ...string) {
	if v, ok := value.Get(); ok {
		vector.WithLabelValues(labels...).Set(float64(v))
	}
}
