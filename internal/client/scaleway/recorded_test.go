package scaleway_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

// exchange is one recorded request and the real API's answer to it.
type exchange struct {
	File     string `json:"-"`
	Method   string
	URL      string
	Status   int
	Headers  map[string]string
	Response json.RawMessage
}

// recorded reads the recorded traffic beside the repository, or skips the test.
func recorded(t *testing.T) []exchange {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(root, "go.mod")) {
		root = filepath.Dir(root)
	}
	files, err := filepath.Glob(filepath.Join(root, "../shared/data/scaleway/*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no recorded traffic beside the repository")
	}
	var all []exchange
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var exchanges []exchange
		if err := json.Unmarshal(text, &exchanges); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, exchange := range exchanges {
			exchange.File = filepath.Base(file)
			all = append(all, exchange)
		}
	}
	return all
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// rawMachine holds the compared fields of a recorded machine.
type rawMachine struct {
	ID               string
	Name             string
	Project          string
	State            string
	StateDetail      string    `json:"state_detail"`
	CommercialType   string    `json:"commercial_type"`
	ModificationDate time.Time `json:"modification_date"`
	CreationDate     time.Time `json:"creation_date"`
	Image            struct{ ID string }
	PublicIPs        []struct{ ID, Address string } `json:"public_ips"`
	Volumes          map[string]struct {
		VolumeType string `json:"volume_type"`
	}
}

// machinesIn returns the machines in an answer, as JSON.
func machinesIn(t *testing.T, response json.RawMessage) []json.RawMessage {
	t.Helper()
	var answer struct {
		Server  json.RawMessage
		Servers []json.RawMessage
	}
	if len(response) == 0 || response[0] != '{' {
		return nil
	}
	if err := json.Unmarshal(response, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Server != nil {
		return append(answer.Servers, answer.Server)
	}
	return answer.Servers
}

// Machines that the real API returned are read completely.
func TestRecordedMachines(t *testing.T) {
	states := map[string]bool{}
	for _, exchange := range recorded(t) {
		if !strings.Contains(exchange.URL, "/instance/v1/zones/fr-par-1/servers") {
			continue
		}
		for _, text := range machinesIn(t, exchange.Response) {
			var raw rawMachine
			if err := json.Unmarshal(text, &raw); err != nil {
				t.Fatalf("%s: %v", exchange.File, err)
			}
			states[raw.State] = true
			compare(t, exchange.File, adopted(t, raw, text), raw)
		}
	}
	for _, state := range []string{"running", "starting", "stopping", "stopped"} {
		if !states[state] {
			t.Errorf("no recorded machine is %s", state)
		}
	}
}

// adopted lists a recorded machine in a pool with a server of its name.
func adopted(t *testing.T, raw rawMachine, text json.RawMessage) pool.Machine {
	t.Helper()
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", func(call) reply {
		return reply{200, object{"servers": []json.RawMessage{text}}, 1}
	})
	machines, err := cloud.client(oneZone, adopt, func(c *scaleway.Config) {
		c.ProjectID = raw.Project
		c.Servers = []pool.Server{{Number: 1, Hostname: raw.Name}}
	}).Machines(t.Context(), nil)
	if err != nil || len(machines) != 1 {
		t.Fatalf("machines are %v, %v; want the recorded one", machines, err)
	}
	return machines[0]
}

