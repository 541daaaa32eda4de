-- The ledger. The checks are the second belt: the engine keeps the same laws itself.
CREATE TABLE ledger_account (
    id TEXT NOT NULL PRIMARY KEY,
    side TEXT NOT NULL CHECK (side IN ('credit', 'debit', 'free')),
    debits_posted BIGINT NOT NULL CHECK (debits_posted >= 0),
    credits_posted BIGINT NOT NULL CHECK (credits_posted >= 0),
    debits_pending BIGINT NOT NULL CHECK (debits_pending >= 0),
    credits_pending BIGINT NOT NULL CHECK (credits_pending >= 0),
    entry BIGINT NOT NULL,
    CHECK (side <> 'credit' OR credits_posted - debits_posted >= debits_pending),
    CHECK (side <> 'debit' OR debits_posted - credits_posted >= credits_pending)
) {clustered};

-- `number` orders the transfers as they were accepted; `ended_by` is the transfer that ended a
-- reservation.
CREATE TABLE ledger_transfer (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    reserved BIGINT NOT NULL CHECK (reserved >= amount),
    posts BIGINT NOT NULL CHECK (posts IN (0, 1)),
    happened BIGINT NOT NULL,
    expires BIGINT,
    status TEXT NOT NULL CHECK (status IN ('final', 'pending', 'settled', 'voided', 'expired')),
    ended_by TEXT,
    body TEXT NOT NULL,
    CHECK (debit <> credit),
    CHECK ((status IN ('final', 'pending')) = (ended_by IS NULL))
) {rows};
CREATE INDEX ledger_transfer_debit ON ledger_transfer (debit, number);
CREATE INDEX ledger_transfer_credit ON ledger_transfer (credit, number);
CREATE INDEX ledger_transfer_expires ON ledger_transfer (expires) WHERE status = 'pending' AND expires IS NOT NULL;

-- What each transfer belongs to: `measure`, `voucher`, `order`, `case`, `payout`.
CREATE TABLE ledger_link (
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    transfer TEXT NOT NULL,
    PRIMARY KEY (name, target, transfer)
) {clustered};
