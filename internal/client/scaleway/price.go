package scaleway

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// priceTimeout is short because an evaluation does not need prices.
const priceTimeout = 5 * time.Second

// prices caches what each commercial type costs in each zone, in euros per hour. Prices
// change so rarely that a client reads them only once.
type prices struct {
	mutex  sync.Mutex
	byZone map[scw.Zone]map[string]float64
}

func (p *prices) get(zone scw.Zone) map[string]float64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.byZone[zone]
}

func (p *prices) keep(zone scw.Zone, byType map[string]float64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.byZone == nil {
		p.byZone = map[scw.Zone]map[string]float64{}
	}
	p.byZone[zone] = byType
}

// addPrices fills in the prices of machines. If the price list cannot be read, the
// prices stay unknown.
func (c *Client) addPrices(ctx context.Context, zone scw.Zone, machines []pool.Machine) {
	if len(machines) == 0 {
		return
	}
	byType, err := c.pricesIn(ctx, zone)
	for i := range machines {
		machines[i].HourlyPrice = price(byType, err, machines[i].Type)
	}
}

func price(byType map[string]float64, err error, commercialType string) pool.Reading[float64] {
	if err != nil {
		return pool.Unknown[float64](err.Error())
	}
	euros := byType[commercialType]
	if euros <= 0 {
		return pool.Unknown[float64]("the price list has no price for " + commercialType)
	}
	return pool.Seen(euros)
}

func (c *Client) pricesIn(ctx context.Context, zone scw.Zone) (map[string]float64, error) {
	if known := c.prices.get(zone); known != nil {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, priceTimeout)
	defer cancel()
	answer, err := c.instances.ListServersTypes(&instance.ListServersTypesRequest{Zone: zone, PerPage: size()},
		scw.WithContext(ctx), scw.WithAllPages())
	if err != nil {
		return nil, explain(err, "list the prices in %s", zone)
	}
	byType := map[string]float64{}
	for name, details := range answer.Servers {
		if details != nil {
			byType[name] = decimal(details.HourlyPrice)
		}
	}
	if len(byType) == 0 {
		return nil, fmt.Errorf("list the prices in %s: the list is empty", zone)
	}
	c.prices.keep(zone, byType)
	return byType, nil
}

// decimal returns the shortest decimal that rounds to the SDK's 32-bit price: 0.191, not
// 0.19099999964237213.
func decimal(price float32) float64 {
	exact, _ := strconv.ParseFloat(strconv.FormatFloat(float64(price), 'g', -1, 32), 64)
	return exact
}
