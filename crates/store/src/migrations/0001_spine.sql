-- The journal and the state that its entries leave.
CREATE TABLE entry (
    seq BIGINT PRIMARY KEY,
    subject TEXT NOT NULL,
    bytes BLOB NOT NULL,
    digest BLOB NOT NULL,
    salt BLOB,
    payload BLOB
) {rows};
CREATE INDEX entry_subject ON entry (subject, seq);

-- One row per record: its last version. `entry` is the last entry that changed the row.
CREATE TABLE record (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    region TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'registered', 'parties', 'office')),
    state TEXT NOT NULL CHECK (state IN ('active', 'withdrawn', 'merged')),
    version BIGINT NOT NULL CHECK (version >= 1),
    updated BIGINT NOT NULL,
    title TEXT NOT NULL,
    digest BLOB NOT NULL,
    body TEXT NOT NULL,
    entry BIGINT NOT NULL
) {rows};
CREATE INDEX record_entry ON record (entry, kind);
CREATE INDEX record_updated ON record (kind, updated, id);
CREATE INDEX record_title ON record (kind, title, id);
CREATE INDEX record_count ON record (kind, region, visibility, state);

-- The natural keys of each record. `id` is the record that answers to the key: the owner, or the
-- one that the owner was merged into.
CREATE TABLE record_key (
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    strong BIGINT NOT NULL CHECK (strong IN (0, 1)),
    id TEXT NOT NULL,
    PRIMARY KEY (owner, kind, key)
) {clustered};
CREATE INDEX record_key_found ON record_key (kind, key, strong, id);
CREATE INDEX record_key_merged ON record_key (id) WHERE id <> owner;

-- What the fields of each record point to. `to_id` is the one record that answers to the key.
CREATE TABLE record_link (
    from_id TEXT NOT NULL,
    field TEXT NOT NULL,
    to_kind TEXT NOT NULL,
    to_key TEXT NOT NULL,
    to_id TEXT,
    PRIMARY KEY (from_id, field, to_kind, to_key)
) {clustered};
CREATE INDEX record_link_named ON record_link (to_kind, to_key);
CREATE INDEX record_link_to ON record_link (to_id, from_id);

CREATE TABLE account (
    login TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    region TEXT NOT NULL,
    organization TEXT,
    disabled BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    entry BIGINT NOT NULL
) {clustered};

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    entry BIGINT NOT NULL
) {clustered};

-- Beside the journal: who is logged in, and how far followers got.
CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL,
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    expires BIGINT NOT NULL
) {clustered};
CREATE INDEX session_login ON session (login);
CREATE INDEX session_expires ON session (expires);

CREATE TABLE follower (
    name TEXT NOT NULL PRIMARY KEY,
    cursor BIGINT NOT NULL CHECK (cursor >= 0)
) {clustered};
