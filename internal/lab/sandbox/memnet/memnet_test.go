package memnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"divims/internal/lab/sandbox/memnet"
)

// pair returns the two ends of a connection.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	var network memnet.Network
	listener := network.Listen()
	accepted := make(chan net.Conn, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- connection
	}()
	client, err := network.Dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return client, <-accepted
}

func TestConnectionCarriesBytesUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pair(t)
		if _, err := client.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(server)
		if err != nil || string(text) != "question" {
			t.Errorf("read %q, %v; want question", text, err)
		}
		if _, err := server.Write([]byte("answer")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write to a closed connection returns %v; want a broken pipe", err)
		}
	})
}

func TestResetDropsWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pair(t)
		_, _ = server.Write([]byte("answer"))
		_ = server.(interface{ SetLinger(int) error }).SetLinger(0)
		_ = server.Close()
		if _, err := io.ReadAll(client); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("reading ends with %v; want a reset", err)
		}
	})
}

func TestDeadlineEndsAWaitingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := pair(t)
		begun := time.Now()
		_ = client.SetReadDeadline(begun.Add(time.Hour))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the read returns %v; want a deadline", err)
		}
		if waited := time.Since(begun); waited != time.Hour {
			t.Errorf("the read waited %s; want an hour", waited)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	var network memnet.Network
	if _, err := network.Dial(t.Context(), "tcp", "127.0.0.1:9"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the dial returns %v; want a refusal", err)
	}
}

// TestHourOfHTTP has a handler sleep for an hour, which costs no time.
func TestHourOfHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Hour)
			_, _ = io.WriteString(w, "late")
		}))
		_ = server.Listener.Close()
		listener := network.Listen()
		server.Listener = listener
		server.Start()
		defer server.Close()
		client := http.Client{Transport: &http.Transport{DialContext: network.Dial}}
		defer client.CloseIdleConnections()
		begun := time.Now()
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil || string(text) != "late" {
			t.Errorf("got %q, %v; want late", text, err)
		}
		if took := time.Since(begun); took != time.Hour {
			t.Errorf("the call took %s; want an hour", took)
		}
	})
}
