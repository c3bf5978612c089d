// Package catalog holds the kinds of business element that a network syncs:
// their fields, who owns each field, how items are matched, what a branch may do
// to a synced item. Kinds are data: files in configs/catalog, one a kind, that a
// network can overlay; nothing in the code knows a kind by name.
//
// [Load] reads and validates a folder of files and names file, line and what is
// wrong, of everything that is wrong; [LoadOver] does so for a network's own
// files over the shipped ones. A [Preset] is a network's starting policies, as
// rules over those kinds. [Catalog.Encode] gives the one form that travels
// from hub to agents, and [Catalog.Digest] its digest.
//
// # A file
//
// service.yaml holds the kind service. Names have lower-case letters, digits and
// "_"; fields stand in the order in which an operator reads them:
//
//	kind: service
//	title: Services
//	help: One sentence of what the kind is.
//	direction: sync                # or upload: goes up only; every field is then never
//	match: {code: [sku], name: name, category: category}
//	active: active                 # the bool field that retires an item
//	fields:
//	  name: {title: Service Name, type: text, policy: locked, source: "S3: Service Name"}
//	  category: {title: Category, type: reference, ref: service_category, policy: locked}
//	  price_lines:
//	    title: Service Details
//	    type: rows                 # elements with a key of their own
//	    key: text
//	    policy: unlocked
//	    locked_when: price_sync    # a switch of the network
//	    columns:                   # follow the field's policy where they name none
//	      price: {title: Price, type: decimal}
//	prices:                        # where an item has several prices: what price sync copies
//	  {when: price_sync, fields: [price, duration], rows: provider_prices, active: active}
//	restrictions: [minimum_purchase]   # fields that a sync may leave to the receiver
//	operations:                    # what a branch may do to a synced item
//	  delete: {allowed: false, note: "S3: Locations can't: Delete a synced Service"}
//
// Less common:
//
//	match: {singleton: true}       # settings: a store has one item of the kind
//	by_hand: true                  # never synced continuously
//	one_receiver: true             # by hand, and to one store at a time
//	label: subject                 # what people call an item by that has no name to match by
//	fields:
//	  service: {…, type: reference, ref: service, by_name: true}   # a service of that name will do
//	  safe_ips: {…, type: rows, policy: additive, allow_list: true}  # empty: everyone is let in
//	  assigned_to: {…, type: rows, key: reference, ref: service, other_end: add_ons}  # service.add_ons carries it
//
// The package never opens a database, a connection or a clock.
package catalog
