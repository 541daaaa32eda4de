//! Compound files (MS-CFB), the container of workbooks before 2007 and of encrypted ones since.

use crate::ReadFault;
use std::io::{self, Read, Seek, SeekFrom};

/// The first bytes of a compound file (MS-CFB 2.2).
pub(crate) const MAGIC: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Bytes of a directory entry (MS-CFB 2.6.1); entries lie at multiples of it.
const ENTRY: usize = 128;

/// Why a compound file is refused. The names in its directory tell what it is: MS-OFFCRYPTO 2.3
/// keeps an encrypted workbook beside a stream `EncryptionInfo`, old workbooks have `Workbook` or
/// `Book`. Entries are found by their alignment, not by following the chain of sectors, so that a
/// damaged or hostile chain cannot mislead or delay.
pub(crate) fn judge(source: &mut (impl Read + Seek)) -> io::Result<ReadFault> {
    source.seek(SeekFrom::Start(0))?;
    let mut reader = io::BufReader::with_capacity(64 * ENTRY, source);
    let mut entry = [0u8; ENTRY];
    let mut workbook = false;
    let mut other = false;
    loop {
        match reader.read_exact(&mut entry) {
            Ok(()) => (),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
        if is_named(&entry, "EncryptionInfo") || is_named(&entry, "EncryptedPackage") {
            return Ok(ReadFault::Password);
        }
        workbook |= is_named(&entry, "Workbook") || is_named(&entry, "Book");
        other |= is_named(&entry, "WordDocument") || is_named(&entry, "PowerPoint Document");
    }
    Ok(if other && !workbook { ReadFault::OtherFormat("DOC/PPT") } else { ReadFault::LegacyXls })
}

/// Whether a directory entry has `name`: UTF-16LE, ended by a zero, its length in bytes at offset 64.
fn is_named(entry: &[u8; ENTRY], name: &str) -> bool {
    let wanted: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    entry.starts_with(&wanted) && usize::from(u16::from_le_bytes([entry[64], entry[65]])) == wanted.len()
}
