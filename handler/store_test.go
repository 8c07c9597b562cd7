package handler_test

import (
	"net/http"

	"divims/internal/client/storage"
	"divims/internal/config"
)

// storeOf is the storage of a pool as another process has it.
func storeOf(settings config.Settings) *storage.Store {
	return storage.New(storage.Config{
		URL: settings.StorageURL, Region: settings.StorageRegion, Bucket: settings.StorageBucket, Prefix: settings.StoragePrefix,
		Pool: settings.Pool, PathStyle: settings.StoragePathStyle, AccessKey: settings.StorageAccessKey, SecretKey: settings.StorageSecretKey,
	}, http.DefaultClient)
}
