package scalewayapi

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
)

func (a *api) listUserData(r *http.Request, _ []byte) (response, error) {
	data, err := a.userData(r)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"user_data": notNil(slices.Sorted(maps.Keys(data)))})
}

func (a *api) getUserData(r *http.Request, _ []byte) (response, error) {
	data, err := a.userData(r)
	if err != nil {
		return response{}, err
	}
	key := r.PathValue("key")
	content, known := data[key]
	if !known {
		return response{}, notFound("instance_user_data", key)
	}
	return response{status: http.StatusOK, text: content}, nil
}

// setUserData stores the body unchanged. Of its effects on the machine, the world has the
// IPv6 addresses that the shipped document sets.
func (a *api) setUserData(r *http.Request, body []byte) (response, error) {
	data, err := a.userData(r)
	if err != nil {
		return response{}, err
	}
	data[r.PathValue("key")] = body
	if bytes.Contains(body, []byte("divims-ipv6.service")) {
		if err := a.World.SetFirstAddresses(r.PathValue("id")); err != nil {
			return response{}, err
		}
	}
	return response{status: http.StatusNoContent, text: []byte{}}, nil
}

func (a *api) deleteUserData(r *http.Request, _ []byte) (response, error) {
	data, err := a.userData(r)
	if err != nil {
		return response{}, err
	}
	key := r.PathValue("key")
	if _, known := data[key]; !known {
		return response{}, notFound("instance_user_data", key)
	}
	delete(data, key)
	return noContent()
}

// userData returns the user data of the server that a call is about, by key.
func (a *api) userData(r *http.Request) (map[string][]byte, error) {
	machine, err := a.instance(r)
	if err != nil {
		return nil, err
	}
	return a.metadata.machines[machine.ID].userData, nil
}
