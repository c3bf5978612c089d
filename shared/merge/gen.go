package merge

// Gen returns the generation of the store's item under a key; ok is false if
// there is none.
func (x *Index) Gen(kind, key string) (gen int64, ok bool) {
	if k := x.kinds[kind]; k != nil && k.items[key] != nil {
		return k.items[key].gen, true
	}
	return 0, false
}

// Linked reports whether the store's item under a key is linked to that uid.
func (x *Index) Linked(kind, key, uid string) bool {
	k := x.kinds[kind]
	return k != nil && k.items[key] != nil && k.items[key].linked && k.items[key].uid == uid
}
