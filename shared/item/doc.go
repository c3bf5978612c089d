// Package item holds the values, items and links that travel between a POS and
// the hub, their one canonical form, and the digests taken over it.
//
// An [Item] is one element of one kind in one store: its identity there is
// (kind, key, gen). Its [Fields] are typed [Value]s: text, integer, decimal,
// bool, time, bytes, blob, reference and rows. Absent, NULL and empty are three
// things: an absent field is not in Fields at all.
//
// The canonical form ([Append], [Decode]) is a JSON object without white space,
// with sorted keys and one spelling for each value, so that two equal items have
// equal bytes and a digest of the bytes is a digest of the item. Decode accepts
// nothing else: what it accepts, Append writes again byte for byte.
//
//	{"f":{"name":"Cut","price":{"d":"12.5"}},"g":1,"i":"7","k":"service"}
//
//	f fields    g generation    i key    k kind    l link    x true for a tombstone
//
//	null            NULL
//	"text"          text (valid UTF-8)
//	42              integer, -2^63 … 2^63-1
//	true            bool
//	{"b":"AAEC"}    bytes, base64
//	{"d":"12.5"}    decimal: no exponent, no trailing zeros, no "-0"
//	{"h":["9f…",2048]}       blob: SHA-256 of a body that travels apart, its length
//	{"r":["category","3"]}   reference by the store's own key
//	{"s":[[7,{"rate":{"d":"1"}}]]}   rows: element keys with their columns
//	{"t":"2026-01-02T09:30"} time as the POS means it; never converted
//	{"u":["category","0190…"]} reference by network uid; in payloads only
//
// The package knows no policy, no database and no clock, and imports nothing of
// Plait.
package item
