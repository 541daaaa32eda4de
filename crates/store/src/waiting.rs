//! What the use cases of a group wrote and the tables do not hold yet. Entries, record
//! rows, matters, settings and the ledger wait here until somebody asks for them or the group ends, so that many
//! small writes share their statements as they share their commit.

use crate::ledger::{self, WaitingLedger};
use crate::moved::{self, WaitingMatters};
use crate::setting::{self, WaitingSettings};
use crate::sql::Conn;
use crate::state::{self, RowPut};
use crate::{Put, StoreFault, entries};
use duijie_journal::{RecordKey, RecordRef, Sealed};
use duijie_record::Record;
use duijie_vocab::RecordId;
use std::collections::HashSet;

#[derive(Default)]
pub(crate) struct Waiting {
    /// INVARIANT: holds at least the entries of `puts`, `matters` and `settings`.
    entries: Vec<Sealed>,
    puts: Vec<WaitingPut>,
    /// The records in `puts`.
    ids: HashSet<RecordId>,
    pub(crate) ledger: WaitingLedger,
    pub(crate) matters: WaitingMatters,
    pub(crate) settings: WaitingSettings,
}

struct WaitingPut {
    entry: i64,
    record: Record,
    title: String,
    keys: Vec<RecordKey>,
    refs: Vec<RecordRef>,
}

impl WaitingPut {
    fn row(&self) -> RowPut<'_> {
        let WaitingPut { entry, record, title, keys, refs } = self;
        RowPut { entry: *entry, record, title, keys, refs, fresh: record.version == 1 }
    }
}

impl Waiting {
    pub(crate) fn entry(&mut self, sealed: Sealed) {
        self.entries.push(sealed);
    }

    pub(crate) fn record(&mut self, entry: i64, put: &Put<'_>) {
        let Put { record, schema, keys, refs } = *put;
        self.ids.insert(record.id.clone());
        self.puts.push(WaitingPut { entry, record: record.clone(), title: schema.title.clone(), keys: keys.to_vec(), refs: refs.to_vec() });
    }

    /// Whether the row of any of `ids` waits.
    pub(crate) fn has_any<'a>(&self, mut ids: impl Iterator<Item = &'a RecordId>) -> bool {
        !self.ids.is_empty() && ids.any(|id| self.ids.contains(id))
    }

    /// Forgets what only the last transaction, which was committed, had to know.
    pub(crate) fn begin(&mut self) {
        let ledger = std::mem::take(&mut self.ledger).committed();
        *self = Waiting { ledger, ..Waiting::default() };
    }

    /// Forgets everything, as the transaction it belongs to was taken back.
    pub(crate) fn clear(&mut self) {
        *self = Waiting::default();
    }
}

/// Writes what waits into the tables.
pub(crate) fn settle(conn: &mut Conn) -> Result<(), StoreFault> {
    if conn.waiting().entries.is_empty() && conn.waiting().ledger.is_empty() {
        return Ok(());
    }
    let Waiting { entries, puts, ledger, matters, settings, .. } = std::mem::take(conn.waiting());
    entries::insert(conn, &entries)?;
    state::put_rows(conn, &puts.iter().map(WaitingPut::row).collect::<Vec<_>>())?;
    moved::put(conn, &matters.into_versions())?;
    setting::put(conn, &settings)?;
    conn.waiting().ledger = ledger::settle(conn, ledger)?;
    Ok(())
}
