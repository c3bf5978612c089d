package pos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check tests mapping against schema, triggers, journal mode and busy timeout,
// and says what cannot be promised to the POS.
func (c *sqlConnector) Check(ctx context.Context) ([]Finding, error) {
	var out []Finding
	err := c.read(ctx, func(s *session, st *state) error {
		out = nil
		for _, p := range st.plans {
			out = append(out, p.findings()...)
		}
		triggers, err := c.checkTriggers(ctx, s, st)
		if err != nil {
			return err
		}
		out = append(out, triggers...)
		j, err := c.dialect.journal(ctx, s)
		if err != nil {
			return err
		}
		out = append(out, c.checkJournal(j)...)
		return nil
	})
	return out, err
}

func (p *kindPlan) findings() []Finding {
	subject := fmt.Sprintf("table %s", p.m.Table)
	var out []Finding
	for _, problem := range p.problems {
		out = append(out, Finding{Subject: subject, Message: problem + ": mend the mapping of kind " + p.m.Kind, Kind: p.m.Kind})
	}
	for _, advice := range p.advice {
		out = append(out, Finding{Subject: subject, Message: advice})
	}
	if len(out) == 0 {
		out = append(out, Finding{OK: true, Subject: subject, Message: "holds kind " + p.m.Kind + " as the mapping says"})
	}
	return out
}

func (c *sqlConnector) checkTriggers(ctx context.Context, s *session, st *state) ([]Finding, error) {
	tables, err := c.dialect.ourTables(ctx, s)
	if err != nil {
		return nil, err
	}
	there, err := c.dialect.installed(ctx, s)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(tables, "plait_changes") && len(there) > 0 {
		return []Finding{{Subject: "triggers", Message: "plait_changes is gone while triggers write to it, so the POS's own statements fail: run plait-agent upload at once, which puts it back"}}, nil
	}
	if len(tables) < len(ourTableNames) {
		return []Finding{{Subject: "triggers", Message: "Plait's tables are not in the POS database: run plait-agent upload, which puts them there"}}, nil
	}
	if _, err := readMeta(ctx, s); err != nil && !errors.Is(err, ErrAbsent) {
		return nil, err
	}
	stale, missing, err := c.triggerState(ctx, s, st)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range slices.Concat(stale, missing) {
		if !slices.Contains(names, t.table) {
			names = append(names, t.table)
		}
	}
	if len(names) > 0 {
		return []Finding{{Subject: "triggers", Message: fmt.Sprintf("the triggers of %s are missing or out of date, so changes there wait for the next comparison: run plait-agent upload, which puts them back and compares", strings.Join(names, ", "))}}, nil
	}
	return []Finding{{OK: true, Subject: "triggers", Message: fmt.Sprintf("all %d are in place", len(there))}}, nil
}

// checkJournal says which POS statements may fail because of Plait. The POS's
// busy timeout belongs to its own connections and cannot be read here: the
// mapping says what it is.
func (c *sqlConnector) checkJournal(j journal) []Finding {
	out := []Finding{{OK: true, Subject: "journal mode", Message: "the POS database uses " + j.mode}}
	patient := c.mapping.BusyTimeout >= minPatience
	switch {
	case patient:
		out = append(out, Finding{OK: true, Subject: "busy timeout", Message: fmt.Sprintf("the POS waits %v for a lock, longer than Plait ever holds one", c.mapping.BusyTimeout)})
	case j.readersBlock:
		out = append(out, Finding{Subject: "busy timeout", Message: fmt.Sprintf("the POS waits %v for a lock, and its journal mode is %s: while Plait reads or applies jobs, a POS statement can fail with \"database is locked\". Set the POS's busy timeout to a second or more (and busy_timeout in the mapping), or its journal mode to WAL", c.mapping.BusyTimeout, j.mode)})
	default:
		out = append(out, Finding{Subject: "busy timeout", Message: fmt.Sprintf("the POS waits %v for a lock: Plait's reads never disturb it, but while Plait applies jobs a POS write can fail with \"database is locked\". Set the POS's busy timeout to a second or more (and busy_timeout in the mapping)", c.mapping.BusyTimeout)})
	}
	if j.snapshotFails {
		out = append(out, Finding{OK: true, Subject: "transactions", Message: "a POS transaction that reads first and writes later can meet \"database is locked\" after any other program's commit, Plait's too; one that begins with BEGIN IMMEDIATE cannot"})
	}
	return out
}

// minPatience is the busy timeout from which on a POS outlasts Plait's longest
// lock by far.
const minPatience = 500 * time.Millisecond
