package functionsapi

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
)

// addressUpload gives an address that takes one archive of the announced length.
func (p *Platform) addressUpload(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(r.URL.Query().Get("content_length"))
	if err != nil || length < 1 || length > maximumBody {
		return nil, invalid("content_length has to be 1 to %d", maximumBody)
	}
	f.signature, f.length = rand.Text(), length
	return map[string]any{
		"url": p.url + "/uploads/" + f.id + "?X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&X-Amz-Signature=" + f.signature,
		"headers": map[string][]string{
			"content-length": {strconv.Itoa(length)}, "content-type": {"application/octet-stream"},
		},
	}, nil
}

// upload takes an archive, at an address whose signature covers length and type.
func (p *Platform) upload(r *http.Request, body []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	signature := r.URL.Query().Get("X-Amz-Signature")
	if signature == "" || signature != f.signature || len(body) != f.length || r.Header.Get("Content-Type") != "application/octet-stream" {
		return nil, &refusal{http.StatusForbidden, map[string]any{"message": "SignatureDoesNotMatch"}}
	}
	f.archive = body
	return nil, nil
}

// deployFunction starts the build of what was uploaded. Until it has ended, the
// function is pending; what ran before goes on running, and does so if it fails.
func (p *Platform) deployFunction(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if f.archive == nil {
		return nil, invalid("no code was uploaded")
	}
	f.status, f.err = "pending", ""
	p.builds.Go(func() { p.build(f, f.archive, f.wish, f.secrets) })
	return p.show(f)
}

// build makes a program of an archive, and has it answer from then on.
func (p *Platform) build(f *function, archive []byte, w wish, secrets variables) {
	program, err := p.builder.build(context.Background(), p.folder, archive, w.Runtime, w.Handler)
	p.lock.Lock()
	defer p.lock.Unlock()
	if err != nil {
		f.status, f.err = "error", err.Error()
		return
	}
	f.status, f.program = "ready", program
	f.front.replace(&instance{program: program.path, environment: w.Variables.environment(secrets), log: p.config.Log}, w)
}
