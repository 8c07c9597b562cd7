// Package local checks the function behind Scaleway's own library for local testing,
// which wraps requests and answers as the platform's core does. It is a module of its
// own, so that the library stays out of the function's go.mod.
//
// What the library (v0.1.2, local/core.go) changes on the way to the handler:
//   - method, path, query, headers and body go through JSON: bytes that are not UTF-8
//     are replaced, a header that occurs twice becomes one with a comma, an escaped
//     slash in the path becomes a slash;
//   - the request's ContentLength is that of the JSON, its context never ends, and
//     RemoteAddr and RequestURI are empty;
//   - the ingress headers are added: Forwarded, X-Forwarded-For, X-Forwarded-Proto,
//     X-Request-Id, K-Proxy-Request, X-Envoy-External-Address.
//
// And on the way back:
//   - the answer is buffered and gets a Content-Length;
//   - the request's headers are repeated in the answer, before the handler's own: a
//     Content-Type can occur twice;
//   - Access-Control-Allow-Origin: * and Server: envoy are added;
//   - a JSON object with a field statusCode, headers, body or isBase64Encoded at its top
//     is taken apart as an AWS Lambda answer, and a JSON string loses its quotes. None
//     of the function's answers has these.
package local

import (
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/scaleway/serverless-functions-go/local"

	"divims/handler"
	"divims/internal/lab/contract"
)

// TestContractBehindScalewaysLibrary checks the HTTP surface of the handler in the
// library's server, which cannot be stopped and ends with the test process.
func TestContractBehindScalewaysLibrary(t *testing.T) {
	s := contract.Pool(t)
	function := handler.FromEnvironment(s.Environment(), t.Output())
	port := freePort(t)
	go local.ServeHandler(function.ServeHTTP, local.WithPort(port))
	address := fmt.Sprintf("127.0.0.1:%d", port)
	await(t, address)
	contract.Check(t, s, func(r *http.Request) (*http.Response, error) {
		r.URL.Host = address
		answer, err := http.DefaultClient.Do(r)
		if err == nil && (answer.Header.Get("Server") != "envoy" || answer.Header.Get("Access-Control-Allow-Origin") != "*") {
			t.Errorf("%s %s did not go through the library: %v", r.Method, r.URL.Path, answer.Header)
		}
		return answer, err
	})
}

// freePort returns a port that nobody listens on. Another process could take it before the
// library does, but the library accepts no listener.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// await waits until something listens on the address.
func await(t *testing.T, address string) {
	t.Helper()
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-retry.C:
		case <-t.Context().Done():
			t.Fatalf("nothing listens on %s: %v", address, err)
		}
	}
}
