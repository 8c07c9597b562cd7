package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"divims/internal/lab/world"
)

// Environment returns all settings that point DiViMS at the sandbox's services, as
// NAME=value. They contain secrets.
func (s *Sandbox) Environment() []string {
	zones, types := s.offers()
	settings := []string{
		"POOL=" + poolName,
		"POOL_SIZE=" + strconv.Itoa(len(s.config.World.Servers)),
		"BARE_METAL_COUNT=" + strconv.Itoa(s.config.bareMetal()),
		"HOSTNAME_TEMPLATE=" + HostnameTemplate,
		"DOMAIN_TEMPLATE=" + DomainTemplate,
		"RECORDINGS=" + s.recordings(),
		"SCALELITE_URL=http://" + s.at.scalelite,
		"SCALELITE_SECRET=" + s.credentials.scaleliteSecret.Reveal(),
		"BBB_SECRET=" + s.config.World.Secret.Reveal(),
		"STATS_URLS=https://{domain}/node_exporter/metrics",
		"STATS_USER=" + s.credentials.statsUser,
		"STATS_PASSWORD=" + s.credentials.statsPassword.Reveal(),
		"SCALEWAY_URL=http://" + s.at.scaleway,
		"SCALEWAY_PROJECT_ID=" + s.credentials.project,
		"SCALEWAY_ACCESS_KEY=" + s.credentials.accessKey,
		"SCALEWAY_SECRET_KEY=" + s.credentials.secretKey.Reveal(),
		"ZONES=" + strings.Join(zones, ","),
		"COMMERCIAL_TYPES=" + strings.Join(types, ","),
		"IMAGE_NAME=bbb-",
		"TAG=" + s.config.World.Tags[0],
		"STORAGE_URL=http://" + s.at.storage,
		"STORAGE_REGION=" + region,
		"STORAGE_BUCKET=" + bucket,
		"STORAGE_PREFIX=" + prefix,
		"CA_CERTIFICATES=file:" + s.caFile,
		"CONNECT_TO=" + Domain + "=" + s.at.servers,
		"DNS_PROVIDER=scaleway",
		"DNS_ZONE=" + Domain,
		"DNS_SERVER=" + s.at.dns,
		"CLOCK_URL=http://" + s.at.clock + "/clock",
	}
	if s.config.Calendar != nil {
		settings = append(settings, "CALENDAR_URL=http://"+s.at.clock+"/calendar.ics")
	}
	if s.config.Inbox {
		settings = append(settings, "NOTIFY_URLS=generic+http://"+s.at.inbox+"/?template=json")
	}
	for i, setting := range settings {
		settings[i] = "DIVIMS_" + setting
	}
	return settings
}

// recordings returns the RECORDINGS setting that describes the world.
func (s *Sandbox) recordings() string {
	switch {
	case s.config.World.RecordingWork == 0:
		return "none"
	case s.config.World.Shipped:
		return "shipped"
	}
	return "kept"
}

// offers returns the zones and commercial types of the world.
func (s *Sandbox) offers() (zones, types []string) {
	s.With(func(w *world.World) {
		zones = w.Zones()
		for _, kind := range w.Types() {
			types = append(types, kind.Name)
		}
	})
	return zones, types
}

// WriteEnvFile writes the Environment to a file that a shell can source, with one
// NAME='value' per line. Only the owner can read the file. It replaces an older file
// atomically.
func (s *Sandbox) WriteEnvFile(name string) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".divims-*.env") // mode 0600
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	var text strings.Builder
	for _, setting := range s.Environment() {
		variable, value, _ := strings.Cut(setting, "=")
		fmt.Fprintf(&text, "%s='%s'\n", variable, strings.ReplaceAll(value, "'", `'\''`))
	}
	_, err = file.WriteString(text.String())
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the settings: %w", err), os.Remove(file.Name()))
	}
	return nil
}
