package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
)

// webServer is the web server of every machine; the server name in the TLS handshake
// chooses the machine. It answers once the machine's system is up. Before that, and
// where there is no machine, it resets connections.
type webServer struct {
	locked      *lockedWorld
	authority   *certificateAuthority
	callNamer   *callNamer
	faults      *faults.Injector
	routes      http.Handler
	credentials credentials
	protocols   []string
	config      *tls.Config
}

func newWebServer(s *Sandbox, authority *certificateAuthority) *webServer {
	ws := &webServer{locked: s.locked, authority: authority, callNamer: s.callNamer, faults: s.faults, credentials: s.credentials}
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
	ws.routes = ws.faults.Wrap(ws.callNamer.webServer, mux)
	return ws
}

func (ws *webServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !ws.hasRunningMachine(r.TLS.ServerName) {
		panic(http.ErrAbortHandler) // the connections of a stopped machine end
	}
	if ws.faults.ConnOutdated(r.Context()) {
		panic(http.ErrAbortHandler) // as if the web server was restarted with another certificate
	}
	ws.routes.ServeHTTP(w, r)
}

// hasRunningMachine reports whether the system of the domain's machine is up.
func (ws *webServer) hasRunningMachine(domain string) bool {
	var err error
	ws.locked.with(func(w *world.World) { _, err = w.Stats(domain) })
	return err == nil
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

// certificate returns the certificate of a server, or a bad one if a fault says so.
func (ws *webServer) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	switch ws.faults.Handshake(ws.callNamer.numbers[hello.ServerName]) {
	case faults.ExpiredCertificate:
		return ws.authority.expiredCertificate(hello.ServerName, ws.locked.now())
	case faults.WrongName:
		return ws.authority.certificateFor("another."+Domain, ws.locked.now())
	}
	return ws.authority.certificateFor(hello.ServerName, ws.locked.now())
}

var errNoMachine = errors.New("no machine runs behind this name")

// configForClient resets the connection if no machine runs behind the server name.
func (ws *webServer) configForClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if ws.hasRunningMachine(hello.ServerName) {
		return nil, nil // use the existing config
	}
	if connection, ok := hello.Conn.(interface{ SetLinger(int) error }); ok {
		_ = connection.SetLinger(0) // Close then resets the connection
	}
	_ = hello.Conn.Close()
	return nil, errNoMachine
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
