//! The check: recomputes the chain from the first entry, replays every entry into a scratch
//! database, and compares that with what is stored, row by row in bounded memory.

use crate::entries::{self, StoredEntry};
use crate::sql::{Arg, Conn, Row};
use crate::state::{self, Replay};
use crate::{Store, StoreFault, migration};
use duijie_journal::{Event, Sealed, verify};
use duijie_vocab::{Diagnostic, Digest, Text, text};
use std::collections::HashSet;
use std::fmt;

/// What the check looked at and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    pub entries: i64,
    pub records: i64,
    /// Entries whose confidential part was erased as an entry says.
    pub erased: i64,
    /// The last entry's digest.
    pub head: Option<Digest>,
    /// What is wrong, at most [`MAX_FAULTS`] of it.
    pub faults: Vec<Diagnostic>,
    /// How much more is wrong.
    pub more: i64,
}

/// The most faults that are told one by one.
const MAX_FAULTS: usize = 1000;

/// How many rows are read at a time.
const CHUNK: i64 = 1000;

impl CheckReport {
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn tell(&mut self, code: &str, message: Text, help: Text) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Diagnostic::error(code, message).help(help));
        } else {
            self.more += 1;
        }
    }
}

impl Store {
    /// Checks the journal and everything that is derived from it in this database, while it serves.
    pub fn check(&self) -> Result<CheckReport, StoreFault> {
        self.pool().read(check)
    }
}

fn check(conn: &mut Conn) -> Result<CheckReport, StoreFault> {
    let mut report = CheckReport::default();
    let mut scratch = Conn::scratch()?;
    migration::create(&mut scratch)?;
    // One transaction that never ends: a commit per statement would cost more than the replay.
    scratch.batch("BEGIN")?;
    // What cannot even be read is a fault like any other; the check goes on with the next table.
    if let Err(fault) = check_journal(conn, &mut scratch, &mut report) {
        tell_unreadable("entry", &fault, &mut report);
    }
    if let Err(fault) = check_links(conn, &mut report) {
        tell_unreadable("entry", &fault, &mut report);
    }
    for table in TABLES {
        if let Err(fault) = compare(conn, &mut scratch, &table, &mut report) {
            tell_unreadable(table.name, &fault, &mut report);
        }
    }
    report.records = conn.first("SELECT COUNT(*) FROM record", &[], |row| row.int(0))?.unwrap_or(0);
    Ok(report)
}

/// Walks the chain and replays each entry that reads into `scratch`.
fn check_journal(conn: &mut Conn, scratch: &mut Conn, report: &mut CheckReport) -> Result<(), StoreFault> {
    let mut replay = Replay::new();
    let mut payloads = Payloads::default();
    let mut before = (0, Digest::ZERO);
    let mut at = 0;
    loop {
        let chunk = entries::after(conn, at, CHUNK)?;
        let Some(last) = chunk.last() else { break };
        at = last.seq;
        for stored in chunk {
            report.entries += 1;
            let seq = stored.seq;
            let Some(sealed) = check_entry(stored, before, report) else {
                // The chain goes on from what the next entry claims, so that one fault is told once.
                before = (seq, Digest::ZERO);
                continue;
            };
            payloads.note(&sealed);
            before = (seq, sealed.digest);
            let replayed = replay.apply(scratch, &sealed, |target| state::journal_entry(conn, target));
            if let Err(fault) = replayed {
                let why = fault.to_string();
                report.tell("check.replay", text!("第 {seq} 条日志无法重放：{why}", "entry {seq} cannot be replayed: {why}"), restore_help());
                replay = Replay::new();
            }
        }
    }
    if let Err(fault) = replay.finish(scratch) {
        let why = fault.to_string();
        report.tell("check.replay", text!("日志无法重放：{why}", "the journal cannot be replayed: {why}"), restore_help());
    }
    payloads.compare(report);
    report.head = (before.0 > 0).then_some(before.1);
    Ok(())
}

