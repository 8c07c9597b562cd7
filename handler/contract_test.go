package handler_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"divims/handler"
	"divims/internal/lab/contract"
)

// planned lists the actions of a decision record.
var planned = contract.Planned

// TestContract checks the HTTP surface of the bare handler.
func TestContract(t *testing.T) {
	s := contract.Pool(t)
	function := handler.FromEnvironment(s.Environment(), t.Output())
	contract.Check(t, s, func(r *http.Request) (*http.Response, error) {
		answer := httptest.NewRecorder()
		function.ServeHTTP(answer, r)
		return answer.Result(), nil
	})
}
