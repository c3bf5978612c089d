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
  made_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, id),
  UNIQUE (network, plan)
);
CREATE INDEX syncs_at ON syncs (network, at);
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
