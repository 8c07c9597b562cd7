package scaleway_test

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"divims/internal/client/scaleway"
	"divims/internal/pool"
)

// ids returns the machines' IDs, in order.
func ids(machines []pool.Machine) []string {
	found := []string{}
	for _, machine := range machines {
		found = append(found, machine.ID)
	}
	return found
}

func TestMachinesListsAllOfThePoolAndNoOther(t *testing.T) {
	untagged := with(instance(1, "bbb-w1"), object{"tags": []string{"other"}})
	tests := map[string]struct {
		par1, ams1 []object
		change     func(*scaleway.Config)
		want       []string
	}{
		"none": {want: []string{}},
		"machines of both zones are listed in the order of the zones": {
			par1: []object{instance(2, "bbb-w2")}, ams1: []object{instance(1, "bbb-w1")},
			want: []string{uuid(2), uuid(1)},
		},
		"a tagged machine is listed whatever its name": {
			par1: []object{instance(1, "forgotten")},
			want: []string{uuid(1)},
		},
		"a machine without the tag is not the pool's": {
			par1: []object{untagged},
			want: []string{},
		},
		"a tag that only begins like the pool's is another": {
			par1: []object{with(instance(1, "bbb-w1"), object{"tags": []string{poolTag + "2"}})},
			want: []string{},
		},
		"another project's machine is not the pool's": {
			par1: []object{with(instance(1, "bbb-w1"), object{"project": stranger})},
			want: []string{},
		},
		"adopting takes a machine that is named exactly like a server": {
			par1: []object{untagged}, change: adopt,
			want: []string{uuid(1)},
		},
		"adopting takes no machine whose name only contains a server's": {
			par1: []object{
				with(instance(1, "bbb-w11"), object{"tags": []string{}}),
				with(instance(2, "old-bbb-w1"), object{"tags": []string{}}),
				with(instance(3, "bbb-w4"), object{"tags": []string{}}),
			},
			change: adopt,
			want:   []string{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on("GET "+par1+"/servers", list("servers", test.par1...))
			cloud.on("GET "+ams1+"/servers", list("servers", test.ams1...))
			if test.change == nil {
				test.change = func(*scaleway.Config) {}
			}
			machines, err := cloud.client(test.change).Machines(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(machines); !reflect.DeepEqual(got, test.want) {
				t.Errorf("machines are %v, want %v", got, test.want)
			}
		})
	}
}

// The API's filters are not trusted: an answer with other machines is filtered again.
func TestMachinesFiltersItself(t *testing.T) {
	cloud := newCloud(t)
	all := []object{
		instance(1, "bbb-w1"),
		with(instance(2, "bbb-w2"), object{"project": stranger}),
		with(instance(3, "bbb-w3"), object{"tags": []string{}}),
	}
	cloud.on("GET "+par1+"/servers", func(call) reply { return reply{200, object{"servers": all}, len(all)} })
	machines, err := cloud.client(oneZone).Machines(t.Context(), nil)
	if err != nil || !reflect.DeepEqual(ids(machines), []string{uuid(1)}) {
		t.Errorf("machines are %v, %v; want the first", ids(machines), err)
	}
}

func TestMachinesReadsAllPages(t *testing.T) {
	cloud := newCloud(t)
	var all []object
	for i := range 250 {
		all = append(all, instance(i+1, "bbb-w1"))
	}
	cloud.on("GET "+par1+"/servers", list("servers", all...))
	machines, err := cloud.client(oneZone).Machines(t.Context(), nil)
	if err != nil || len(machines) != 250 {
		t.Errorf("%d machines, %v; want 250", len(machines), err)
	}
	query := cloud.last("GET " + par1 + "/servers").query
	if query.Get("page") != "3" || query.Get("per_page") != "100" || query.Get("tags") != poolTag || query.Get("project") != project {
		t.Errorf("the last page was asked for with %v", query)
	}
}

// TestIncompleteListOfAZoneIsAnError checks that an incomplete list is not taken for the
// machines of its zone, and leaves those of another zone known.
func TestIncompleteListOfAZoneIsAnError(t *testing.T) {
	one := []object{instance(1, "bbb-w1")}
	dateless := with(instance(1, "bbb-w1"), object{"modification_date": nil})
	tests := map[string]struct {
		scripts []script
		want    string
	}{
		"a zone does not answer":            {[]script{say(500, object{"message": "oops"})}, "500"},
		"a zone answers in HTML":            {[]script{say(502, "<html>bad gateway</html>")}, "502"},
		"a zone is called too often":        {[]script{say(429, "")}, "429"},
		"not JSON":                          {[]script{say(200, "<html></html>")}, "could not handle"},
		"an entry is missing":               {[]script{func(call) reply { return reply{200, object{"servers": one}, 2} }, say(200, object{"servers": []object{}})}, "changed"},
		"an empty page before the end":      {[]script{func(call) reply { return reply{200, object{"servers": one}, 2} }, func(call) reply { return reply{200, object{"servers": []object{}}, 2} }}, "has 2 entries, but 1 were returned"},
		"the same page again":               {[]script{func(call) reply { return reply{200, object{"servers": one}, 2} }}, "repeats"},
		"no length is given":                {[]script{say(200, object{"servers": one})}, "has 0 entries, but 1 were returned"},
		"an entry is null":                  {[]script{func(call) reply { return reply{200, object{"servers": []any{nil}}, 1} }}, "without an id"},
		"an entry has no id":                {[]script{func(call) reply { return reply{200, object{"servers": []object{{}}}, 1} }}, "without an id"},
		"a machine does not say since when": {[]script{list("servers", dateless)}, "no dates"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on("GET "+par1+"/servers", list("servers", one...))
			cloud.on("GET "+ams1+"/servers", test.scripts...)
			machines, err := cloud.client().Machines(t.Context(), nil)
			partial, ok := errors.AsType[*pool.PartialError](err)
			if !ok || len(partial.Unread) != 1 || !strings.Contains(partial.Unread["nl-ams-1"], test.want) {
				t.Errorf("error %v, want one that says %q of nl-ams-1 alone", err, test.want)
			}
			if got := ids(machines); !reflect.DeepEqual(got, []string{uuid(1)}) {
				t.Errorf("machines are %v, want those of the other zone", got)
			}

			cloud.on("GET "+par1+"/servers", say(403, ""))
			cloud.on("GET "+ams1+"/servers", say(403, ""))
			machines, err = cloud.client().Machines(t.Context(), nil)
			if _, partial := errors.AsType[*pool.PartialError](err); err == nil || partial || machines != nil {
				t.Errorf("machines %v and error %v; want only an error, because no zone is known", ids(machines), err)
			}
		})
	}
}

