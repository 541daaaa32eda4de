-- How a person is reached, and what a login needs besides the password.
ALTER TABLE account ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN second TEXT NOT NULL DEFAULT '';

-- Beside the journal: who tried to log in from where, and what came of it.
CREATE TABLE login_attempt (
    login TEXT NOT NULL,
    at BIGINT NOT NULL,
    address TEXT NOT NULL,
    outcome TEXT NOT NULL
) {rows};
CREATE INDEX login_attempt_login ON login_attempt (login, at);
CREATE INDEX login_attempt_at ON login_attempt (at);

-- Beside the journal: what is kept for a while, such as answers to requests that may come twice.
CREATE TABLE kept (
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (space, key)
) {clustered};
CREATE INDEX kept_expires ON kept (expires);
