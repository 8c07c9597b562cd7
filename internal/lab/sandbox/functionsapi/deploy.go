package functionsapi

import (
	"context"
	"net/http"
	"time"
)

// deployFunction starts to build the uploaded archive. The function is pending until the
// build ends. The previous program runs until then, and stays if the build fails.
func (p *Platform) deployFunction(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if f.archive == nil {
		return nil, invalid("no code was uploaded")
	}
	f.status, f.err = "pending", ""
	p.builds.Go(func() { p.build(f, f.archive, f.functionSpec, f.secrets) })
	return p.toJSON(f)
}

// build builds a program from an archive. Later requests are sent to this program.
func (p *Platform) build(f *function, archive []byte, spec functionSpec, secrets variables) {
	program, err := p.builder.build(context.Background(), p.folder, archive, spec.Runtime, spec.Handler)
	p.lock.Lock()
	defer p.lock.Unlock()
	if err != nil {
		f.status, f.err = "error", err.Error()
		return
	}
	now := time.Now()
	f.status, f.program, f.readyAt = "ready", program, &now
	f.proxy.replace(&instance{program: program.path, environment: spec.Variables.environment(secrets), log: p.config.Log}, spec)
}
