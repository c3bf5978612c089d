package contact

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// A page of links keeps within both; the whole answer stays below the limit of a
// control message.
const (
	linksPage  = 500
	linksBytes = wire.MaxControlBytes / 2
)

// receiptsBack is how many receipts are handed back, as wire.LinksPage says.
const receiptsBack = 1000

// Links returns a page of what a POS database has lost with Plait's tables:
// links, tombstones and generations, and on the last page receipts, the newest
// first.
func (c *Contacts) Links(ctx context.Context, storeID string, ask wire.LinksAsk) (p wire.LinksPage, err error) {
	after, err := parsePlace(ask.After)
	if err != nil {
		return p, err
	}
	err = c.db.ViewStore(ctx, storeID, func(v *store.StoreView) (err error) {
		p, err = links(v, after)
		return err
	})
	return p, err
}

func links(v *store.StoreView, after item.ID) (wire.LinksPage, error) {
	p := wire.LinksPage{Items: []string{}}
	rows, err := v.Linked(after, linksPage)
	if err != nil {
		return p, err
	}
	size, last := 0, len(rows) < linksPage
	for i, r := range rows {
		text, err := linkOnly(r)
		if err != nil {
			return p, fmt.Errorf("cannot hand back the link of %s %s of store %s: %w", r.Kind, r.Key, v.Store.Name, err)
		}
		if size += len(text) + 4; size > linksBytes && i > 0 {
			last = false
			break
		}
		p.Items = append(p.Items, text)
		p.Next = placeText(r.ID)
	}
	if last {
		p.Next = ""
	}
	return p, receipts(v, &p, last)
}

// linkOnly is the item without its values: every base is spelled out then.
func linkOnly(r store.Item) (string, error) {
	it, err := r.Decode()
	if err != nil {
		return "", err
	}
	it.Fields = nil
	return string(item.Append(nil, it)), nil
}

func receipts(v *store.StoreView, p *wire.LinksPage, last bool) error {
	limit := 1
	if last {
		limit = receiptsBack
	}
	jobs, err := v.NewestApplied(limit)
	if err != nil {
		return err
	}
	p.Head = wire.ReceiptHead{Known: true, Absent: true}
	for i, j := range jobs {
		r := wire.ReceiptHead{Known: true, Job: j.ID, HubEpoch: j.EpochName, Number: j.Number, NextItem: j.Items, Done: true, Order: j.Receipt}
		if i == 0 {
			p.Head = r
		}
		if last {
			p.Applied = append(p.Applied, r)
		}
	}
	return nil
}

// placeText writes where a page ended: generation, kind and key.
func placeText(id item.ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(id.Gen, 10) + "." + id.Kind + "." + id.Key))
}

func parsePlace(s string) (item.ID, error) {
	if s == "" {
		return item.ID{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	parts := strings.SplitN(string(raw), ".", 3)
	if err == nil && len(parts) == 3 {
		gen, err := strconv.ParseInt(parts[0], 10, 64)
		if err == nil && gen >= 0 {
			return item.ID{Kind: parts[1], Key: parts[2], Gen: gen}, nil
		}
	}
	return item.ID{}, wire.Refuse(wire.CodeBadRequest, "%.40q is not where a page of links ended", s)
}
