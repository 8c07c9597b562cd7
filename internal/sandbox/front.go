package sandbox

import (
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"divims/internal/pool"
	"divims/internal/world"
)

// front is the web server of every machine, told apart by the name in the TLS
// handshake. It answers from the moment that the machine's system is up; before,
// and where there is no machine, connections are reset.
type front struct {
	model     *model
	authority *authority
	places    http.Handler
	keys      keys
}

func newFront(model *model, authority *authority, bbbSecret pool.Secret, keys keys) *front {
	f := &front{model: model, authority: authority, keys: keys}
	api := &bbbAPI{model: model, secret: bbbSecret}
	mux := http.NewServeMux()
	mux.Handle(bbbPath, api)
	mux.Handle(bbbPath+"/", api)
	mux.Handle("/node_exporter/metrics", f.protected(&nodeExporter{model: model}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { page(w, http.StatusNotFound) })
	f.places = mux
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.up(r.TLS.ServerName) {
		panic(http.ErrAbortHandler) // the machine went, and its connections with it
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
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: f.greet,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return f.authority.certify(hello.ServerName, f.model.now())
		},
	}
}

var errNobodyThere = errors.New("no machine runs there")

// greet resets the connection where no machine runs.
func (f *front) greet(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if f.up(hello.ServerName) {
		return nil, nil // go on with the config that there is
	}
	if connection, ok := hello.Conn.(*net.TCPConn); ok {
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
