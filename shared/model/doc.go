// Package model is the protocol of shared/wire without bytes, disks or clocks: a
// POS, an agent's database, the hub, and what a person may do to them, each as a
// small value that can be copied, lost and restored. Its tests interleave every
// message of a conversation with crashes, lost and late answers, restored POS
// files, restored agent databases, PC images and hubs, and a cloned PC, and hold
// the outcome to the promises (P4 to P8, P12):
//
//	pos      items, change rows with nonces, receipts, epoch       one medium
//	agent    record, outbox, frozen batch, chain, epochs, mark     one medium
//	hub      copy, archive, chain, batch, jobs, staging            one medium
//	oracle   who wrote what after what: sees everything, rules nothing
//
// Every rule of the protocol that the model depends on can be weakened ([rules]
// in the tests), and each weakened model is a control that must be caught.
//
// The package has tests alone and is imported by nothing. It does not merge:
// a job's write is one new version of an item, which is all that order and loss
// depend on; shared/merge has its own properties. Parked items, generations of
// keys, links handed back to an emptied POS and the bytes of messages are left out.
package model
