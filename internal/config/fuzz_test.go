package config

import (
	"crypto/rand"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/config/setting"
	"divims/internal/lab/hostile"
	"divims/internal/pool"
	"divims/internal/scaling"
)

// FuzzLoad checks that settings are within their bounds whatever is set, or that
// Load returns problems, and that no problem shows a value.
func FuzzLoad(f *testing.F) {
	for _, lines := range []string{
		"POOL=campus\nPOOL_SIZE=1000\nMINIMUM_RATIO=0.05\nRECYCLE_AFTER=1d12h",
		"LOAD_FACTOR_STEADY=2,1.5\nLOAD_GROWTH_THRESHOLD=1e-9\nTIMEZONE=America/Argentina/Salta",
		"POOL_SIZE=99999999999999999999\nMINIMUM_RATIO=1e308%\nGRACE=-5m\nLOAD_FACTOR_GROWING=NaN\nINTERVAL=36500d1h",
		"CALENDAR_URL=https://user:password@example.com/?token=x\nPOLICIES=schedule,load\nCALENDAR_MODE=window",
		"CONNECT_TO=example.com=10.0.0.5:443,.b=[::1]:8443\nUSER_DATA=storage:cloud-init.yaml\nCA_CERTIFICATES=-----BEGIN CERTIFICATE-----",
		"STATS_URLS=https://{domain}/a,https://{domain}/b\nSTATS_USER=u\nSTATS_PASSWORD=p\nZONES=fr-par-1,fr-par-1",
		"POOL_SIZ=1\n=\nX\nDOMAIN_TEMPLATE={n}{n}\nHOSTNAME_TEMPLATE=-{n}",
	} {
		f.Add(lines)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		if strings.Contains(lines, "file:") {
			return // it may never end
		}
		settings, err := Load(withLines(lines, ""))
		if err == nil {
			checkSettings(t, settings)
		} else {
			checkProblems(t, settings, err)
		}
		secret := rand.Text()
		if _, err := Load(withLines(lines, secret)); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("a problem shows a value: %v", err)
		}
	})
}

// withLines returns the minimal environment and lines of the form NAME=value, with an
// end appended to each value.
func withLines(lines, end string) []string {
	variables := environ(nil)
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			variables = append(variables, "DIVIMS_"+name+"="+value+end)
		}
	}
	return variables
}

func checkProblems(t *testing.T, settings Settings, err error) {
	t.Helper()
	var found Problems
	if !errors.As(err, &found) || len(found) == 0 || !reflect.DeepEqual(settings, Settings{}) {
		t.Errorf("error = %v; want Problems alone", err)
	}
	for _, problem := range found {
		hostile.CheckText(t, problem.String())
	}
}

func checkSettings(t *testing.T, s Settings) {
	t.Helper()
	if s.Size < 1 || s.Size > 10_000 || s.BareMetal < 0 || s.BareMetal > s.Size || s.Capacity < 1 ||
		s.MinimumMillionths < 0 || s.MinimumMillionths > 1_000_000 || s.UnresponsiveMillionths < 0 || s.UnresponsiveMillionths > 1_000_000 ||
		s.MaxCreations < 0 || s.MaxDeletions < 0 || s.ServerParticipants < 1 || s.ServerMeetings < 1 {
		t.Errorf("a number is out of bounds: %+v", s)
	}
	for _, pair := range []scaling.Pair{s.SteadyFactor, s.GrowingFactor, s.GrowthThreshold} {
		if !(pair.Participants > 0 && pair.Participants <= 100 && pair.Meetings > 0 && pair.Meetings <= 100) {
			t.Errorf("a factor is %v", pair)
		}
	}
	if s.Interval < time.Minute || s.CallTimeout <= 0 || s.CallTimeout >= s.Timeout || min(s.Grace, s.RecycleAfter, s.BootTime) < 0 {
		t.Errorf("a time is out of bounds: %+v", s)
	}
	if len(s.Zones) == 0 || len(s.Types) == 0 || len(s.Policies) == 0 || s.Timezone.Location == nil || s.Tag == "" {
		t.Errorf("something is missing: %+v", s)
	}
	for _, server := range pool.Servers(s.Size, s.BareMetal, s.HostnameTemplate, s.DomainTemplate) {
		if !setting.IsHostname(server.Hostname) || !setting.IsHostname(server.Domain) {
			t.Errorf("server %d is %q at %q", server.Number, server.Hostname, server.Domain)
		}
	}
}
