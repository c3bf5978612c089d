package e2e_test

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/shared/item"
	"plait/shared/wire"
)

// report says what the harness did.
func (h *killHarness) report(rounds int) {
	text := fmt.Sprintf("%d rounds, %d acts of people", rounds, h.edits)
	for _, what := range slices.Sorted(maps.Keys(h.counts)) {
		text += fmt.Sprintf(", %d %s", h.counts[what], what)
	}
	h.Log(text)
}

// breaches lists every promise that does not hold, now that all is level.
func (h *killHarness) breaches() (list []string) {
	for _, name := range killStores {
		c, err := h.Store(name).Compare(h.ctx)
		h.must(err)
		for _, d := range c.Differ {
			list = append(list, name+": "+d)
		}
		list = append(list, h.receiptBreaches(name)...)
		list = append(list, h.linkBreaches(name)...)
	}
	return append(list, h.landingBreaches()...)
}

// rows runs a query on a database file and calls each with each row's columns as text.
func (h *killHarness) rows(path, query string, each func(col []string), args ...any) {
	h.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	h.must(err)
	defer db.Close()
	rows, err := db.Query(query, args...)
	h.must(err)
	defer rows.Close()
	names, err := rows.Columns()
	h.must(err)
	for rows.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		h.must(rows.Scan(into...))
		col := make([]string, len(names))
		for i, c := range cells {
			col[i] = c.String
		}
		each(col)
	}
	h.must(rows.Err())
}

// receiptBreaches: what the hub calls applied has a finished receipt in the POS,
// what the POS has finished the hub calls applied, nothing is open, and jobs were
// begun in the order in which they were queued.
func (h *killHarness) receiptBreaches(name string) (list []string) {
	done := map[string]string{} // job → place in the POS's order
	var order []string
	h.rows(h.Store(name).POS(), "SELECT job, done FROM plait_receipts WHERE part = 0 ORDER BY ord", func(col []string) {
		done[col[0]] = col[1]
		order = append(order, col[0])
	})
	place := map[string]int{}
	h.rows(h.Hub.Database(), `SELECT j.id, j.state FROM jobs j JOIN stores s ON s.network = j.network AND s.store = j.store
		WHERE s.id = ? ORDER BY j.epoch, j.number`, func(col []string) {
		id, state := col[0], col[1]
		place[id] = len(place) + 1
		if finished := done[id] == "1"; finished != (state == "applied") {
			list = append(list, fmt.Sprintf("%s: job %s is %s at the hub, and its receipt is finished: %v", name, id, state, finished))
		}
	}, h.Store(name).ID)
	last, before := 0, ""
	for _, id := range order {
		if at := place[id]; at > 0 { // a restored hub has forgotten others
			if at < last {
				list = append(list, fmt.Sprintf("%s: job %s was begun after %s, a later one; its life: %v; the other's: %v", name, id, before, h.life(id), h.life(before)))
			}
			last, before = at, id
		}
	}
	return list
}

// life is what the hub's log and results tell of a job, for whoever must find out
// why a promise broke.
func (h *killHarness) life(job string) (out []string) {
	h.rows(h.Hub.Database(), `SELECT epoch, number, state, begun_at, ended_at, receipt, why FROM jobs WHERE id = ?`, func(col []string) {
		out = append(out, strings.Join(col, " "))
	}, job)
	h.rows(h.Hub.Database(), "SELECT at, what FROM audit WHERE detail LIKE ?", func(col []string) {
		out = append(out, strings.Join(col, " "))
	}, "%"+job+"%")
	h.rows(h.Hub.Database(), "SELECT at, 'result', pos_epoch FROM results WHERE job = ?", func(col []string) {
		out = append(out, strings.Join(col, " "))
	}, job)
	return out
}

// linkBreaches: in one history of a POS database, each item that a job created is
// in exactly one receipt. A job applied again would have found it there, and its
// receipt would count one less than the POS holds.
func (h *killHarness) linkBreaches(name string) (list []string) {
	created := 0
	h.rows(h.Store(name).POS(), "SELECT body FROM plait_receipts WHERE part > 0", func(col []string) {
		var part struct {
			Counts wire.Counts `json:"counts"`
		}
		h.must(json.Unmarshal([]byte(col[0]), &part))
		created += part.Counts.Created
	})
	born, seen := 0, map[string]string{}
	h.rows(h.Store(name).POS(), "SELECT kind, uid, link, key || ' in generation ' || gen FROM plait_links WHERE dead = 0 AND length(link) > 0", func(col []string) {
		link, err := item.DecodeLink([]byte(col[2]))
		h.must(err)
		if link.Birth == item.BornNetwork {
			born++
		}
		id := col[0] + " " + col[1]
		if seen[id] != "" {
			list = append(list, fmt.Sprintf("%s: two items are linked to %s: %s and %s", name, id, seen[id], col[3]))
		}
		seen[id] = col[3]
	})
	if born > created {
		list = append(list, fmt.Sprintf("%s: the POS holds %d items that jobs made, its receipts say that they created %d: a job was applied twice", name, born, created))
	}
	return list
}

// landingBreaches reads the audit log: no full upload landed while a job was
// open. A job is open from the moment it is queued to its first result, and again
// from a rollback to the next.
func (h *killHarness) landingBreaches() (list []string) {
	events := map[string][]jobEvent{}
	h.rows(h.Hub.Database(), "SELECT id, created_at FROM jobs", func(col []string) {
		events[col[0]] = append(events[col[0]], jobEvent{what: "queued", at: col[1], open: true})
	})
	h.rows(h.Hub.Database(), "SELECT job, at, pos_epoch FROM results", func(col []string) {
		events[col[0]] = append(events[col[0]], jobEvent{what: "result of " + col[2], at: col[1]})
	})
	var landings [][2]string // when, where
	h.rows(h.Hub.Database(), "SELECT at, what, stores, detail FROM audit WHERE what IN ('job.rolled_back', 'full.landed', 'job.applied')", func(col []string) {
		var detail struct{ Job string }
		h.must(json.Unmarshal([]byte(col[3]), &detail))
		switch col[1] {
		case "full.landed":
			landings = append(landings, [2]string{col[0], col[2]})
		default:
			events[detail.Job] = append(events[detail.Job], jobEvent{what: col[1], at: col[0], open: col[1] == "job.rolled_back"})
		}
	})
	h.counts["full uploads landed"] = len(landings)
	h.rows(h.Hub.Database(), "SELECT j.id, s.id FROM jobs j JOIN stores s ON s.network = j.network AND s.store = j.store", func(col []string) {
		for _, l := range landings {
			if strings.Contains(l[1], col[1]) && openAt(events[col[0]], l[0]) {
				list = append(list, fmt.Sprintf("a full upload landed at %s over job %s, which was open: %v", l[0], col[0], events[col[0]]))
			}
		}
	})
	return list
}

// jobEvent opens or closes a job, at a time in milliseconds of the hub's clock.
type jobEvent struct {
	what string
	at   string
	open bool
}

// openAt tells whether a job was open when a landing committed. What happened in
// the same millisecond counts as what lets the landing be right.
func openAt(events []jobEvent, at string) bool {
	open := false
	slices.SortStableFunc(events, func(a, b jobEvent) int { return cmp.Compare(a.at, b.at) })
	for _, e := range events {
		if e.at < at || (e.at == at && !e.open) {
			open = e.open
		}
	}
	return open
}
