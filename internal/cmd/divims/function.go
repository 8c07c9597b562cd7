package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/platform"
	"divims/internal/lab/sandbox"
)

// function is the deployed function behind a local HTTP server, as on the platform.
type function struct {
	url    string
	cancel context.CancelFunc
	served chan struct{}
}

// serveFunction serves the function for the sandbox's pool. It logs warnings and errors
// only: the progress lines show the rest.
func serveFunction(ctx context.Context, listen string, surroundings *sandbox.Sandbox, logs io.Writer) (*function, error) {
	settings, err := config.Load(surroundings.Environment())
	if err != nil {
		return nil, fmt.Errorf("settings of the sandbox: %w", err)
	}
	log := newLog(logs, slog.LevelWarn)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &function{"http://" + listener.Addr().String(), cancel, make(chan struct{})}
	go func() {
		defer close(f.served)
		_ = platform.Serve(ctx, listener, handler.New(func() (*handler.Pool, error) { return handler.Open(settings, log) }, log))
	}()
	return f, nil
}

// close waits until the requests under way are answered, so that nothing is logged
// afterwards. Requests that take longer than the platform allows are cut off.
func (f *function) close() {
	f.cancel()
	<-f.served
}

// evaluate calls the function as the cron trigger does.
func (f *function) evaluate(ctx context.Context) (cycle.Record, error) {
	var record cycle.Record
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/", bytes.NewReader([]byte(`{"source":"cron"}`)))
	if err != nil {
		return record, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return record, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return record, fmt.Errorf("the function answers %s: %s", response.Status, bytes.TrimSpace(text))
	}
	return record, json.NewDecoder(response.Body).Decode(&record)
}
