package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	headerTimeout = 10 * time.Second
	// shutdownTimeout is how long requests in progress may take after a shutdown begins.
	shutdownTimeout = 5 * time.Second
	// listenerFD is the file descriptor of the listener that a process inherits.
	listenerFD = 3
)

// Serve answers the listener's requests with the function until ctx is done. Then it
// accepts no new requests, waits up to 5 seconds for those in progress, and returns nil.
func Serve(ctx context.Context, listener net.Listener, function http.Handler) error {
	server := &http.Server{Handler: withIngressHeaders(function), ReadHeaderTimeout: headerTimeout}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // cuts off what still runs
		}
	})
	err := server.Serve(listener)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-closed
	return nil
}

// withIngressHeaders adds the request headers that Scaleway's ingress adds. The names
// are those of github.com/scaleway/serverless-functions-go v0.1.2, local/infra.go.
func withIngressHeaders(function http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			client = r.RemoteAddr
		}
		r.Header.Set("Forwarded", "for="+client+";proto=https")
		r.Header.Set("K-Proxy-Request", "activator")
		r.Header.Add("X-Forwarded-For", client)
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Request-Id", rand.Text())
		r.Header.Set("X-Envoy-External-Address", client)
		function.ServeHTTP(w, r)
	})
}

// Main is the main function of a process that Start started. It serves the function
// on the inherited listener until the process is terminated.
func Main(function http.HandlerFunc) {
	if err := serveInherited(function); err != nil {
		log.Fatalf("serve the function: %v", err)
	}
}

func serveInherited(function http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	listener, err := net.FileListener(os.NewFile(listenerFD, "listener"))
	if err != nil {
		return err
	}
	return Serve(ctx, listener, function)
}
