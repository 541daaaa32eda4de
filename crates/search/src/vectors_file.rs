//! The log of vectors on disk: a header, then steps. Each step is its length, a checksum, the entry of the
//! journal it is as of, and what was embedded. Numbers are little-endian, vectors are 16 bits a number. What
//! does not end in a whole step was cut off by a crash; it is written over.

use crate::vectors::RecordPlace;
use crate::vectors_latest::Latest;
use duijie_record::Visibility;
use duijie_vocab::{RecordId, RegionCode};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"DJVECT01";
/// A step of more bytes was never written.
const MAX_STEP: u32 = 1 << 30;
const MAX_SIZE: usize = 1 << 14;
/// A log is written anew when so many of its entries are no longer so.
const WASTE: usize = 10_000;
/// So many entries stand in a step of a log that is written anew.
const STEP: usize = 1_000;

/// What the whole log depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Header {
    pub(crate) model: String,
    /// How long its vectors are; 0 before there is any.
    pub(crate) size: usize,
    /// How many vectors the middles were learnt from.
    pub(crate) centred: usize,
    pub(crate) passages: Vec<f32>,
    pub(crate) queries: Vec<f32>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    Record {
        place: RecordPlace,
        digest: u64,
        vector: Option<Vec<f32>>,
    },
    /// A name embedded as a question.
    Sample(Vec<f32>),
}

/// What a log holds, in its order.
pub(crate) enum Told {
    Header(Header),
    /// What was embedded, and the entry of the journal that it is as of.
    Step(Vec<Entry>, i64),
}

#[derive(Debug)]
pub(crate) struct VectorLog {
    file: File,
    /// Bytes up to the end of the last whole step.
    length: u64,
    entries: usize,
}

impl Header {
    pub(crate) fn empty(model: &str) -> Header {
        Header { model: model.to_string(), ..Header::default() }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put_text(&mut bytes, &self.model);
        bytes.extend((self.size as u32).to_le_bytes());
        bytes.extend((self.centred as u32).to_le_bytes());
        for centre in [&self.passages, &self.queries] {
            bytes.extend((centre.len() as u32).to_le_bytes());
            centre.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        }
        bytes
    }

    fn read(reader: &mut impl Read) -> io::Result<Option<Header>> {
        let mut magic = [0; 8];
        if reader.read_exact(&mut magic).is_err() || magic != *MAGIC {
            return Ok(None);
        }
        let mut text = vec![0; usize::from(u16::from_le_bytes(take(reader)?))];
        reader.read_exact(&mut text)?;
        let model = String::from_utf8(text).map_err(|_| damaged())?;
        let (size, centred) = (number(reader)?, number(reader)?);
        let mut centre = || -> io::Result<Vec<f32>> {
            let length = number(reader)?;
            if length != 0 && length != size || length > MAX_SIZE {
                return Err(damaged());
            }
            let values = (0..length).map(|_| Ok(f32::from_le_bytes(take(reader)?))).collect::<io::Result<Vec<f32>>>()?;
            if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(damaged()) }
        };
        let (passages, queries) = (centre()?, centre()?);
        Ok(Some(Header { model, size, centred, passages, queries }))
    }
}

impl VectorLog {
    /// Reads the log at `path` of this model, step by step. Nothing if there is none, or one of another
    /// model, or one whose beginning is damaged.
    pub(crate) fn read(path: &Path, model: &str, told: &mut dyn FnMut(Told)) -> io::Result<Option<VectorLog>> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let Some(found) = Header::read(&mut reader).unwrap_or(None).filter(|found| found.model == model) else { return Ok(None) };
        let (mut length, mut count) = (found.to_bytes().len() as u64, 0);
        let mut size = found.size;
        told(Told::Header(found));
        while let Some((bytes, cursor)) = whole_step(&mut reader)? {
            let Some(entries) = entries(&bytes, &mut size) else { break };
            length += bytes.len() as u64 + 20;
            count += entries.len();
            told(Told::Step(entries, cursor));
        }
        Ok(Some(VectorLog { file: reader.into_inner(), length, entries: count }))
    }

    /// Whether the file is as long as this knows it.
    pub(crate) fn is_whole(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() == self.length)
    }

    /// A new log in place of whatever was there.
    pub(crate) fn create(path: &Path, header: &Header) -> io::Result<VectorLog> {
        let (file, length) = begin(path, header)?;
        finish(path, &file)?;
        Ok(VectorLog { file, length, entries: 0 })
    }

    /// Adds a step; it is on disk when this returns.
    pub(crate) fn append(&mut self, entries: &[Entry], cursor: i64) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        let bytes = step_bytes(entries, cursor);
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        self.entries += entries.len();
        Ok(())
    }

    /// Whether most of the log is about what is no longer so.
    pub(crate) fn is_wasteful(&self, records: usize) -> bool {
        self.entries > WASTE + 2 * records
    }

    /// Writes the last that is known of each record to a new log in place of this one, with the middle of
    /// all vectors.
    pub(crate) fn write_anew(&self, path: &Path, model: &str) -> io::Result<VectorLog> {
        let latest = Latest::of(path, model)?;
        let (file, mut length) = begin(path, &latest.header)?;
        let mut writer = BufWriter::with_capacity(1 << 20, &file);
        let (mut at, mut kept, mut count) = (0, Vec::new(), 0);
        let mut failed = Ok(());
        let mut flush = |kept: &mut Vec<Entry>, cursor: i64| -> io::Result<()> {
            let bytes = step_bytes(kept, cursor);
            length += bytes.len() as u64;
            count += kept.len();
            kept.clear();
            writer.write_all(&bytes)
        };
        VectorLog::read(path, model, &mut |told| {
            let Told::Step(entries, _) = told else { return };
            for entry in entries {
                kept.extend(latest.keeps(entry, at));
                at += 1;
            }
            // A cursor that is too early only means that some records are looked at again.
            if kept.len() >= STEP && failed.is_ok() {
                failed = flush(&mut kept, 0);
            }
        })?;
        failed?;
        flush(&mut kept, latest.cursor)?;
        writer.flush()?;
        drop(writer);
        finish(path, &file)?;
        Ok(VectorLog { file, length, entries: count })
    }
}