/// Looks whether each entry names the one before it about the same subject.
fn check_links(conn: &mut Conn, report: &mut CheckReport) -> Result<(), StoreFault> {
    for seq in entries::mislinked(conn, MAX_FAULTS as i64)? {
        let message = text!("第 {seq} 条日志没有指向同一对象的上一条", "entry {seq} does not name the entry before it about the same subject");
        report.tell("check.link", message, rebuild_help());
    }
    Ok(())
}

/// Which payloads are gone, and which ought to be.
#[derive(Default)]
struct Payloads {
    missing: HashSet<i64>,
    erased: HashSet<i64>,
}

impl Payloads {
    fn note(&mut self, sealed: &Sealed) {
        if sealed.is_erased() {
            self.missing.insert(sealed.entry.seq);
        }
        if let Event::PayloadErased(erased) = &sealed.entry.event {
            self.erased.insert(erased.seq);
        }
    }

    fn compare(&self, report: &mut CheckReport) {
        let mut lost: Vec<_> = self.missing.difference(&self.erased).collect();
        let mut kept: Vec<_> = self.erased.difference(&self.missing).collect();
        lost.sort_unstable();
        kept.sort_unstable();
        for seq in lost {
            let message = text!(
                "第 {seq} 条日志的保密部分不见了，而没有删除记录",
                "the confidential part of entry {seq} is missing, and no entry says that it was erased"
            );
            report.tell("check.payload_missing", message, restore_help());
        }
        for seq in kept {
            let message = text!("第 {seq} 条日志的保密部分应已删除，却仍在", "the confidential part of entry {seq} was to be erased, but is there");
            report.tell("check.payload_not_erased", message, text!("请再次删除该部分", "erase it again"));
        }
        report.erased = self.missing.intersection(&self.erased).count() as i64;
    }
}

/// The entry, if it reads; every fault of it is told.
fn check_entry(stored: StoredEntry, before: (i64, Digest), report: &mut CheckReport) -> Option<Sealed> {
    let seq = stored.seq;
    let mut fault = |why: Text| {
        let message = Text::new(format!("第 {seq} 条日志：{}", why.zh), format!("entry {seq}: {}", why.en));
        report.tell("check.entry", message, restore_help());
    };
    if seq != before.0 + 1 {
        let missing = before.0 + 1;
        fault(text!("前面缺少第 {missing} 条", "entry {missing} is missing before it"));
    }
    if stored.salt.is_some() != stored.payload.is_some() || stored.salt.as_ref().is_some_and(|salt| salt.len() != 16) {
        fault(text!("保密部分或其盐值残缺", "its confidential part or its salt is incomplete"));
    }
    let (subject, digest) = (stored.subject.clone(), stored.digest.clone());
    let sealed = match stored.sealed() {
        Ok(sealed) => sealed,
        Err(why) => {
            let why = why.to_string();
            fault(text!("无法读取：{why}", "it does not read: {why}"));
            return None;
        }
    };
    if sealed.digest.0.as_slice() != digest {
        fault(text!("内容与摘要不符", "its bytes do not have the digest that stands beside them"));
    }
    if sealed.entry.event.subject() != subject {
        fault(text!("检索词 `{subject}` 与内容不符", "it is filed under `{subject}`, which is not what it is about"));
    }
    // After an entry that does not read, the link to it cannot be judged.
    let prev = if before.1 == Digest::ZERO && before.0 > 0 { sealed.entry.prev } else { before.1 };
    if let Err(why) = verify((seq - 1, prev), &sealed) {
        let why = why.to_string();
        fault(text!("校验不通过：{why}", "it does not verify: {why}"));
    }
    Some(sealed)
}

fn tell_unreadable(table: &str, fault: &StoreFault, report: &mut CheckReport) {
    let message = text!("表 {table} 无法读完：{fault}", "table {table} cannot be read to its end: {fault}");
    report.tell("check.unreadable", message, restore_help());
}