func compare(t *testing.T, file string, got pool.Machine, want rawMachine) {
	t.Helper()
	if got.ID != want.ID || got.Name != want.Name || string(got.State) != want.State || got.Detail != want.StateDetail ||
		got.Type != want.CommercialType || got.ImageID != want.Image.ID {
		t.Errorf("%s: machine is %+v, want %+v", file, got, want)
	}
	if !got.Since.Equal(want.ModificationDate) || !got.Created.Equal(want.CreationDate) {
		t.Errorf("%s: since %v, created %v; want %v, %v", file, got.Since, got.Created, want.ModificationDate, want.CreationDate)
	}
	if len(got.Volumes) != len(want.Volumes) || len(got.Addresses) != len(want.PublicIPs) {
		t.Fatalf("%s: machine is %+v, want %d volumes and %d addresses", file, got, len(want.Volumes), len(want.PublicIPs))
	}
	for i, address := range want.PublicIPs {
		if got.Addresses[i].ID != address.ID || got.Addresses[i].IP.String() != address.Address {
			t.Errorf("%s: address is %+v, want %+v", file, got.Addresses[i], address)
		}
	}
	blocks := 0
	for _, volume := range want.Volumes {
		if volume.VolumeType == "sbs_volume" {
			blocks++
		}
	}
	for _, volume := range got.Volumes {
		if volume.Kind == pool.BlockVolume {
			blocks--
		}
	}
	if blocks != 0 {
		t.Errorf("%s: volumes are %+v, want %+v", file, got.Volumes, want.Volumes)
	}
}

// The recorded list has machines of two projects; only one project's are ours.
func TestRecordedListOfMachines(t *testing.T) {
	exchanges := recorded(t)
	i := slices.IndexFunc(exchanges, func(e exchange) bool { return e.File == "list-servers.json" })
	if i < 0 {
		t.Skip("no recorded list of machines")
	}
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", func(call) reply { return reply{200, exchanges[i].Response, 3} })
	machines, err := cloud.client(oneZone, adopt, func(c *scaleway.Config) {
		c.Servers = nil
		for n, text := range machinesIn(t, exchanges[i].Response) {
			var raw rawMachine
			if err := json.Unmarshal(text, &raw); err != nil {
				t.Fatal(err)
			}
			c.Servers = append(c.Servers, pool.Server{Number: n + 1, Hostname: raw.Name})
		}
	}).Machines(t.Context(), nil)
	if err != nil || len(machines) != 2 {
		t.Errorf("%d machines, %v; want the 2 of 3 that are in the project", len(machines), err)
	}
}

// Of the recorded block volumes, exactly the detached ones are seen as detached.
func TestRecordedBlockVolumes(t *testing.T) {
	detached := map[bool]int{}
	for _, exchange := range recorded(t) {
		if exchange.Method != "GET" || exchange.Status != 200 || !strings.Contains(exchange.URL, "/block/") || !strings.Contains(exchange.URL, "/volumes/") {
			continue
		}
		var volume object
		if err := json.Unmarshal(exchange.Response, &volume); err != nil {
			t.Fatal(err)
		}
		volume["tags"] = []string{poolTag}
		cloud := newCloud(t)
		cloud.on("GET "+block1+"/volumes", blockList("volumes", volume))
		cloud.on("GET "+par1+"/volumes", list("volumes"))
		leftovers, err := cloud.client(oneZone, func(c *scaleway.Config) { c.ProjectID = volume["project_id"].(string) }).Leftovers(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		free := volume["status"] == "available" && len(volume["references"].([]any)) == 0
		detached[free]++
		if got := len(leftovers) == 1 && !leftovers[0].Attached; got != free {
			t.Errorf("%s: volume %v is detached: %v, want %v", exchange.File, volume, got, free)
		}
	}
	if detached[true] == 0 || detached[false] == 0 {
		t.Errorf("recorded volumes are %v, want some of both kinds", detached)
	}
}

// The real API's answer about a missing image is a definite refusal.
func TestRecordedRefusalOfAnImage(t *testing.T) {
	exchanges := recorded(t)
	i := slices.IndexFunc(exchanges, func(e exchange) bool {
		return e.File == "error-invalid-image.json" && e.Method == "POST"
	})
	if i < 0 {
		t.Skip("no recorded refusal of an image")
	}
	cloud := readyCloud(t)
	cloud.on(create, say(exchanges[i].Status, exchanges[i].Response))
	_, err := cloud.client().Create(t.Context(), order())
	refused, ok := errors.AsType[*pool.RefusalError](err)
	if !ok || refused.Refusals[0].Type == "" || !strings.Contains(refused.Refusals[0].Reason, "instance_image") {
		t.Errorf("error %v, want a refusal that names the image", err)
	}
}