// TestMachinesOfOtherZones checks that zones are listed that are not configured any more.
func TestMachinesOfOtherZones(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers", instance(1, "bbb-w1")))
	cloud.on("GET "+ams1+"/servers", list("servers", with(instance(2, "bbb-w2"), object{"zone": "nl-ams-1"})))
	machines, err := cloud.client(oneZone).Machines(t.Context(), []string{"fr-par-1", "nl-ams-1", "no zone"})
	if err != nil || !reflect.DeepEqual(ids(machines), []string{uuid(1), uuid(2)}) {
		t.Errorf("machines are %v, error %v; want those of both zones once", ids(machines), err)
	}
}

// A state that is new to us is passed through, so that the machine can be left alone.
func TestUnknownStatesArePassedThrough(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers", with(instance(1, "bbb-w1"), object{"state": "error"})))
	machines, err := cloud.client(oneZone).Machines(t.Context(), nil)
	if err != nil || len(machines) != 1 || machines[0].State != "error" {
		t.Errorf("machines are %+v, %v; want one in state error", machines, err)
	}
}

func TestEndlessAnswerIsAnError(t *testing.T) {
	cloud := newCloud(t)
	long := with(instance(1, "bbb-w1"), object{"dns": strings.Repeat("x", 9<<20)})
	cloud.on("GET "+par1+"/servers", list("servers", long))
	_, err := cloud.client(oneZone).Machines(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v, want one about the length", err)
	}
}