fn restore_help() -> Text {
    text!("请停止写入并从备份恢复", "stop writing and restore a backup")
}

/// A derived table: its key columns, then the others.
struct Table {
    name: &'static str,
    zh: &'static str,
    key: &'static [&'static str],
    rest: &'static [&'static str],
}

const TABLES: [Table; 11] = [
    Table {
        name: "record",
        zh: "记录",
        key: &["id"],
        rest: &["kind", "region", "visibility", "state", "version", "updated", "title", "digest", "body", "entry"],
    },
    Table { name: "record_key", zh: "记录键", key: &["owner", "kind", "key"], rest: &["strong", "id"] },
    Table { name: "record_link", zh: "记录引用", key: &["from_id", "field", "to_kind", "to_key"], rest: &["to_id"] },
    Table {
        name: "account", zh: "账号", key: &["login"], rest: &["name", "hash", "roles", "region", "organization", "disabled", "email", "second", "entry"]
    },
    Table { name: "setting", zh: "设置", key: &["key"], rest: &["value", "entry"] },
    Table { name: "matter", zh: "事项", key: &["id"], rest: &["kind", "version", "state", "region", "due", "updated", "title", "body", "entry"] },
    Table { name: "matter_party", zh: "事项关联", key: &["id", "role", "who"], rest: &["kind"] },
    Table {
        name: "ledger_account",
        zh: "账户",
        key: &["id"],
        rest: &["side", "debits_posted", "credits_posted", "debits_pending", "credits_pending", "entry", "newest", "page"],
    },
    Table { name: "ledger_page", zh: "账页", key: &["account", "last"], rest: &["newest", "balance", "numbers"] },
    Table {
        name: "ledger_transfer",
        zh: "划转",
        key: &["number"],
        rest: &["id", "debit", "credit", "amount", "reserved", "posts", "happened", "expires", "status", "ended_by", "body"],
    },
    Table { name: "ledger_link", zh: "划转关联", key: &["name", "target", "transfer"], rest: &[] },
];

/// Columns that hold numbers; those that hold bytes.
const NUMBERS: [&str; 19] = [
    "version",
    "updated",
    "entry",
    "strong",
    "disabled",
    "due",
    "debits_posted",
    "credits_posted",
    "debits_pending",
    "credits_pending",
    "number",
    "amount",
    "reserved",
    "posts",
    "happened",
    "expires",
    "last",
    "newest",
    "balance",
];
const BYTES: [&str; 3] = ["digest", "page", "numbers"];

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Number(i64),
}

impl Key {
    fn arg(&self) -> Arg<'_> {
        match self {
            Key::Text(text) => Arg::Text(text),
            Key::Number(number) => Arg::Int(*number),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Text(text) => f.write_str(text),
            Key::Number(number) => number.fmt(f),
        }
    }
}

#[derive(PartialEq, Eq)]
struct TableRow {
    key: Vec<Key>,
    /// The other columns, as bytes.
    rest: Vec<Option<Vec<u8>>>,
}

/// Reads a table in the order of its key, a chunk at a time.
struct Rows<'a> {
    conn: &'a mut Conn,
    table: &'a Table,
    chunk: std::vec::IntoIter<TableRow>,
    last: Option<Vec<Key>>,
    done: bool,
}

impl Rows<'_> {
    fn next(&mut self) -> Result<Option<TableRow>, StoreFault> {
        if self.chunk.len() == 0 && !self.done {
            let rows = read_chunk(self.conn, self.table, self.last.as_deref())?;
            self.done = rows.len() < CHUNK as usize;
            self.last = rows.last().map(|row| row.key.clone());
            self.chunk = rows.into_iter();
        }
        Ok(self.chunk.next())
    }
}

