package handler_test

import (
	"net/http"

	"divims/internal/client/storage"
	"divims/internal/config"
)

// storeOf returns the storage of a pool, as another process would open it.
func storeOf(settings config.Settings) *storage.Store {
	return storage.New(storage.Config{Settings: settings.Storage, Pool: settings.Pool.Name}, http.DefaultClient)
}
