package merge

import (
	"plait/shared/wire"
)

// claims are the receiver's items that items of the job mean by their uids, where
// the link alone does not say so: what the receiver itself gave to the network, and
// what an alias or the uid of its own finds beside the uid of its link. By kind and
// key, with the uid of the one that means it.
//
// An item is one item's alone. Whatever else would find it, by a weaker uid, by its
// code or name, or because it was decided so, is refused: otherwise two items of one
// job would write to it in turn, and the last would win.
type claims map[[2]string]string

// claim looks at all that the job brings before anything is planned.
func (p *Planner) claim() {
	var weak []wire.PayloadItem
	for _, pi := range p.payload.Items {
		if pi.Op != wire.OpPut {
			continue
		}
		key, _, ok := p.index.byUID(pi)
		if !ok {
			continue
		}
		switch e := p.index.kind(pi.Kind).items[key]; {
		case e.uid != pi.UID:
			weak = append(weak, pi)
		case !e.linked:
			p.claimed(pi.Kind, key, pi.UID)
		}
	}
	if len(weak) > 0 {
		p.claimWeak(weak)
	}
}

func (p *Planner) claimed(kind, key, uid string) {
	if p.claims == nil {
		p.claims = claims{}
	}
	p.claims[[2]string{kind, key}] = uid
}

// claimWeak: the uid of an item's link comes before the uid of its own and before
// aliases; of these the first is taken.
func (p *Planner) claimWeak(weak []wire.PayloadItem) {
	brought := make(map[[2]string]bool, len(p.payload.Items))
	for _, pi := range p.payload.Items {
		if pi.Op == wire.OpPut {
			brought[[2]string{pi.Kind, pi.UID}] = true
		}
	}
	for _, pi := range weak {
		key, _, _ := p.index.byUID(pi)
		at, uid := [2]string{pi.Kind, key}, p.index.kind(pi.Kind).items[key].uid
		switch {
		case p.claims[at] != "":
		case brought[[2]string{pi.Kind, uid}]:
			p.claimed(pi.Kind, key, uid)
		default:
			p.claimed(pi.Kind, key, pi.UID)
		}
	}
}

// anothers reports whether an item of the receiver is meant by another item of the
// job than this one.
func (c claims) anothers(pi wire.PayloadItem, key string) bool {
	uid := c[[2]string{pi.Kind, key}]
	return uid != "" && uid != pi.UID
}

// apart divides candidates into those that are free for an item and those that
// another means.
func (c claims) apart(pi wire.PayloadItem, all []Candidate) (free, anothers []Candidate) {
	if len(c) == 0 {
		return all, nil
	}
	for _, a := range all {
		if c.anothers(pi, a.ID.Key) {
			anothers = append(anothers, a)
		} else {
			free = append(free, a)
		}
	}
	return free, anothers
}