fn begin(path: &Path, header: &Header) -> io::Result<(File, u64)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(draft)?;
    let bytes = header.to_bytes();
    file.write_all(&bytes)?;
    Ok((file, bytes.len() as u64))
}

fn finish(path: &Path, file: &File) -> io::Result<()> {
    file.sync_all()?;
    std::fs::rename(path.with_extension("new"), path)
}

/// Length, checksum, cursor, entries.
fn step_bytes(entries: &[Entry], cursor: i64) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    for entry in entries {
        put_entry(&mut bytes, entry);
    }
    bytes[12..20].copy_from_slice(&cursor.to_le_bytes());
    let checksum = checksum(&bytes[12..]);
    let length = (bytes.len() - 20) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..12].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The entries of the next step and its cursor; nothing at the end, or where the rest is not whole.
fn whole_step(reader: &mut impl Read) -> io::Result<Option<(Vec<u8>, i64)>> {
    let mut head = [0; 20];
    if !filled(reader, &mut head)? {
        return Ok(None);
    }
    let (length, rest) = head.split_first_chunk::<4>().expect("BUG: twenty bytes begin with four");
    let (known, cursor) = rest.split_first_chunk::<8>().expect("BUG: sixteen bytes begin with eight");
    let length = u32::from_le_bytes(*length);
    if length > MAX_STEP {
        return Ok(None);
    }
    let mut bytes = cursor.to_vec();
    bytes.resize(8 + length as usize, 0);
    if !filled(reader, &mut bytes[8..])? || checksum(&bytes) != u64::from_le_bytes(*known) {
        return Ok(None);
    }
    let entries = bytes.split_off(8);
    Ok(bytes.first_chunk().map(|cursor| (entries, i64::from_le_bytes(*cursor))))
}

/// Whether there were enough bytes.
fn filled(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        other => other.map(|()| true),
    }
}

/// FNV-1a over words of eight bytes.
fn checksum(bytes: &[u8]) -> u64 {
    let word = |eight: &[u8]| eight.iter().fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |hash, eight| (hash ^ word(eight)).wrapping_mul(0x0100_0000_01b3))
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    bytes.extend((end as u16).to_le_bytes());
    bytes.extend(&text.as_bytes()[..end]);
}

fn put_entry(bytes: &mut Vec<u8>, entry: &Entry) {
    let vector = match entry {
        Entry::Sample(vector) => {
            bytes.push(1);
            Some(vector)
        }
        Entry::Record { place, digest, vector } => {
            bytes.push(0);
            put_text(bytes, place.id.as_str());
            put_text(bytes, &place.kind);
            put_text(bytes, &place.region.to_string());
            bytes.extend([place.visibility as u8, u8::from(place.active)]);
            bytes.extend(digest.to_le_bytes());
            vector.as_ref()
        }
    };
    let vector = vector.map_or(&[][..], Vec::as_slice);
    let most = vector.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let step = if most > 0.0 { most / f32::from(i16::MAX) } else { 1.0 };
    bytes.extend((vector.len() as u16).to_le_bytes());
    bytes.extend(step.to_le_bytes());
    vector.iter().for_each(|value| bytes.extend(((value / step).round() as i16).to_le_bytes()));
}

/// The entries of a step; nothing if they are none. All vectors are of one `size`, once there is one.
fn entries(mut bytes: &[u8], size: &mut usize) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        entries.push(entry(&mut bytes, size)?);
    }
    Some(entries)
}

fn entry(bytes: &mut &[u8], size: &mut usize) -> Option<Entry> {
    let [tag] = take(bytes).ok()?;
    if tag == 1 {
        return vector(bytes, size)?.map(Entry::Sample);
    }
    let id = RecordId::parse(text(bytes)?)?;
    let kind = text(bytes)?.to_string();
    let region = RegionCode::parse(text(bytes)?).ok()?;
    let [visibility, active] = take(bytes).ok()?;
    let visibility = *Visibility::ALL.get(usize::from(visibility))?;
    let digest = u64::from_le_bytes(take(bytes).ok()?);
    let place = RecordPlace { id, kind, region, visibility, active: active == 1 };
    Some(Entry::Record { place, digest, vector: vector(bytes, size)? })
}

fn text<'b>(bytes: &mut &'b [u8]) -> Option<&'b str> {
    let length = usize::from(u16::from_le_bytes(take(bytes).ok()?));
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

fn vector(bytes: &mut &[u8], size: &mut usize) -> Option<Option<Vec<f32>>> {
    let length = usize::from(u16::from_le_bytes(take(bytes).ok()?));
    let step = f32::from_le_bytes(take(bytes).ok()?);
    if length == 0 {
        return Some(None);
    }
    let (numbers, rest) = bytes.split_at_checked(length * 2)?;
    if *size == 0 {
        *size = length;
    }
    if length != *size || !step.is_finite() {
        return None;
    }
    *bytes = rest;
    Some(Some(numbers.as_chunks::<2>().0.iter().map(|two| f32::from(i16::from_le_bytes(*two)) * step).collect()))
}

fn take<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn number(reader: &mut impl Read) -> io::Result<usize> {
    take(reader).map(|bytes| u32::from_le_bytes(bytes) as usize)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the header is damaged")
}