fn read_chunk(conn: &mut Conn, table: &Table, after: Option<&[Key]>) -> Result<Vec<TableRow>, StoreFault> {
    let key = table.key.join(", ");
    let columns = [table.key, table.rest].concat().join(", ");
    let beyond = match after {
        Some(_) => format!(" WHERE ({key}) > ({})", (1..=table.key.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(",")),
        None => String::new(),
    };
    let sql = format!("SELECT {columns} FROM {}{beyond} ORDER BY {key} LIMIT {CHUNK}", table.name);
    let args: Vec<Arg<'_>> = after.into_iter().flatten().map(Key::arg).collect();
    conn.query(&sql, &args, |row| read_table_row(row, table))
}

fn read_table_row(row: &Row<'_>, table: &Table) -> Result<TableRow, StoreFault> {
    let part = |(column, name): (usize, &&str)| if NUMBERS.contains(name) { row.int(column).map(Key::Number) } else { row.text(column).map(Key::Text) };
    let key = table.key.iter().enumerate().map(part).collect::<Result<_, _>>()?;
    let value = |(at, name): (usize, &&str)| {
        let column = table.key.len() + at;
        Ok(match name {
            name if NUMBERS.contains(name) => row.int_or_null(column)?.map(|number| number.to_be_bytes().to_vec()),
            name if BYTES.contains(name) => row.blob_or_null(column)?,
            _ => row.text_or_null(column)?.map(String::into_bytes),
        })
    };
    Ok(TableRow { key, rest: table.rest.iter().enumerate().map(value).collect::<Result<_, StoreFault>>()? })
}

/// Compares a table with its replay and tells every row that is missing, too much or different.
fn compare(conn: &mut Conn, scratch: &mut Conn, table: &Table, report: &mut CheckReport) -> Result<(), StoreFault> {
    let rows = |conn| Rows { conn, table, chunk: Vec::new().into_iter(), last: None, done: false };
    let (mut stored, mut replayed) = (rows(conn), rows(scratch));
    let (mut left, mut right) = (stored.next()?, replayed.next()?);
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(left), Some(right)) => left.key.cmp(&right.key),
        };
        if order.is_le() && order.is_ge() {
            if let (Some(left), Some(right)) = (&left, &right) {
                tell_difference(table, left, right, report);
            }
        } else if let Some(row) = if order.is_lt() { &left } else { &right } {
            let (zh, name, key) = (table.zh, table.name, shown(&row.key));
            let message = if order.is_lt() {
                Text::new(format!("{zh} `{key}` 没有对应的日志"), format!("`{key}` is in table {name}, but no entry put it there"))
            } else {
                Text::new(format!("{zh} `{key}` 缺失"), format!("`{key}` is missing from table {name}"))
            };
            report.tell("check.state", message, rebuild_help());
        }
        if order.is_le() {
            left = stored.next()?;
        }
        if order.is_ge() {
            right = replayed.next()?;
        }
    }
}

fn tell_difference(table: &Table, stored: &TableRow, replayed: &TableRow, report: &mut CheckReport) {
    let different = table.rest.iter().zip(stored.rest.iter().zip(&replayed.rest)).filter(|(_, (stored, replayed))| stored != replayed);
    let columns: Vec<&str> = different.map(|(column, _)| *column).collect();
    if !columns.is_empty() {
        let (zh, name, key, columns) = (table.zh, table.name, shown(&stored.key), columns.join(", "));
        let message =
            Text::new(format!("{zh} `{key}` 的 {columns} 与日志不符"), format!("`{key}` in table {name} differs from what the journal says in {columns}"));
        report.tell("check.state", message, rebuild_help());
    }
}

fn shown(key: &[Key]) -> String {
    key.iter().map(Key::to_string).collect::<Vec<_>>().join(" / ")
}

fn rebuild_help() -> Text {
    text!("若日志无误，请由日志重建状态", "if the journal itself is sound, rebuild the state from it")
}
