package pos

import (
	"context"
	"fmt"
	"strings"
)

// sqliteTriggerPrefix begins the name of every trigger of Plait's.
const sqliteTriggerPrefix = "plait_"

// triggers makes three triggers a table, in the plainest SQL (decision 12).
// They read the key columns and the columns that name a parent, nothing else: a
// trigger that reads a column makes the POS's own DROP COLUMN fail. Nothing in
// them can fail: plait_changes has no constraint that a row could violate.
func (d sqlite) triggers(spec triggerSpec) []trigger {
	make1 := func(event string, row func(table, op string, columns []*column) string) trigger {
		t := trigger{name: sqliteTriggerPrefix + strings.ToLower(event) + "_" + spec.table.name, table: spec.table.name}
		var body strings.Builder
		if spec.key != nil {
			body.WriteString(row(spec.table.name, event[:1], spec.key))
		}
		for _, p := range spec.parents {
			body.WriteString(row(p.table, "U", p.columns))
		}
		t.text = fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s BEGIN %sEND", d.quote(t.name), event, d.quote(spec.table.name), body.String())
		return t
	}
	oneKey := func(prefix string) func(string, string, []*column) string {
		return func(table, op string, columns []*column) string {
			return fmt.Sprintf("INSERT INTO plait_changes(nonce,tbl,op,key) VALUES(random(),%s,'%s',%s); ",
				sqliteText(table), op, d.keyExpr(prefix, columns))
		}
	}
	return []trigger{
		make1("INSERT", oneKey("NEW")),
		make1("UPDATE", d.updateRow),
		make1("DELETE", oneKey("OLD")),
	}
}

// updateRow records the new key only where it differs; compared byte by byte,
// for a key column may ignore case.
func (d sqlite) updateRow(table, op string, columns []*column) string {
	before, after := d.keyExpr("OLD", columns), d.keyExpr("NEW", columns)
	collate := ""
	if len(columns) == 1 && columns[0].affinity == affinityText {
		collate = " COLLATE BINARY"
	}
	return fmt.Sprintf("INSERT INTO plait_changes(nonce,tbl,op,key,new_key) VALUES(random(),%s,'%s',%s,CASE WHEN %s IS NOT %s%s THEN %s END); ",
		sqliteText(table), op, before, after, before, collate, after)
}

// keyExpr spells a key as item.JoinKey does. A part that is NULL counts as
// empty, so that the rest of the key is not lost with it.
func (d sqlite) keyExpr(row string, columns []*column) string {
	if len(columns) == 1 {
		return row + "." + d.quote(columns[0].name)
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		e := row + "." + d.quote(c.name)
		if c.affinity == affinityText {
			e = `replace(replace(` + e + `,'\','\\'),'/','\/')`
		}
		if !c.notNull {
			e = "coalesce(" + e + ",'')"
		}
		parts[i] = e
	}
	return strings.Join(parts, "||'/'||")
}

func (sqlite) installed(ctx context.Context, s *session) ([]trigger, error) {
	var out []trigger
	err := s.each(ctx, `SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'plait\_%' ESCAPE '\'`, nil,
		func(scan func(...any) error) error {
			var t trigger
			err := scan(&t.name, &t.table, &t.text)
			out = append(out, t)
			return err
		})
	return out, err
}

func (d sqlite) dropTrigger(t trigger) string { return "DROP TRIGGER IF EXISTS " + d.quote(t.name) }

func sqliteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
