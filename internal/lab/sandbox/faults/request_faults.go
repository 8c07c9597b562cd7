package faults

import (
	"crypto/tls"
	"net/http"
)

// requestFaults are the faults in which nobody carries the call out.
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

// proxyPage is what a proxy says in whose back nobody answers.
const proxyPage = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n"

func send(a response) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { a.write(w) }
}

// hang ends when the client goes, or the server does.
func hang(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// interim is an answer before the answer, of which clients tell nobody.
const interimResponse = "HTTP/1.1 102 Processing\r\n\r\n"

// resetConnection sends what there is and resets the connection. At least an interim
// answer goes first: where an old connection ends without any byte, Go's client
// makes a GET once more by itself, and nobody would notice the fault.
func resetConnection(w http.ResponseWriter, text []byte) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = connection.Write(append([]byte(interimResponse), text...))
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn() // which ends without a word
	}
	if plain, ok := connection.(interface{ SetLinger(int) error }); ok {
		_ = plain.SetLinger(0) // so that closing is a reset
	}
	_ = connection.Close()
}
