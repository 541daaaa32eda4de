-- What is worked on step by step. One row per matter: its last version. `entry` is the last entry
-- that changed the row.
CREATE TABLE matter (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    state TEXT NOT NULL,
    region TEXT NOT NULL,
    due BIGINT,
    updated BIGINT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    entry BIGINT NOT NULL
) {rows};
CREATE INDEX matter_due ON matter (due, id) WHERE due IS NOT NULL;
CREATE INDEX matter_updated ON matter (kind, updated, id);
CREATE INDEX matter_count ON matter (kind, state, region);
CREATE INDEX matter_entry ON matter (entry);

-- Whom and what a matter concerns.
CREATE TABLE matter_party (
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (id, role, who)
) {clustered};
CREATE INDEX matter_party_who ON matter_party (who, kind, role, id);
