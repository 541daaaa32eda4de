//! The dump: the journal as lines of JSON. The first line names the format, then comes one line
//! per entry, and the last line says how many there were and the head's digest, so that a dump
//! that was cut off is recognised.

use crate::backup::file_error;
use crate::entries::{self, StoredEntry};
use crate::sql::Conn;
use crate::{BackupError, Head, StoreFault};
use duijie_journal::{Payload, Sealed, verify};
use duijie_vocab::Digest;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

const FORMAT: &str = "duijie-journal-1";

/// How many entries are read or written at a time.
const CHUNK: usize = 1000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    format: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    entries: i64,
    head: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The entry's canonical bytes, which are text.
    entry: String,
    /// Salt and payload in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<(String, String)>,
}

/// Writes the journal that `conn` sees to `out`; `path` is for messages.
pub(crate) fn write(conn: &mut Conn, out: &mut impl Write, path: &Path) -> Result<(), BackupError> {
    let mut put = |line: &[u8]| out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(|fault| file_error(path, fault));
    put(&json(&First { format: FORMAT.to_string() }))?;
    let mut written = 0;
    loop {
        let chunk = entries::after(conn, written, CHUNK as i64)?;
        let Some(last) = chunk.last() else { break };
        written = last.seq;
        for stored in chunk {
            put(&json(&line(stored)?))?;
        }
    }
    let head = entries::head(conn)?;
    put(&json(&Last { entries: head.seq, head: head.digest }))
}

fn line(stored: StoredEntry) -> Result<Line, StoreFault> {
    let payload = stored.payload().map(|payload| (hex(&payload.salt), hex(&payload.bytes)));
    let entry = String::from_utf8(stored.bytes).map_err(|why| StoreFault::unreadable(format_args!("entry {}", stored.seq), why))?;
    Ok(Line { entry, payload })
}

/// Reads a dump into the empty journal of `conn`, checking the chain, and returns its head. The state and
/// the links between entries are still to be made.
pub(crate) fn read(conn: &mut Conn, path: &Path) -> Result<Head, BackupError> {
    let file = File::open(path).map_err(|fault| file_error(path, fault))?;
    let mut lines = BufReader::new(file).lines().enumerate();
    let malformed = |at: usize, why: String| BackupError::Malformed { path: path.display().to_string(), line: at + 1, why };
    let cut_off = || BackupError::CutOff { path: path.display().to_string() };
    let (_, first) = lines.next().ok_or_else(cut_off)?;
    let first = first.map_err(|fault| file_error(path, fault))?;
    match serde_json::from_str::<First>(&first) {
        Ok(first) if first.format == FORMAT => {}
        _ => return Err(malformed(0, "this is not a dump of a journal that this version knows".to_string())),
    }
    let mut head = Head { seq: 0, digest: Digest::ZERO };
    let mut waiting = Vec::with_capacity(CHUNK);
    for (at, line) in lines {
        let line = line.map_err(|fault| file_error(path, fault))?;
        if let Ok(last) = serde_json::from_str::<Last>(&line) {
            entries::insert_unlinked(conn, &waiting)?;
            return if (last.entries, last.head) == (head.seq, head.digest) { Ok(head) } else { Err(cut_off()) };
        }
        let line: Line = serde_json::from_str(&line).map_err(|why| malformed(at, why.to_string()))?;
        let sealed = sealed(line).map_err(|why| malformed(at, why))?;
        verify((head.seq, head.digest), &sealed).map_err(|why| malformed(at, why.to_string()))?;
        head = Head { seq: sealed.entry.seq, digest: sealed.digest };
        waiting.push(sealed);
        if waiting.len() == CHUNK {
            entries::insert_unlinked(conn, &waiting)?;
            waiting.clear();
        }
    }
    Err(cut_off())
}

fn sealed(line: Line) -> Result<Sealed, String> {
    let payload = match line.payload {
        None => None,
        Some((salt, bytes)) => {
            let salt = unhex(&salt).and_then(|salt| salt.try_into().ok()).ok_or("the salt is not 32 hexadecimal digits")?;
            Some(Payload { salt, bytes: unhex(&bytes).ok_or("the payload is not in hexadecimal digits")? })
        }
    };
    Sealed::read(line.entry.into_bytes(), payload).map_err(|why| why.to_string())
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("BUG: a line of a dump always serializes")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a String");
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs.map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)).collect()
}
