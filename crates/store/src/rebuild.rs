//! Throws the derived state in this database away and makes it again from the journal.

use crate::entries;
use crate::sql::Conn;
use crate::state::{self, Replay};
use crate::{Store, StoreFault};

/// The tables that entries leave; sessions and cursors are beside the journal and stay.
const DERIVED: [&str; 11] =
    ["record", "record_key", "record_link", "account", "setting", "matter", "matter_party", "ledger_account", "ledger_page", "ledger_transfer", "ledger_link"];

/// How many entries are read at a time.
const CHUNK: i64 = 1000;

impl Store {
    /// Makes records, keys, links, accounts, settings, matters, the ledger and the links between entries again from the journal, in one
    /// transaction during which nobody writes. Returns how many entries were replayed.
    pub fn rebuild_state(&self) -> Result<i64, StoreFault> {
        let mut conn = self.connect()?;
        conn.begin_write()?;
        // Without a commit the connection takes the transaction back when it is dropped.
        let replayed = rebuild(&mut conn)?;
        conn.batch("COMMIT")?;
        Ok(replayed)
    }
}

/// Empties the derived tables and replays every entry, inside an open transaction.
pub(crate) fn rebuild(conn: &mut Conn) -> Result<i64, StoreFault> {
    for table in DERIVED {
        conn.batch(&format!("DELETE FROM {table}"))?;
    }
    let mut replay = Replay::new();
    let mut at = 0;
    let mut replayed = 0;
    loop {
        let chunk = entries::after(conn, at, CHUNK)?;
        let Some(last) = chunk.last() else { break };
        at = last.seq;
        for stored in chunk {
            let sealed = stored.sealed()?;
            // The target of an erasure is read before the state is borrowed for the replay.
            let target = match &sealed.entry.event {
                duijie_journal::Event::PayloadErased(erased) => state::journal_entry(conn, erased.seq)?,
                _ => None,
            };
            replay.apply(conn, &sealed, |_| Ok(target.clone()))?;
            replayed += 1;
        }
    }
    replay.finish(conn)?;
    entries::link(conn)?;
    Ok(replayed)
}
