-- Each entry names the one before it about the same subject; a subject's last entry stands in its row of
-- state. An index over all subjects cost every write a page of its own somewhere in the index.
ALTER TABLE entry ADD COLUMN previous BIGINT;
UPDATE entry SET previous = linked.earlier FROM (
    SELECT seq, LAG(seq) OVER (PARTITION BY subject ORDER BY seq) AS earlier FROM entry WHERE subject NOT IN ('import', 'ledger')
) AS linked WHERE linked.seq = entry.seq;
DROP INDEX entry_subject;
CREATE INDEX entry_import ON entry (seq) WHERE subject = 'import';
