package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
)

// webServer is the web server of every machine; the server name in the TLS handshake
// chooses the machine, by its domain. It answers once the machine's system is up. Before
// that, and where there is no machine, it drops what it receives, as a network does.
type webServer struct {
	locked      *lockedWorld
	authority   *certificateAuthority
	callNamer   *callNamer
	faults      *faults.Injector
	routes      http.Handler
	credentials credentials
	// drops is set if packets to a server without a reachable machine get lost.
	drops     bool
	protocols []string
	config    *tls.Config
}

func newWebServer(s *Sandbox, authority *certificateAuthority) *webServer {
	ws := &webServer{locked: s.locked, authority: authority, callNamer: s.callNamer, faults: s.faults, credentials: s.credentials, drops: s.config.Moving || s.config.Drops}
	ws.protocols = []string{"http/1.1"} // HTTP/1.1 only: a connection belongs to one server and ends with it
	if s.config.HTTP2 {
		ws.protocols = []string{"h2", "http/1.1"}
	}
	api := &bbbAPI{locked: s.locked, secret: s.config.World.Secret}
	mux := http.NewServeMux()
	mux.Handle(bbbPath, api)
	mux.Handle(bbbPath+"/", api)
	mux.Handle("/node_exporter/metrics", ws.basicAuth(&nodeExporter{locked: s.locked}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { nginxPage(w, http.StatusNotFound) })
	ws.routes = ws.faults.Wrap(ws.callNamer.webServer, ws.reach(mux))
	return ws
}

func (ws *webServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if ws.faults.ConnOutdated(r.Context()) {
		panic(http.ErrAbortHandler) // as if the web server was restarted with another certificate
	}
	ws.routes.ServeHTTP(w, r)
}

// reach lets requests through to the pages of a machine that can be reached now, with the
// Date of its clock. The connection may be older than a fault of the machine.
func (ws *webServer) reach(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var contact world.Contact
		var isUp bool
		var clock time.Time
		ws.locked.with(func(w *world.World) {
			contact, _ = w.Contact(r.TLS.ServerName) // a connection to an unknown domain is not made
			isUp, clock = w.IsUp(r.TLS.ServerName), w.ServerClock(r.TLS.ServerName)
		})
		switch {
		case contact == world.Drops && isUp && ws.drops:
			panic(faults.NoAnswer)
		case contact == world.Drops:
			panic(http.ErrAbortHandler) // the connections of a stopped machine end
		}
		w.Header().Set("Date", clock.UTC().Format(http.TimeFormat))
		pages.ServeHTTP(w, r)
	})
}

func (ws *webServer) tls() *tls.Config {
	ws.config = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         ws.protocols,
		GetConfigForClient: ws.configForClient,
		GetCertificate:     ws.certificate,
	}
	return ws.config
}

// rotateTicketKeys ends all TLS sessions, as a restart of the web servers does. The
// next handshake of every client shows the certificate again.
func (ws *webServer) rotateTicketKeys() {
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	ws.config.SetSessionTicketKeys([][32]byte{key})
}

// certificatesChanged ends all TLS sessions and, at the next request, all connections, so
// that clients see the new certificates.
func (ws *webServer) certificatesChanged() {
	ws.rotateTicketKeys()
	ws.faults.CertificatesChanged()
}

// certificate returns the certificate of the server that a domain leads to, or a bad one if
// an injected fault says so.
func (ws *webServer) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	var shown world.Certificate
	var now time.Time
	ws.locked.with(func(w *world.World) { shown, now = w.Certificate(hello.ServerName), w.Now() })
	switch ws.faults.Handshake(ws.callNamer.numbers[hello.ServerName]) {
	case faults.ExpiredCertificate:
		shown.Expires = now
	case faults.WrongName:
		shown.WrongName = true
	}
	return ws.authority.show(shown, now)
}

var (
	errUnknownName = errors.New("no server has this name")
	errDropped     = errors.New("no machine can be reached")
)

// configForClient decides whether a handshake is answered. It resets the connection if no
// server has the name. If packets to the server are lost, it reads and never answers, or
// resets the connection where the client would wait in real time.
func (ws *webServer) configForClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	var contact world.Contact
	var err error
	ws.locked.with(func(w *world.World) { contact, err = w.Contact(hello.ServerName) })
	switch {
	case err != nil:
		resetConnection(hello.Conn)
		return nil, errUnknownName
	case contact == world.Drops && !ws.drops:
		resetConnection(hello.Conn)
		return nil, errDropped
	case contact == world.Drops:
		_, _ = io.Copy(io.Discard, hello.Conn)
		_ = hello.Conn.Close() // crypto/tls cannot send its alert then
		return nil, errDropped
	}
	return nil, nil // use the existing config
}

func resetConnection(connection net.Conn) {
	if plain, ok := connection.(interface{ SetLinger(int) error }); ok {
		_ = plain.SetLinger(0) // Close then resets the connection
	}
	_ = connection.Close()
}

// basicAuth requires the user and the password of the stats.
func (ws *webServer) basicAuth(inner http.Handler) http.Handler {
	want := ws.credentials.statsUser + ":" + ws.credentials.statsPassword.Reveal()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(user+":"+password), []byte(want)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="stats"`)
			nginxPage(w, http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// nginxPage writes one of nginx's own pages.
func nginxPage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"+
		"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title, title)
}
