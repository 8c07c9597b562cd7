package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config"
)

func newPage() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "page",
		Short: "Serve the pool's page to a browser on this machine",
		Long: `Serve the pool's page to a browser on this machine, until interrupted.

The deployed function is private, and a browser cannot send its key. This command reads
the page's content from the bucket, with the settings of DIVIMS_ environment variables.
It serves GET requests only.`,
		Args: cobra.NoArgs,
		RunE: command(func(cmd *cobra.Command) error {
			settings, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return fmt.Errorf("listen for the browser: %w", err)
			}
			log := newLog(cmd.ErrOrStderr(), settings.Function.LogLevel)
			server := &http.Server{Handler: readOnly(settings, log), ReadHeaderTimeout: 10 * time.Second}
			go func() {
				<-cmd.Context().Done()
				_ = server.Close()
			}()
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "the page is at http://%s/\n", listener.Addr()); err != nil {
				return err
			}
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve the page: %w", err)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 is any free port")
	return cmd
}

// readOnly returns the function for GET requests only, which change nothing.
func readOnly(settings config.Settings, log *slog.Logger) http.Handler {
	function := handler.New(func() (*handler.Pool, error) { return handler.Open(settings, log) }, log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		function.ServeHTTP(w, r)
	})
}
