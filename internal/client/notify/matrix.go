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

// matrixServer is a home server as one user of it.
type matrixServer struct {
	config *matrix.Config
	api    *url.URL
	way    Config
	token  string
}

func parseMatrix(address *url.URL) (tell, error) {
	config := &matrix.Config{}
	if err := config.SetURL(address); err != nil || config.Host == "" || config.Password == "" {
		return nil, errors.New(matrixNeeds)
	}
	api, err := base(config.Host, config.DisableTLS)
	if err != nil {
		return nil, err
	}
	api = api.JoinPath("_matrix/client/v3")
	return func(ctx context.Context, way Config, message pool.Message) error {
		server := matrixServer{config, api, way, config.Password}
		if config.User != "" {
			if err := server.login(ctx); err != nil {
				return fmt.Errorf("log in: %w", err)
			}
		}
		rooms := config.Rooms
		if len(rooms) == 0 {
			if rooms, err = server.joined(ctx); err != nil {
				return fmt.Errorf("list the rooms: %w", err)
			}
		}
		return each(rooms, "rooms", func(room string) error { return server.tell(ctx, room, whole(message)) })
	}, nil
}

// ask calls the home server; each part of the path is escaped.
func (s matrixServer) ask(ctx context.Context, method string, body, answer any, path ...string) error {
	for i := range path {
		path[i] = url.PathEscape(path[i])
	}
	header := http.Header{}
	if s.token != "" {
		header.Set("Authorization", "Bearer "+s.token)
	}
	text, err := post(ctx, s.way, method, s.api.JoinPath(path...), header, body)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, answer) != nil {
		return errors.New("the answer cannot be read")
	}
	return nil
}

// login gets a token for a password, always as the same device.
func (s *matrixServer) login(ctx context.Context) error {
	s.token = ""
	var answer struct {
		Token string `json:"access_token"`
	}
	err := s.ask(ctx, http.MethodPost, map[string]any{
		"type": "m.login.password", "password": s.config.Password, "device_id": "DIVIMS", "initial_device_display_name": "DiViMS",
		"identifier": map[string]string{"type": "m.id.user", "user": s.config.User},
	}, &answer, "login")
	if err == nil && answer.Token == "" {
		err = errors.New("there is no token in the answer")
	}
	s.token = answer.Token
	return err
}

// joined are the rooms that the user is in.
func (s matrixServer) joined(ctx context.Context) ([]string, error) {
	var answer struct {
		Rooms []string `json:"joined_rooms"`
	}
	err := s.ask(ctx, http.MethodGet, nil, &answer, "joined_rooms")
	if err == nil && len(answer.Rooms) == 0 {
		err = errors.New("the user is in none")
	}
	return answer.Rooms, err
}

// tell joins a room, by its id or its alias, and writes into it.
func (s matrixServer) tell(ctx context.Context, room, text string) error {
	var joined struct {
		ID string `json:"room_id"`
	}
	if err := s.ask(ctx, http.MethodPost, struct{}{}, &joined, "join", room); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	var sent struct{}
	return s.ask(ctx, http.MethodPut, map[string]string{"msgtype": "m.text", "body": text}, &sent,
		"rooms", joined.ID, "send", "m.room.message", rand.Text())
}
