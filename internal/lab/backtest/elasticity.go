package backtest

// Elasticity is how well the supply follows the need, by the measures of Herbst,
// Kounev and Reussner, "Elasticity in Cloud Computing: What It Is, and What It Is
// Not" (ICAC 2013). The need is that of perfect spreading, at least 1 server; the
// supply are the machines whose BBB answers. Best is 0.
type Elasticity struct {
	// UnderAccuracy is by how many servers the supply falls short, OverAccuracy by
	// how many it exceeds the need; means over all time (there: ΣU/T and ΣO/T).
	UnderAccuracy float64 `json:"under_provisioning_accuracy"`
	OverAccuracy  float64 `json:"over_provisioning_accuracy"`
	// UnderTimeshare and OverTimeshare are the percentage of time in which it does
	// (there: ΣA/T and ΣB/T).
	UnderTimeshare float64 `json:"under_provisioning_timeshare_pct"`
	OverTimeshare  float64 `json:"over_provisioning_timeshare_pct"`
}

// elasticity adds up minutes and servers.
type elasticity struct {
	minutes, underMinutes, overMinutes int
	under, over                        int
}

func (e *elasticity) add(need, supply int) {
	e.minutes++
	switch {
	case supply < need:
		e.underMinutes++
		e.under += need - supply
	case supply > need:
		e.overMinutes++
		e.over += supply - need
	}
}

func (e *elasticity) result() Elasticity {
	whole := float64(max(1, e.minutes))
	return Elasticity{
		UnderAccuracy: round(float64(e.under) / whole), OverAccuracy: round(float64(e.over) / whole),
		UnderTimeshare: round(100 * float64(e.underMinutes) / whole), OverTimeshare: round(100 * float64(e.overMinutes) / whole),
	}
}
