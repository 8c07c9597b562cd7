package scalewayapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// serverType is a commercial type of Instances. Fields about graphics cards, which
// Instances has in addition, are left out.
type serverType struct {
	AltNames              []string         `json:"alt_names"`
	Arch                  string           `json:"arch"`
	CPUs                  int              `json:"ncpus"`
	RAM                   int64            `json:"ram"`
	GPU                   int              `json:"gpu"`
	GPUInfo               *string          `json:"gpu_info"`
	VolumesConstraint     sizes            `json:"volumes_constraint"`
	PerVolumeConstraint   map[string]sizes `json:"per_volume_constraint"`
	ScratchStorageMaxSize *int64           `json:"scratch_storage_max_size"`
	MonthlyPrice          float64          `json:"monthly_price"`
	HourlyPrice           float64          `json:"hourly_price"`
	Capabilities          capabilities     `json:"capabilities"`
	Network               network          `json:"network"`
	BlockBandwidth        int64            `json:"block_bandwidth"`
	EndOfService          bool             `json:"end_of_service"`
}

type sizes struct {
	MinSize int64 `json:"min_size"`
	MaxSize int64 `json:"max_size"`
}

type capabilities struct {
	BootTypes       []string `json:"boot_types"`
	PlacementGroups bool     `json:"placement_groups"`
	BlockStorage    bool     `json:"block_storage"`
	PrivateNetwork  int      `json:"private_network"`
	MaxFileSystems  int      `json:"max_file_systems"`
}

type network struct {
	IPv6Support          bool               `json:"ipv6_support"`
	SumInternalBandwidth int64              `json:"sum_internal_bandwidth"`
	SumInternetBandwidth int64              `json:"sum_internet_bandwidth"`
	Interfaces           []networkInterface `json:"interfaces"`
}

type networkInterface struct {
	InternalBandwidth int64 `json:"internal_bandwidth"`
	InternetBandwidth int64 `json:"internet_bandwidth"`
}

const (
	hoursPerMonth   = 730       // as in Scaleway's monthly prices
	bandwidthPerCPU = 100 << 20 // bit/s; an assumption, as the world has no bandwidth
	maxLocalStorage = 600_000_000_000
)

func newServerType(t world.Type) serverType {
	bandwidth := int64(t.CPUs) * bandwidthPerCPU
	local := sizes{}
	if t.RootVolume == pool.LocalVolume {
		local.MaxSize = maxLocalStorage
	}
	return serverType{
		AltNames: []string{}, Arch: archOf(t.Arch), CPUs: t.CPUs, RAM: t.Memory,
		VolumesConstraint: local, PerVolumeConstraint: map[string]sizes{"l_ssd": local},
		HourlyPrice: t.HourlyPrice, MonthlyPrice: t.HourlyPrice * hoursPerMonth,
		Capabilities:   capabilities{[]string{"local", "rescue"}, true, true, 8, 0},
		Network:        network{true, bandwidth, bandwidth, []networkInterface{{bandwidth, bandwidth}}},
		BlockBandwidth: bandwidth,
	}
}

// archOf returns an architecture of the world as Scaleway names it.
func archOf(arch string) string { return cmp.Or(arch, "x86_64") }

func (a *api) listTypes(r *http.Request, _ []byte) (response, error) {
	return listByType(a, r, newServerType)
}

func (a *api) listAvailability(r *http.Request, _ []byte) (response, error) {
	zone := r.PathValue("zone")
	return listByType(a, r, func(t world.Type) map[string]string {
		if a.World.InStock(t.Name, zone) {
			return map[string]string{"availability": "available"}
		}
		return map[string]string{"availability": "shortage"}
	})
}

// listByType returns one page of an object that has one field per commercial type.
func listByType[T any](a *api, r *http.Request, describe func(world.Type) T) (response, error) {
	p, err := pageOf(r.URL.Query(), "per_page")
	if err != nil {
		return response{}, err
	}
	types := a.World.Types()
	slices.SortFunc(types, func(a, b world.Type) int { return strings.Compare(a.Name, b.Name) })
	byName := map[string]T{}
	for _, t := range pageItems(types, p) {
		byName[t.Name] = describe(t)
	}
	return response{
		status: http.StatusOK,
		header: listHeader(r, "products/servers", p, len(types)),
		body:   map[string]any{"servers": byName},
	}, nil
}
