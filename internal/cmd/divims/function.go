package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"sync"

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
	// caller makes the function's calls of the services.
	caller *sandbox.Caller
	// busy counts the evaluations in progress.
	busy   sync.WaitGroup
	cancel context.CancelFunc
	served chan struct{}
}

// serveFunction serves the function with these settings beside the services that it
// calls. It logs warnings and errors only: the progress lines show the rest.
func serveFunction(settings config.Settings, surroundings *sandbox.Sandbox, logs io.Writer) (*function, error) {
	listener, err := surroundings.Listen()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	caller, cron := surroundings.NewCaller(), surroundings.NewCaller()
	log := newLog(logs, processLevel{caller})
	settings.Network.Dial = caller.Dial
	f := &function{
		caller:  caller,
		Handler: handler.New(func() (*handler.Pool, error) { return handler.Open(settings, log) }, log),
		url:     "http://" + listener.Addr().String(), client: &http.Client{Transport: &http.Transport{DialContext: cron.Dial}},
		cancel: cancel, served: make(chan struct{}),
	}
	go func() {
		defer close(f.served)
		_ = platform.Serve(ctx, listener, f)
	}()
	return f, nil
}

// processLevel is the level of a process's log: warnings, and nothing once it is dead.
type processLevel struct{ process *sandbox.Caller }

func (l processLevel) Level() slog.Level {
	if l.process.Killed() {
		return math.MaxInt
	}
	return slog.LevelWarn
}

// close waits until the requests in progress are answered, so that nothing is logged
// afterwards. Requests other than the cron trigger's are aborted when they take longer than
// the platform allows.
func (f *function) close() {
	f.busy.Wait()
	f.client.CloseIdleConnections()
	f.cancel()
	<-f.served
	f.caller.Close()
}

// errLeaseHeld is the answer of the function while another evaluation is under way.
var errLeaseHeld = errors.New("another evaluation holds the lease")

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
	switch response.StatusCode {
	case http.StatusOK:
		return record, json.NewDecoder(response.Body).Decode(&record)
	case http.StatusConflict:
		return record, errLeaseHeld
	case http.StatusServiceUnavailable: // with the record of an evaluation that could not see enough
		return record, errors.Join(errors.New("too little of the pool could be read to act"), json.NewDecoder(response.Body).Decode(&record))
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
	return record, fmt.Errorf("the function answers %s: %s", response.Status, bytes.TrimSpace(text))
}
