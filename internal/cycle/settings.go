package cycle

import (
	"time"

	"divims/internal/pool"
	"divims/internal/scaling"
)

// Settings are the operator's settings of an evaluation.
type Settings struct {
	Timeout         time.Duration `envconfig:"TIMEOUT" group:"One evaluation" default:"240s" min:"10s" max:"1h" desc:"deadline of an evaluation; must be less than the function's timeout. An evaluation that finds another one under way does nothing"`
	CallTimeout     time.Duration `envconfig:"CALL_TIMEOUT" default:"8s" min:"100ms" max:"5m" desc:"deadline of one call to a service"`
	ObserveParallel int           `envconfig:"OBSERVE_PARALLEL" default:"100" min:"1" max:"1000" desc:"servers that are observed at once; as many more may be waiting for an answer"`
	ActParallel     int           `envconfig:"ACT_PARALLEL" default:"5" min:"1" max:"100" desc:"servers that are changed at once"`
	// DryRun makes evaluations change nothing. They are recorded, and operators are
	// notified of what would have been done.
	DryRun bool `envconfig:"DRY_RUN" default:"false" desc:"decide, record and notify what would be done, but change nothing"`
	// Types are the commercial types of new machines, preferred first.
	Types []string `envconfig:"COMMERCIAL_TYPES" group:"Scaleway" required:"true" match:"word" example:"POP2-HC-8C-16G,POP2-8C-32G" desc:"Scaleway's commercial types for new machines, preferred first"`
	// BBBSecret goes into the Scalelite entry that DiViMS registers for a server.
	BBBSecret pool.Secret `envconfig:"BBB_SECRET" group:"BBB servers" match:"secret" example:"your-secret" desc:"BBB's secret in the image, for REGISTER_ENTRIES"`
	Every
}

// Every is, for each level, the time after which operators are notified again of an
// ongoing alert.
type Every struct {
	Warning  time.Duration `envconfig:"NOTIFY_EVERY_WARNING" group:"Notifications" default:"24h" min:"1m" desc:"time after which operators are notified again of an ongoing warning"`
	Error    time.Duration `envconfig:"NOTIFY_EVERY_ERROR" default:"8h" min:"1m" desc:"time after which operators are notified again of an ongoing error"`
	Critical time.Duration `envconfig:"NOTIFY_EVERY_CRITICAL" default:"1h" min:"1m" desc:"time after which operators are notified again of an ongoing critical alert"`
}

func (e Every) of(level scaling.Level) time.Duration {
	switch level {
	case scaling.Critical:
		return e.Critical
	case scaling.Error:
		return e.Error
	}
	return e.Warning
}
