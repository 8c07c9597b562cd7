package backtest

// Elasticity measures how well the supply follows the need, as defined by Herbst, Kounev
// and Reussner, "Elasticity in Cloud Computing: What It Is, and What It Is Not" (ICAC
// 2013). The need is the number of servers if the demand is spread perfectly, at least 1.
// The supply is the number of machines whose BBB answers. The best value is 0.
type Elasticity struct {
	// UnderAccuracy is the number of missing servers, and OverAccuracy the number of
	// servers beyond the need, both as means over all time (in the paper: ΣU/T and ΣO/T).
	UnderAccuracy float64 `json:"under_provisioning_accuracy"`
	OverAccuracy  float64 `json:"over_provisioning_accuracy"`
	// UnderTimeshare and OverTimeshare are the percentages of time in which the supply
	// is below and above the need (in the paper: ΣA/T and ΣB/T).
	UnderTimeshare float64 `json:"under_provisioning_timeshare_pct"`
	OverTimeshare  float64 `json:"over_provisioning_timeshare_pct"`
}

// elasticity adds up the minutes and servers for Elasticity.
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
