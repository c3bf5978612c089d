// Package contact opens and closes a store's conversations: who is it that
// calls, where do record and copy stand, and are they equal in the end.
//
// A hello is judged by its place in the chain of conversations ([judge]), which
// tells five things apart: the same hello again; the next one; a hub that was
// restored from a backup and so is behind its agents; a fresh agent.db; and an
// older copy of the agent, from a restored image or a clone, which is held until
// the newer chain misses its due contact or a technician releases it by code.
// Batches tell two of them apart where a backup or an image was made within a
// conversation ([byBatches]). Each hello that is let in ends the conversation
// before it: store.InConversation refuses what still comes of that.
//
// A hub that finds itself restored starts a new hub epoch, once: a store whose
// chain was let in before that epoch, and whose agent has not seen it, needs no
// further one. It goes on with the agents' numbers, and asks each to reconcile.
//
// A hello that is let in also settles the queue against the newest receipt of
// the POS database (hub/queue), unless the POS lost Plait's tables altogether:
// then nothing is rolled back, and links and receipts are handed back.
//
// The package never changes an item, and never believes a PC's clock: when an
// agent is due is counted from the hub's own.
package contact
