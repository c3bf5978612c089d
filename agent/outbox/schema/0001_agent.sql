-- Small facts by name; chk is a checksum over both, as in every table whose
-- rows are taken at their word.
CREATE TABLE meta (
    k   TEXT PRIMARY KEY,
    v   BLOB NOT NULL,
    chk INTEGER NOT NULL
) WITHOUT ROWID;

-- Kinds by a short number, with the sums of their live items.
CREATE TABLE kinds (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    live INTEGER NOT NULL,
    sum  BLOB NOT NULL,
    chk  INTEGER NOT NULL
);

-- The record: the newest state of each item, and tombstones. pos is the place
-- in the outbox at which the row was queued last; it is pending while a row of
-- outbox has that place. body is the canonical form, digest its digest.
CREATE TABLE items (
    id       INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,
    key      TEXT NOT NULL,
    gen      INTEGER NOT NULL,
    dead     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    pos      INTEGER NOT NULL,
    chk      INTEGER NOT NULL,
    digest   BLOB NOT NULL,
    body     BLOB NOT NULL
);
CREATE UNIQUE INDEX items_identity ON items (kind, key, gen);
-- What changed since a revision; revisions rise, so that new rows go to its end.
CREATE INDEX items_revision ON items (revision);

-- What must still go up, in order. Narrow rows, so that acknowledging a batch
-- is one deletion of a range. sort: 0 item, 1 tombstone, 2 gone, 3 result, 4 idle
-- (changed back to what the hub holds); ref is
-- the row of items or results. sent is the digest that the hub is known to
-- hold; flying the one in the frozen batch, where the item changed since.
CREATE TABLE outbox (
    pos    INTEGER PRIMARY KEY,
    sort   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    ref    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    sent   BLOB,
    flying BLOB
);
CREATE INDEX outbox_flying ON outbox (pos) WHERE flying IS NOT NULL;

CREATE TABLE results (
    id   INTEGER PRIMARY KEY,
    job  TEXT NOT NULL UNIQUE,
    pos  INTEGER NOT NULL,
    body BLOB NOT NULL,
    chk  INTEGER NOT NULL
);

-- The batch in flight, if there is one: everything in the outbox up to last.
CREATE TABLE batch (
    number  INTEGER PRIMARY KEY,
    digest  TEXT NOT NULL,
    last    INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    body    BLOB NOT NULL,
    chk     INTEGER NOT NULL
);

-- What became of items that drifted and that this store was to repair by itself.
-- state: 0 about to be, 1 to be told to the hub, 2 told, and refused by the POS.
CREATE TABLE repairs (
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    gen   INTEGER NOT NULL,
    state INTEGER NOT NULL,
    body  BLOB NOT NULL, -- JSON
    chk   INTEGER NOT NULL,
    PRIMARY KEY (kind, key, gen)
) WITHOUT ROWID;

-- Keys to be read again from the POS; gone says that a deletion was seen.
CREATE TABLE dirty (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    gone INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

-- Items that wait for a person: cause is "hub" (refused) or "pos" (unreadable).
CREATE TABLE parked (
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    cause TEXT NOT NULL,
    name  TEXT NOT NULL,
    why   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (kind, key, cause)
) WITHOUT ROWID;

-- Generations and tombstones that plait_links does not say yet.
CREATE TABLE unsettled (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    gen  INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    link_of INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key, gen)
) WITHOUT ROWID;

-- Change rows of the POS that are in the record already, by pages.
CREATE TABLE seen (
    id    INTEGER PRIMARY KEY,
    low   INTEGER NOT NULL,
    high  INTEGER NOT NULL,
    pairs BLOB NOT NULL
);
CREATE INDEX seen_high ON seen (high, low);
