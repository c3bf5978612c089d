package pos

import (
	"context"
	"fmt"
	"strings"
)

// maxTables bounds how much of a schema is read.
const maxTables = 5000

func (d sqlite) loadSchema(ctx context.Context, s *session) (*schema, error) {
	version, err := d.schemaVersion(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &schema{version: version, tables: map[string]*table{}}
	if err := d.loadTables(ctx, s, out); err != nil {
		return nil, err
	}
	for _, load := range []func(context.Context, *session, *schema) error{d.loadColumns, d.loadForeign, d.loadIndexes, d.loadTriggers} {
		if err := load(ctx, s, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (sqlite) loadTables(ctx context.Context, s *session, out *schema) error {
	return s.each(ctx, `SELECT name, type, lower(sql) LIKE 'create virtual%', lower(sql) LIKE '%on%conflict%replace%' FROM sqlite_master
		WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'plait\_%' ESCAPE '\'
		LIMIT `+fmt.Sprint(maxTables), nil, func(scan func(...any) error) error {
		var sort string
		var virtual bool
		t := &table{}
		if err := scan(&t.name, &sort, &virtual, &t.ousts); err != nil {
			return err
		}
		switch {
		case sort == "view":
			t.unusual = "it is a view"
		case virtual:
			t.unusual = "it is a virtual table, which takes no triggers"
		}
		out.tables[t.name] = t
		return nil
	})
}

func (sqlite) loadColumns(ctx context.Context, s *session, out *schema) error {
	err := s.each(ctx, `SELECT m.name, c.name, c.type, c."notnull", c.dflt_value IS NOT NULL, c.pk, c.hidden
		FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid`, nil,
		func(scan func(...any) error) error {
			var in string
			var c column
			var hidden int
			if err := scan(&in, &c.name, &c.declared, &c.notNull, &c.hasDefault, &c.key, &hidden); err != nil {
				return err
			}
			if t := out.tables[in]; t != nil {
				c.affinity = affinityOf(c.declared)
				c.generated = hidden > 1
				t.columns = append(t.columns, c)
			}
			return nil
		})
	if err != nil {
		return err
	}
	for _, t := range out.tables {
		if key := t.primaryKey(); len(key) == 1 {
			c := t.column(key[0])
			c.assigned = strings.EqualFold(c.declared, "INTEGER")
			c.notNull = c.notNull || c.assigned
		}
	}
	return nil
}

func (sqlite) loadForeign(ctx context.Context, s *session, out *schema) error {
	lastID := -1
	return s.each(ctx, `SELECT m.name, f.id, f."table", f."from", coalesce(f."to", ''),
		f.on_update NOT IN ('NO ACTION', 'RESTRICT'), f.on_delete NOT IN ('NO ACTION', 'RESTRICT')
		FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`, nil,
		func(scan func(...any) error) error {
			var in, to, from, toColumn string
			var id int
			var onUpdate, onDelete bool
			if err := scan(&in, &id, &to, &from, &toColumn, &onUpdate, &onDelete); err != nil {
				return err
			}
			t := out.tables[in]
			if t == nil {
				return nil
			}
			if len(t.foreign) == 0 || id != lastID {
				t.foreign = append(t.foreign, foreignKey{table: to, onUpdate: onUpdate, onDelete: onDelete})
			}
			lastID = id
			f := &t.foreign[len(t.foreign)-1]
			f.columns = append(f.columns, from)
			if toColumn != "" {
				f.toColumns = append(f.toColumns, toColumn)
			}
			return nil
		})
}

// loadIndexes also notes the primary key: an INTEGER PRIMARY KEY has no index of
// its own.
func (sqlite) loadIndexes(ctx context.Context, s *session, out *schema) error {
	last := ""
	err := s.each(ctx, `SELECT m.name, l.name, l."unique" AND NOT l.partial, coalesce(i.name, '')
		FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
		WHERE m.type = 'table' ORDER BY m.name, l.name, i.seqno`, nil,
		func(scan func(...any) error) error {
			var in, index, name string
			var unique bool
			if err := scan(&in, &index, &unique, &name); err != nil {
				return err
			}
			t := out.tables[in]
			if t == nil {
				return nil
			}
			if in+"\x00"+index != last {
				last = in + "\x00" + index
				t.indexed = append(t.indexed, nil)
				if unique {
					t.unique = append(t.unique, nil)
				}
			}
			appendLast(t.indexed, name)
			if unique {
				appendLast(t.unique, name)
			}
			return nil
		})
	for _, t := range out.tables {
		if key := t.primaryKey(); len(key) > 0 {
			t.unique = append(t.unique, key)
			t.indexed = append(t.indexed, key)
		}
	}
	return err
}

func appendLast(lists [][]string, s string) { lists[len(lists)-1] = append(lists[len(lists)-1], s) }

// loadTriggers notes which tables have triggers of the POS's own. Tables of a name
// that differs only in case are one to SQLite.
func (sqlite) loadTriggers(ctx context.Context, s *session, out *schema) error {
	return s.each(ctx, `SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'plait\_%' ESCAPE '\'`, nil,
		func(scan func(...any) error) error {
			var in string
			if err := scan(&in); err != nil {
				return err
			}
			for name, t := range out.tables {
				t.trigger = t.trigger || strings.EqualFold(name, in)
			}
			return nil
		})
}
