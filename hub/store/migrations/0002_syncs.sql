-- An operator's syncs. Each was cut into one job for each receiver, which names
-- it as its cause.
CREATE TABLE syncs (
  network INTEGER NOT NULL REFERENCES networks,
  id TEXT NOT NULL,
  plan TEXT NOT NULL, -- digest of the Test that it carries out
  source TEXT NOT NULL, -- id of the store that it copies from
  label TEXT NOT NULL,
  body BLOB NOT NULL, -- JSON; hub/storesync knows its form
  state TEXT NOT NULL CHECK (state IN ('running', 'halted', 'ended', 'done')), -- of queueing its jobs
  course TEXT NOT NULL, -- JSON: its waves, and how far they are
  again_of TEXT NOT NULL DEFAULT '', -- the sync that it sends again to those that missed it
  made_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, id),
  UNIQUE (network, plan)
);
CREATE INDEX syncs_at ON syncs (network, at);
CREATE INDEX syncs_again ON syncs (network, again_of) WHERE again_of <> '';
CREATE INDEX syncs_unfinished ON syncs (network) WHERE state IN ('running', 'halted');

-- How many items of a kind a source had when all of them were synced last: a
-- list that shrank a lot since then deletes nothing.
CREATE TABLE sync_sizes (
  network INTEGER NOT NULL REFERENCES networks,
  source TEXT NOT NULL, -- id
  kind TEXT NOT NULL,
  items INTEGER NOT NULL CHECK (items >= 0),
  at INTEGER NOT NULL,
  PRIMARY KEY (network, source, kind)
);

-- Which changes of a source's kind a sync brings whole: those after one sync_rev
-- and up to another.
CREATE TABLE sync_spans (
  network INTEGER NOT NULL,
  sync TEXT NOT NULL,
  source INTEGER NOT NULL, -- store
  kind TEXT NOT NULL,
  after INTEGER NOT NULL,
  upto INTEGER NOT NULL CHECK (after <= upto),
  PRIMARY KEY (network, sync, kind)
);

-- Up to which sync_rev of a source's kind a store has been given every change, by
-- jobs that were applied or are open. "Since the last sync" begins here.
CREATE TABLE sync_given (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  source INTEGER NOT NULL, -- store
  kind TEXT NOT NULL,
  sync_rev INTEGER NOT NULL,
  PRIMARY KEY (network, store, source, kind)
);

-- Options of a sync that were saved under a name, to be tested and run again by
-- hand or on a schedule.
CREATE TABLE saved_syncs (
  network INTEGER NOT NULL REFERENCES networks,
  name TEXT NOT NULL,
  version TEXT NOT NULL, -- of what was saved: another one is another sync
  body TEXT NOT NULL, -- JSON; hub/storesync knows its form
  saved_by TEXT NOT NULL,
  saved_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL DEFAULT 0, -- when it is to be run; 0: by hand alone
  -- How its last scheduled run stands.
  state TEXT NOT NULL DEFAULT '' CHECK (state IN ('', 'running', 'waiting', 'done', 'failed')),
  test TEXT NOT NULL DEFAULT '', -- digest
  sync TEXT NOT NULL DEFAULT '', -- id
  why TEXT NOT NULL DEFAULT '',
  ran_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (network, name),
  CHECK (state NOT IN ('running', 'waiting') OR test <> '')
);

-- Results that name items which a store refused.
CREATE INDEX results_parked ON results (network, store, at) WHERE parked > 0;

-- What refused items depended on when they were looked at last: they are retried
-- once for each change of it.
CREATE TABLE retried (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  kind TEXT NOT NULL,
  uid TEXT NOT NULL,
  seen TEXT NOT NULL, -- digest
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, kind, uid)
);

-- What a store that undoes drift by itself told last of an item that drifted.
CREATE TABLE repairs (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  id TEXT NOT NULL, -- of what was told: the same again changes nothing
  refused INTEGER NOT NULL CHECK (refused IN (0, 1)),
  body TEXT NOT NULL, -- JSON: wire.Repair
  times INTEGER NOT NULL, -- how often something was told of the item
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, kind, key)
);

-- Items that went from one store to another by a transfer (S1: employees), and jobs
-- that take one back. The source's own item stays, and is known as moved. Keyed by
-- uid, which no full upload changes.
CREATE TABLE transfers (
  network INTEGER NOT NULL,
  kind TEXT NOT NULL,
  uid TEXT NOT NULL,
  store INTEGER NOT NULL, -- the receiver
  source INTEGER NOT NULL, -- store
  job TEXT NOT NULL,
  sync TEXT NOT NULL, -- id
  back INTEGER NOT NULL CHECK (back IN (0, 1)), -- the job takes the transfer back
  at INTEGER NOT NULL DEFAULT 0, -- when the hub was told that it arrived; 0: it has not yet
  PRIMARY KEY (network, kind, uid, job)
);
CREATE INDEX transfers_job ON transfers (network, store, job);
