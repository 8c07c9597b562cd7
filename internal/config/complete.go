package config

import (
	"time"

	"divims/internal/scaling"
)

// complete fills in the settings whose default depends on other settings.
func (s *Settings) complete() {
	if s.Capacity == 0 {
		s.Capacity = s.Size * s.ServerParticipants
	}
	if len(s.Policies) == 0 {
		s.Policies = []scaling.Policy{scaling.PolicyForecast}
		if s.Calendar.URL.IsSet() {
			s.Policies = append(s.Policies, scaling.PolicySchedule)
		}
	}
	if s.Tag == "" {
		s.Tag = "divims-" + s.Pool.Name
	}
	if s.FunctionTimeout == 0 {
		s.FunctionTimeout = max(5*time.Minute, s.Evaluation.Timeout+time.Minute)
	}
	if s.Storage.URL == "" {
		s.Storage.URL = "https://s3." + s.Storage.Region + ".scw.cloud"
	}
	if !s.Storage.AccessKey.IsSet() {
		s.Storage.AccessKey, s.Storage.SecretKey = s.Scaleway.AccessKey, s.Scaleway.SecretKey
	}
}
