// Package queue holds a store's jobs from the moment they are queued to their
// end: what the agent takes next, begins, cancels and reports.
//
//	           Put                       Begin                 Result
//	         ┌─────► queued ───────────────────────► begun ─────────────► applied
//	PutPending          ▲ │                           │                      │
//	  └► pending ───────┘ │Cancel                     │Cancel                │Settle: above the
//	        │     Next:   │                           ▼                      │receipt head
//	        │     cut     │                   cancel_requested               ├──────────► lost
//	        │Cancel       │                     │           │                │  (it reset or deleted,
//	        ▼             ▼     Settle: absent  │           │Result          │   or the store is off)
//	        └───────► cancelled ◄───────────────┘           └─► applied      ▼
//	                      ▲                                             rolled_back
//	                      └───────────────── Cancel ──────────────────────┘  │ Begin: it goes first again
//	                                                                         └──────► begun
//
// All but applied, cancelled and lost are open. An open job is ended only by
// being applied, or by a named operator's cancelling it; nothing that an upload
// does is among the arrows (rule 4). Jobs are begun in their order, by hub epoch
// and number; a job that was rolled back has an old number and so goes first.
//
// What continuous syncs have for a store is one pending entry, whatever changed
// how often. It is cut into a job when the store asks for its next one, and so is
// a change that has not become an entry yet: a cursor behind the source's newest
// change tells it, and no note of a change can be lost. An entry from before the
// hub was restored is cut behind all that was queued then. A job that does not arrive
// (cancelled, lost) puts back and holds the cursors that rest upon it, so that no
// gap goes unseen; a person's Test of the store lets them move again.
//
// A store that is switched off keeps no open jobs, and revoking one cancels its
// jobs in the same act, so no queue can hold the door of a full upload shut for
// ever (rule 6). A PC that is replaced inherits the queue: it belongs to the
// store.
//
// The package never merges, never reads an item, and knows nothing of how
// results come in.
package queue
