package forecast

import (
	"slices"
	"time"

	"divims/internal/pool"
)

// minBusier is the smallest ratio that counts as busier than usual. Smaller differences
// between days are chance.
const minBusier = 1.3

// minBusyDay is a share of one server's capacity. A day is compared with earlier days only
// if its load, or theirs, was at least that much.
const minBusyDay = 0.2

// recentRatio returns how busy the last days were around this time of the day,
// relative to the median of the same weekday in the weeks before them. It looks at
// the last two days that are busy enough to be compared (minBusyDay), and returns the
// larger ratio. So the second day of a new semester is already expected to be busy; the
// price is some surplus on the two mornings after a rush. A ratio below minBusier counts
// as 1: days differ by chance, and after a holiday everybody is back at once. With 300
// and 240 people on the last two days, and 100 on the same weekdays before, it is
// (300 + 5) / (100 + 5) = 2.9.
func (h history) recentRatio(now time.Time, capacity Pair) float64 {
	var ratios []float64
	for back := 1; back < 7 && len(ratios) < 2; back++ {
		day := h.daysAgo(now, back)
		load, known := h.around(day)
		var before []float64
		for week := 1; week <= pool.HistoryWeeks; week++ {
			if load, ok := h.around(h.weeksAgo(day, week)); ok {
				before = append(before, load.Participants)
			}
		}
		if !known || len(before) == 0 || max(load.Participants, median(before)) < capacity.Participants*minBusyDay {
			continue
		}
		ratios = append(ratios, (load.Participants+nightLoad)/(median(before)+nightLoad))
	}
	if len(ratios) == 0 || slices.Max(ratios) < minBusier {
		return 1
	}
	return min(slices.Max(ratios), maxLevel)
}
