-- The transfers of an account stand on its pages. The account's own row, which each of its transfers changes anyway,
-- holds the open page; a full page of sixteen becomes a row of `ledger_page`. Indexes over debit and credit cost every
-- transfer two places somewhere in them.
--
-- A page is the numbers of its transfers in eight bytes each, most significant first, and always as long as a full one,
-- so that an account's row keeps its size. `last` is the last number on a page, `balance` what had been posted to the
-- account up to there, credits − debits, and `newest` the latest instant up to there.
CREATE TABLE ledger_page (
    account TEXT NOT NULL,
    last BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    numbers BLOB NOT NULL,
    PRIMARY KEY (account, last)
) {clustered};
ALTER TABLE ledger_account ADD COLUMN newest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_account ADD COLUMN page BLOB;
DROP INDEX ledger_transfer_debit;
DROP INDEX ledger_transfer_credit;
