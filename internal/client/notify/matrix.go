package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"

	"divims/internal/pool"
)

// matrixServer calls the API of a home server as one user.
type matrixServer struct {
	config *matrix.Config
	api    *url.URL
	via    Config
	token  string
}

func parseMatrix(address *url.URL) (notifyFunc, error) {
	config := &matrix.Config{}
	if err := config.SetURL(address); err != nil || config.Host == "" || config.Password == "" {
		return nil, errors.New(matrixNeeds)
	}
	api, err := base(config.Host, config.DisableTLS)
	if err != nil {
		return nil, err
	}
	api = api.JoinPath("_matrix/client/v3")
	return func(ctx context.Context, via Config, message pool.Message) error {
		server := matrixServer{config, api, via, config.Password}
		if config.User != "" {
			if err := server.login(ctx); err != nil {
				return fmt.Errorf("log in: %w", err)
			}
		}
		rooms := config.Rooms
		if len(rooms) == 0 {
			if rooms, err = server.joinedRooms(ctx); err != nil {
				return fmt.Errorf("list rooms: %w", err)
			}
		}
		return sendToEach(rooms, "rooms", func(room string) error { return server.send(ctx, room, titleAndText(message)) })
	}, nil
}

// call calls the API. It escapes the parts of the path.
func (s matrixServer) call(ctx context.Context, method string, body, response any, path ...string) error {
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	header := http.Header{}
	if s.token != "" {
		header.Set("Authorization", "Bearer "+s.token)
	}
	text, err := post(ctx, s.via, method, s.api.JoinPath(path...), header, body)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, response) != nil {
		return errors.New("the response is not the expected JSON")
	}
	return nil
}

// login gets an access token for the password. The device ID is always the same, so that
// logins do not create new devices.
func (s *matrixServer) login(ctx context.Context) error {
	s.token = ""
	var response struct {
		Token string `json:"access_token"`
	}
	err := s.call(ctx, http.MethodPost, map[string]any{
		"type": "m.login.password", "password": s.config.Password, "device_id": "DIVIMS", "initial_device_display_name": "DiViMS",
		"identifier": map[string]string{"type": "m.id.user", "user": s.config.User},
	}, &response, "login")
	if err == nil && response.Token == "" {
		err = errors.New("the response has no token")
	}
	s.token = response.Token
	return err
}

// joinedRooms returns the IDs of the rooms that the user has joined.
func (s matrixServer) joinedRooms(ctx context.Context) ([]string, error) {
	var response struct {
		Rooms []string `json:"joined_rooms"`
	}
	err := s.call(ctx, http.MethodGet, nil, &response, "joined_rooms")
	if err == nil && len(response.Rooms) == 0 {
		err = errors.New("the user has joined no room")
	}
	return response.Rooms, err
}

// send joins a room, by its ID or alias, and sends the text to it.
func (s matrixServer) send(ctx context.Context, room, text string) error {
	var joined struct {
		ID string `json:"room_id"`
	}
	if err := s.call(ctx, http.MethodPost, struct{}{}, &joined, "join", room); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	var sent struct{}
	return s.call(ctx, http.MethodPut, map[string]string{"msgtype": "m.text", "body": text}, &sent,
		"rooms", joined.ID, "send", "m.room.message", rand.Text())
}
