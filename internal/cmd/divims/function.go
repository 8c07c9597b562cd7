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

// function is one instance of the deployed function behind an HTTP server, as on the
// platform.
type function struct {
	http.Handler
	url string
	// client reaches the function.
	client *http.Client
	// caller is the function's way to the services; nil if it uses the system's network.
	caller *sandbox.Caller
	cancel context.CancelFunc
	served chan struct{}
}

// serveFunction serves the function with these settings on a listener. dial reaches the
// listener; nil is the system's network. It logs warnings and errors only: the progress
// lines show the rest.
func serveFunction(settings config.Settings, listener net.Listener, dial dialFunc, logs io.Writer) *function {
	log := newLog(logs, slog.LevelWarn)
	ctx, cancel := context.WithCancel(context.Background())
	f := &function{
		Handler: handler.New(func() (*handler.Pool, error) { return handler.Open(settings, log) }, log),
		url:     "http://" + listener.Addr().String(), client: &http.Client{Transport: &http.Transport{DialContext: dial}},
		cancel: cancel, served: make(chan struct{}),
	}
	go func() {
		defer close(f.served)
		_ = platform.Serve(ctx, listener, f)
	}()
	return f
}

// dialFunc connects, as net.Dialer.DialContext does.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// close waits until the requests under way are answered, so that nothing is logged
// afterwards. Requests that take longer than the platform allows are cut off.
func (f *function) close() {
	f.client.CloseIdleConnections()
	f.cancel()
	<-f.served
	if f.caller != nil {
		f.caller.Close()
	}
}

// evaluate calls the function as the cron trigger does.
func (f *function) evaluate(ctx context.Context) (cycle.Record, error) {
	var record cycle.Record
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/", bytes.NewReader([]byte(`{"source":"cron"}`)))
	if err != nil {
		return record, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := f.client.Do(request)
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
