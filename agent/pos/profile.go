package pos

import (
	"context"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// Profile describes the mapping as it meets the schema now.
func (c *sqlConnector) Profile(ctx context.Context) (wire.Profile, error) {
	var out wire.Profile
	err := c.read(ctx, func(s *session, st *state) error {
		version, err := c.dialect.version(ctx, s)
		if err != nil {
			return err
		}
		out = wire.Profile{POS: version, Kinds: make([]wire.ProfileKind, len(st.plans))}
		for i, p := range st.plans {
			out.Kinds[i] = p.profile()
		}
		return nil
	})
	return out, err
}

func (p *kindPlan) profile() wire.ProfileKind {
	k := wire.ProfileKind{Kind: p.m.Kind, UploadOnly: p.m.UploadOnly, Paused: p.paused(), CanDelete: !p.m.UploadOnly}
	for i := range p.m.Fields {
		f := &p.m.Fields[i]
		field := wire.ProfileField{Name: f.Name, ReadOnly: f.ReadOnly || p.m.UploadOnly}
		if f.Rows != nil {
			field.Columns = fieldNames(f.Rows.Columns)
		} else if v := p.value(f.Name); v != nil {
			p.describe(&field, v)
		}
		k.Fields = append(k.Fields, field)
	}
	return k
}

func (p *kindPlan) value(name string) *valuePlan {
	for _, v := range p.values {
		if v.name == name && len(v.columns) == len(v.m.Columns) {
			return v
		}
	}
	return nil
}

func (p *kindPlan) describe(field *wire.ProfileField, v *valuePlan) {
	field.MaxLen = v.maxLen
	for _, c := range v.columns {
		if c.notNull && !c.hasDefault && !c.assigned {
			field.Required = true
		}
		for _, d := range p.m.Defaults {
			if d.Column == c.name {
				field.Default = true
			}
		}
	}
	if field.Default {
		field.DefaultValue = p.defaultValue(v)
	}
}

// defaultValue is what a new row has in the field, if the mapping's defaults fill
// all of its columns.
func (p *kindPlan) defaultValue(v *valuePlan) string {
	row := make([]cell, v.at+len(v.columns))
	for i, c := range v.columns {
		at := slices.IndexFunc(p.m.Defaults, func(d Constant) bool { return d.Column == c.name })
		if at < 0 || row[v.at+i].Scan(p.m.Defaults[at].Value) != nil {
			return ""
		}
	}
	value, err := v.read(row)
	text := string(item.AppendValue(nil, value))
	if err != nil || len(text) > wire.MaxReasonBytes {
		return ""
	}
	return text
}
