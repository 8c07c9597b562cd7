package scalewayapi

import (
	"maps"
	"net/http"
	"slices"
)

func (a *api) listUserData(r *http.Request, _ []byte) (answer, error) {
	data, err := a.userData(r)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"user_data": notNil(slices.Sorted(maps.Keys(data)))})
}

func (a *api) getUserData(r *http.Request, _ []byte) (answer, error) {
	data, err := a.userData(r)
	if err != nil {
		return answer{}, err
	}
	key := r.PathValue("key")
	content, known := data[key]
	if !known {
		return answer{}, notFound("instance_user_data", key)
	}
	return answer{status: http.StatusOK, text: content}, nil
}

// setUserData keeps the body as it is, whatever it is.
func (a *api) setUserData(r *http.Request, body []byte) (answer, error) {
	data, err := a.userData(r)
	if err != nil {
		return answer{}, err
	}
	data[r.PathValue("key")] = body
	return answer{status: http.StatusNoContent, text: []byte{}}, nil
}

func (a *api) deleteUserData(r *http.Request, _ []byte) (answer, error) {
	data, err := a.userData(r)
	if err != nil {
		return answer{}, err
	}
	key := r.PathValue("key")
	if _, known := data[key]; !known {
		return answer{}, notFound("instance_user_data", key)
	}
	delete(data, key)
	return done()
}

// userData is that of the server that a call is about, by key.
func (a *api) userData(r *http.Request) (map[string][]byte, error) {
	machine, err := a.instance(r)
	if err != nil {
		return nil, err
	}
	return a.memory.machines[machine.ID].userData, nil
}