func TestMachineHasTheValuesOfTheAPI(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers", with(instance(1, "bbb-w1"), object{
		"state": "stopped in place",
		"volumes": object{
			"1": object{"id": uuid(12), "volume_type": "l_ssd", "name": "data"},
			"0": object{"id": uuid(11), "volume_type": "sbs_volume"},
			"2": object{"id": uuid(13), "volume_type": "scratch"},
		},
		"maintenances": []object{{"reason": "hypervisor", "start_date": "2025-12-01T03:00:00+00:00"}},
	})))
	cloud.on("GET "+par1+"/products/servers", func(call) reply {
		return reply{200, object{"servers": object{"POP2-HC-8C-16G": object{"hourly_price": 0.213}}}, 1}
	})
	machines, err := cloud.client(oneZone).Machines(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []pool.Machine{{
		ID: uuid(1), Zone: "fr-par-1", Name: "bbb-w1",
		State: pool.StoppedInPlace, Detail: "booting kernel",
		Since:   time.Date(2025, 11, 3, 17, 16, 16, 182087000, time.UTC),
		Created: time.Date(2025, 11, 3, 17, 15, 36, 733100000, time.UTC),
		Type:    "POP2-HC-8C-16G", ImageID: uuid(900), Tags: []string{poolTag},
		Addresses: []pool.Address{{ID: uuid(701), Zone: "fr-par-1", IP: netip.MustParseAddr("51.158.97.101"), Tags: []string{}, MachineID: uuid(1)}},
		Volumes: []pool.Volume{
			{ID: uuid(11), Zone: "fr-par-1", Kind: pool.BlockVolume, Attached: true},
			{ID: uuid(12), Zone: "fr-par-1", Kind: pool.LocalVolume, Name: "data", Attached: true},
			{ID: uuid(13), Zone: "fr-par-1", Kind: pool.LocalVolume, Attached: true},
		},
		Maintenances: []pool.PlannedMaintenance{{Reason: "hypervisor", Start: time.Date(2025, 12, 1, 3, 0, 0, 0, time.UTC)}},
		HourlyPrice:  pool.Seen(0.213),
	}}
	machines[0].Since, machines[0].Created = machines[0].Since.UTC(), machines[0].Created.UTC()
	machines[0].Maintenances[0].Start = machines[0].Maintenances[0].Start.UTC()
	if !reflect.DeepEqual(machines, want) {
		t.Errorf("machine is\n%+v, want\n%+v", machines, want)
	}
}

func TestPricesAreReadOnceAndMayBeMissing(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers", instance(1, "bbb-w1")))
	cloud.on("GET "+par1+"/products/servers",
		say(500, ""),
		func(call) reply {
			return reply{200, object{"servers": object{"POP2-HC-8C-16G": object{"hourly_price": 0.191}}}, 1}
		},
		say(500, ""))
	client := cloud.client(oneZone)
	for evaluation, want := range []pool.Reading[float64]{{}, pool.Seen(0.191), pool.Seen(0.191)} {
		machines, err := client.Machines(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		price, known := machines[0].HourlyPrice.Get()
		if wanted, wantKnown := want.Get(); price != wanted || known != wantKnown {
			t.Errorf("evaluation %d: price %v (known: %v), want %v (%v)", evaluation, price, known, wanted, wantKnown)
		}
	}
}

// bareMetal makes the first server bare metal.
func bareMetal(config *scaleway.Config) {
	oneZone(config)
	config.Servers = pool.Servers(2, 1, "bbb-w{n}", "bbb-w{n}.example.com")
}

// host is an Elastic Metal host.
func host(number int, name, status string) object {
	return object{
		"id": uuid(number), "name": name, "organization_id": project, "project_id": project, "status": status, "zone": "fr-par-1",
		"created_at": "2025-11-03T17:15:36Z", "updated_at": "2025-11-04T08:00:00Z", "offer_name": "EM-B112X-SSD", "tags": []string{},
		"ips": []object{{"id": uuid(800), "address": "51.159.1.2", "reverse": "bbb-w1.example.com", "version": "IPv4"}},
	}
}

func TestBareMetalServersAreElasticMetalHosts(t *testing.T) {
	states := map[string]pool.MachineState{
		"ready": pool.Running, "stopped": pool.Stopped, "starting": pool.Starting, "stopping": pool.Stopping, "locked": pool.Locked,
		"delivering": "delivering", "migrating": "migrating", "something new": "something new",
	}
	for status, state := range states {
		t.Run(status, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on("GET "+par1+"/servers", list("servers"))
			cloud.on("GET "+metal1+"/servers", blockList("servers",
				host(1, "bbb-w1", status),
				host(2, "bbb-w2", status),  // not a bare metal server of the pool
				host(3, "bbb-w11", status), // contains the name of a bare metal server
				with(host(4, "bbb-w1", status), object{"project_id": stranger}),
			))
			machines, err := cloud.client(bareMetal).Machines(t.Context(), nil)
			if err != nil || len(machines) != 1 {
				t.Fatalf("machines are %v, %v; want the first host", machines, err)
			}
			got := machines[0]
			if got.ID != uuid(1) || !got.BareMetal || got.State != state || got.Type != "EM-B112X-SSD" || got.Detail != status {
				t.Errorf("machine is %+v, want state %q", got, state)
			}
			if since := time.Date(2025, 11, 4, 8, 0, 0, 0, time.UTC); !got.Since.Equal(since) {
				t.Errorf("since %v, want %v", got.Since, since)
			}
			if got.HourlyPrice.Known() {
				t.Error("its price is known, but nobody looked")
			}
		})
	}
}

