package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestPageServesOnlyGET checks that the page is served until the command is interrupted,
// and that other methods are refused.
func TestPageServesOnlyGET(t *testing.T) {
	otherProcess(t)
	ctx, interrupt := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"page", "--listen", "127.0.0.1:0"}, in, io.Discard)
		_ = in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		t.Fatalf("it says %q, %v", line, err)
	}
	for method, want := range map[string]int{http.MethodGet: http.StatusOK, http.MethodPost: http.StatusMethodNotAllowed, http.MethodDelete: http.StatusMethodNotAllowed} {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s answers %d, wanted %d", method, response.StatusCode, want)
		}
	}
	interrupt()
	if status := <-ended; status != 0 {
		t.Errorf("exit status %d after an interrupt", status)
	}
}
