package faults

import (
	"crypto/tls"
	"net/http"
)

// requestFaults respond in the service's place, which does not execute the call.
var requestFaults = map[Kind]http.HandlerFunc{
	Refused:     func(w http.ResponseWriter, _ *http.Request) { resetConnection(w, nil) },
	KillBefore:  func(w http.ResponseWriter, _ *http.Request) { resetConnection(w, nil) },
	Hang:        hang,
	TooMany:     send(response{http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}, "Content-Type": {"text/plain"}}, []byte("Too Many Requests\n")}),
	TooManyBare: send(response{status: http.StatusTooManyRequests}),
	ServerError: send(response{status: http.StatusInternalServerError}),
	BadGateway:  send(response{http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}}, []byte(proxyPage)}),
	Forbidden:   send(response{http.StatusForbidden, http.Header{"Content-Type": {"text/plain"}}, []byte("Forbidden\n")}),
}

// proxyPage is the page of a proxy whose backend does not respond.
const proxyPage = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n"

func send(res response) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { res.write(w) }
}

// hang returns when the client or the server closes the connection.
func hang(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// interimResponse is a response that HTTP clients skip without telling their callers.
const interimResponse = "HTTP/1.1 102 Processing\r\n\r\n"

// resetConnection sends the text and resets the connection. An interim response goes
// first: if a reused connection ends without any byte, Go's client repeats a GET by
// itself, and no caller would see the fault.
func resetConnection(w http.ResponseWriter, text []byte) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = connection.Write(append([]byte(interimResponse), text...))
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn() // closing it sends no TLS alert
	}
	if plain, ok := connection.(interface{ SetLinger(int) error }); ok {
		_ = plain.SetLinger(0) // Close then resets the connection
	}
	_ = connection.Close()
}
