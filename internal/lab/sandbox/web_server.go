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

// front is the web server of every machine, told apart by the name in the TLS
// handshake. It answers from the moment that the machine's system is up; before,
// and where there is no machine, connections are reset.
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
	ws.protocols = []string{"http/1.1"} // only, so that a connection is of one server and ends with it
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
		panic(http.ErrAbortHandler) // the machine went, and its connections with it
	}
	if ws.faults.Outdated(r.Context()) {
		panic(http.ErrAbortHandler) // the web server was restarted with other certificates
	}
	ws.routes.ServeHTTP(w, r)
}

// up tells whether a machine runs behind the domain, and its system.
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

// forget ends all sessions, as a restart of the web servers does: who comes next
// is shown a certificate again.
func (ws *webServer) rotateTicketKeys() {
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	ws.config.SetSessionTicketKeys([][32]byte{key})
}

// certificate is the one that a server has, unless there is a fault in it.
func (ws *webServer) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	switch ws.faults.Handshake(ws.callNamer.numbers[hello.ServerName]) {
	case faults.ExpiredCertificate:
		return ws.authority.expiredCertificate(hello.ServerName, ws.locked.now())
	case faults.WrongName:
		return ws.authority.certificateFor("another."+Domain, ws.locked.now())
	}
	return ws.authority.certificateFor(hello.ServerName, ws.locked.now())
}

var errNoMachine = errors.New("no machine runs there")

// greet resets the connection where no machine runs.
func (ws *webServer) configForClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if ws.hasRunningMachine(hello.ServerName) {
		return nil, nil // go on with the config that there is
	}
	if connection, ok := hello.Conn.(interface{ SetLinger(int) error }); ok {
		_ = connection.SetLinger(0) // so that closing is a reset
	}
	_ = hello.Conn.Close()
	return nil, errNoMachine
}

// protected asks for the stats' user and password.
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

// page is what nginx says in its own words.
func nginxPage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"+
		"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title, title)
}
