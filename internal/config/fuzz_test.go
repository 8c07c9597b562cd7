package config

import (
	"crypto/rand"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// FuzzLoad: whatever is set, the settings keep their bounds, or there are
// problems, of which none shows a value.
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

// withLines is the least environment with lines of the form NAME=value behind
// it, each with an end put to its value.
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
	if s.PoolSize < 1 || s.PoolSize > 10_000 || s.BareMetalCount < 0 || s.BareMetalCount > s.PoolSize || s.PoolCapacity < 1 ||
		s.MinimumRatio < 0 || s.MinimumRatio > 1_000_000 || s.UnresponsiveShare < 0 || s.UnresponsiveShare > 1_000_000 ||
		s.MaxCreations < 0 || s.MaxDeletions < 0 || s.ServerParticipants < 1 || s.ServerMeetings < 1 {
		t.Errorf("a number is beyond its bounds: %+v", s)
	}
	for _, pair := range []Pair{s.LoadFactorSteady, s.LoadFactorGrowing, s.LoadGrowthThreshold} {
		if !(pair.Participants > 0 && pair.Participants <= maxFactor && pair.Meetings > 0 && pair.Meetings <= maxFactor) {
			t.Errorf("a factor is %v", pair)
		}
	}
	if s.Interval < time.Minute || s.CallTimeout <= 0 || s.CallTimeout >= s.Timeout || min(s.Grace, s.RecycleAfter, s.BootTime) < 0 {
		t.Errorf("a time is beyond its bounds: %+v", s)
	}
	if len(s.Zones) == 0 || len(s.CommercialTypes) == 0 || len(s.Policies) == 0 || s.Timezone.Location == nil || s.Tag == "" {
		t.Errorf("something is missing: %+v", s)
	}
	for _, server := range pool.Servers(s.PoolSize, s.BareMetalCount, s.HostnameTemplate, s.DomainTemplate) {
		if !isHostname(server.Hostname) || !isHostname(server.Domain) {
			t.Errorf("server %d is %q at %q", server.Number, server.Hostname, server.Domain)
		}
	}
}