func TestHostsThatCannotBeListedAreAnError(t *testing.T) {
	cloud := newCloud(t)
	cloud.on("GET "+par1+"/servers", list("servers", instance(2, "bbb-w2")))
	cloud.on("GET "+metal1+"/servers", say(500, ""))
	if machines, err := cloud.client(bareMetal).Machines(t.Context(), nil); err == nil {
		t.Errorf("no error, and machines %v", ids(machines))
	}
}

func TestNewestUsableImageIsChosen(t *testing.T) {
	image := func(number int, name, created string) object {
		return object{"id": uuid(number), "name": name, "creation_date": created, "modification_date": created, "state": "available",
			"organization": project, "project": project, "public": false, "arch": "x86_64", "tags": []string{}, "zone": "fr-par-1",
			"root_volume": object{"id": uuid(99), "volume_type": "sbs_snapshot", "size": 0, "name": ""}, "extra_volumes": object{}}
	}
	old, young := image(1, "bbb-2024", "2024-01-01T00:00:00Z"), image(2, "bbb-2025", "2025-01-01T00:00:00Z")
	tests := map[string]struct {
		images []object
		want   string // empty for an error
	}{
		"the newest":                         {[]object{old, young}, uuid(2)},
		"whatever the order":                 {[]object{young, old}, uuid(2)},
		"a name with the prefix inside":      {[]object{old, image(3, "not-bbb-2026", "2026-01-01T00:00:00Z")}, uuid(1)},
		"one that is not ready yet":          {[]object{old, with(young, object{"state": "creating"})}, uuid(1)},
		"a newer one that another shares":    {[]object{old, with(young, object{"project": stranger})}, uuid(1)},
		"one that another project shares":    {[]object{with(young, object{"project": stranger})}, uuid(2)},
		"a public one of somebody":           {[]object{old, with(young, object{"project": stranger, "public": true})}, uuid(1)},
		"only a public one of somebody":      {[]object{with(young, object{"project": stranger, "public": true})}, ""},
		"none":                               {nil, ""},
		"one without a date, and one with":   {[]object{with(young, object{"creation_date": nil}), old}, uuid(1)},
		"more images than fit into one page": {append(make100(image), young), uuid(2)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on("GET "+par1+"/images", list("images", test.images...))
			cloud.on("GET "+ams1+"/images", list("images"))
			images, err := cloud.client().Images(t.Context())
			got := pool.Image{}
			if len(images) > 0 {
				got = images[0]
			}
			if got.ID != test.want || (err != nil) != (test.want == "") {
				t.Errorf("image is %v, %v; want %s", got, err, test.want)
			}
			if err == nil && (got.Zone != "fr-par-1" || got.Created.IsZero() || !strings.HasPrefix(got.Name, "bbb-")) {
				t.Errorf("image is %+v", got)
			}
		})
	}
}

// make100 returns a full page of old images.
func make100(image func(int, string, string) object) []object {
	var images []object
	for i := range 100 {
		images = append(images, image(1000+i, "bbb-old", "2020-01-01T00:00:00Z"))
	}
	return images
}

func TestOnlyTheAPIs404MeansGone(t *testing.T) {
	machine := pool.Machine{ID: uuid(1), Zone: "fr-par-1", Name: "bbb-w1"}
	tests := map[string]struct {
		answer script
		gone   bool
	}{
		"a machine that is not found is gone":             {notFound("instance_server", uuid(1)), true},
		"an unknown resource is gone":                     {say(404, object{"type": "unknown_resource", "message": "nothing here"}), true},
		"a 404 of a gateway does not mean gone":           {say(404, "<html>nginx</html>"), false},
		"an error of the server is not about the machine": {say(500, object{"message": "oops"}), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on("GET "+par1+"/servers/"+uuid(1), test.answer)
			err := cloud.client().Reboot(t.Context(), machine)
			if err == nil || errors.Is(err, pool.ErrGone) != test.gone {
				t.Errorf("error %v; gone is %v, want %v", err, !test.gone, test.gone)
			}
			if !strings.Contains(err.Error(), "reboot bbb-w1") {
				t.Errorf("error %q does not say what was done to what", err)
			}
		})
	}
}
