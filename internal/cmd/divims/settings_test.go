package main

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"divims/handler"
	"divims/internal/config"
)

// TestEveryCommandSettingArrives sets each setting that is not deployed to another
// value and checks that provision's zone, its configuration or the resolver differ.
// Those that are deployed are checked by a test of handler.
func TestEveryCommandSettingArrives(t *testing.T) {
	base := map[string]string{
		"DOMAIN_TEMPLATE": "bbb-w{n}.a.example.com", "DNS_PROVIDER": "ovh", "DNS_ZONE": "a.example.com", "DNS_CNAME": "true", "DNS_SUBDOMAIN": "ext",
		"OVH_APPLICATION_KEY": "key", "OVH_APPLICATION_SECRET": "secret", "OVH_CONSUMER_KEY": "consumer",
	}
	others := map[string]string{
		"DNS_PROVIDER": "none", "DNS_ZONE": "example.com", "DNS_CNAME": "false", "DNS_SUBDOMAIN": "other", "DNS_IPV6": "true",
		"DNS_SERVER": "127.0.0.1:53", "OVH_ENDPOINT": "ovh-ca",
	}
	usual := setupWiring(t, base)
	for _, s := range config.Declarations() {
		if s.Section != "commands" {
			continue
		}
		changed := maps.Clone(base)
		if changed[s.Name] = others[s.Name]; others[s.Name] == "" {
			changed[s.Name] = "other"
		}
		if setupWiring(t, changed) == usual {
			t.Errorf("%s does not arrive", s.Name)
		}
	}
}

// setupWiring returns what provision is made from for an environment: the examples,
// with changes.
func setupWiring(t *testing.T, changes map[string]string) string {
	t.Helper()
	environ := config.Examples()
	for name, value := range changes {
		environ = append(environ, "DIVIMS_"+name+"="+value)
	}
	settings, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := handler.Connect(settings)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := dnsZone(settings, outside)
	if err != nil {
		t.Fatal(err)
	}
	wanted := setupConfig(settings, outside)
	var text strings.Builder
	fmt.Fprintln(&text, wanted.Families, wanted.WritesDNS, outside.Names.PreferGo)
	if wanted.MachineName != nil {
		fmt.Fprintln(&text, wanted.MachineName("bbb-w1"))
	}
	if zone != nil {
		// The fields of the zone and of OVH's client are private.
		fields := reflect.ValueOf(zone).Elem()
		api := fields.FieldByName("api").Elem()
		fmt.Fprintln(&text, fields.FieldByName("name"))
		for _, name := range []string{"AppKey", "AppSecret", "ConsumerKey", "endpoint"} {
			fmt.Fprintln(&text, api.FieldByName(name))
		}
	}
	return text.String()
}
