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
type front struct {
	model     *model
	authority *authority
	calls     *calls
	faults    *faults.Layer
	places    http.Handler
	keys      keys
	protocols []string
	config    *tls.Config
}

func newFront(s *Sandbox, authority *authority) *front {
	f := &front{model: s.model, authority: authority, calls: s.calls, faults: s.faults, keys: s.keys}
	f.protocols = []string{"http/1.1"} // only, so that a connection is of one server and ends with it
	if s.config.HTTP2 {
		f.protocols = []string{"h2", "http/1.1"}
	}
	api := &bbbAPI{model: s.model, secret: s.config.World.Secret}
	mux := http.NewServeMux()
	mux.Handle(bbbPath, api)
	mux.Handle(bbbPath+"/", api)
	mux.Handle("/node_exporter/metrics", f.protected(&nodeExporter{model: s.model}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { page(w, http.StatusNotFound) })
	f.places = f.faults.Wrap(f.calls.front, mux)
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.up(r.TLS.ServerName) {
		panic(http.ErrAbortHandler) // the machine went, and its connections with it
	}
	if f.faults.Outdated(r.Context()) {
		panic(http.ErrAbortHandler) // the web server was restarted with other certificates
	}
	f.places.ServeHTTP(w, r)
}

// up tells whether a machine runs behind the domain, and its system.
func (f *front) up(domain string) bool {
	var err error
	f.model.with(func(w *world.World) { _, err = w.Stats(domain) })
	return err == nil
}

func (f *front) tls() *tls.Config {
	f.config = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         f.protocols,
		GetConfigForClient: f.greet,
		GetCertificate:     f.certificate,
	}
	return f.config
}

// forget ends all sessions, as a restart of the web servers does: who comes next
// is shown a certificate again.
func (f *front) forget() {
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	f.config.SetSessionTicketKeys([][32]byte{key})
}

// certificate is the one that a server has, unless there is a fault in it.
func (f *front) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	switch f.faults.Handshake(f.calls.numbers[hello.ServerName]) {
	case faults.ExpiredCertificate:
		return f.authority.expired(hello.ServerName, f.model.now())
	case faults.WrongName:
		return f.authority.certify("another."+Domain, f.model.now())
	}
	return f.authority.certify(hello.ServerName, f.model.now())
}

var errNobodyThere = errors.New("no machine runs there")

// greet resets the connection where no machine runs.
func (f *front) greet(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if f.up(hello.ServerName) {
		return nil, nil // go on with the config that there is
	}
	if connection, ok := hello.Conn.(interface{ SetLinger(int) error }); ok {
		_ = connection.SetLinger(0) // so that closing is a reset
	}
	_ = hello.Conn.Close()
	return nil, errNobodyThere
}

// protected asks for the stats' user and password.
func (f *front) protected(inner http.Handler) http.Handler {
	want := f.keys.statsUser + ":" + f.keys.statsPassword.Reveal()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(user+":"+password), []byte(want)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="stats"`)
			page(w, http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// page is what nginx says in its own words.
func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"+
		"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title, title)
}
