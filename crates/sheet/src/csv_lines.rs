//! The physical lines of a text file as UTF-8, whatever encoding each of them came in.

use crate::ReadFault;
use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_16BE, UTF_16LE};
use std::io::{self, BufRead, BufReader, Cursor, Read};

/// Bytes at the start of a file that are looked at before the first line is decoded.
const WINDOW: usize = 64 * 1024;
/// A byte that no UTF-8 and no GB18030 text contains; it marks what UTF-16 could not decode.
const UNDECODABLE: u8 = 0xff;

/// Lines, with their line breaks. UTF-8 and GB18030 may be mixed line by line, as they are in files
/// that were pasted together: a line is UTF-8 if it can be, else GB18030.
pub(crate) struct Lines<'a> {
    bytes: Box<dyn BufRead + 'a>,
    raw: Vec<u8>,
    number: u32,
    max_bytes: usize,
    /// What lines that can be read both ways are: what the lines around them were.
    habit: Habit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    Utf8,
    Gb18030,
    /// The file declares itself, so no line is guessed.
    OnlyUtf8,
}

/// What became of a line.
pub(crate) enum Line {
    Text,
    /// What could be decoded is there, with replacement characters.
    NotText,
    /// Nothing of the line was kept.
    TooLong,
}

impl<'a> Lines<'a> {
    pub(crate) fn open(mut source: impl Read + 'a, max_bytes: usize) -> io::Result<Lines<'a>> {
        let mut window = Vec::new();
        source.by_ref().take(WINDOW as u64).read_to_end(&mut window)?;
        let (bom, habit) = match Encoding::for_bom(&window) {
            Some((encoding, length)) if encoding == UTF_16LE || encoding == UTF_16BE => {
                let bytes = Cursor::new(window.split_off(length)).chain(source);
                let transcoded = BufReader::with_capacity(WINDOW, Utf16Reader::new(encoding, bytes));
                return Ok(Lines::new(Box::new(transcoded), max_bytes, Habit::OnlyUtf8));
            }
            Some((_, length)) => (length, Habit::Utf8),
            None => (0, habit_of(&window)),
        };
        let bytes = Cursor::new(window.split_off(bom)).chain(source);
        Ok(Lines::new(Box::new(BufReader::with_capacity(WINDOW, bytes)), max_bytes, habit))
    }

    fn new(bytes: Box<dyn BufRead + 'a>, max_bytes: usize, habit: Habit) -> Lines<'a> {
        Lines { bytes, raw: Vec::new(), number: 0, max_bytes, habit }
    }

    /// The number of the line that was read last, from 1.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Puts the next line, with its line break, into `text`; nothing at the end of the file.
    pub(crate) fn next_into(&mut self, text: &mut String) -> Result<Option<Line>, ReadFault> {
        text.clear();
        self.raw.clear();
        let room = self.max_bytes as u64;
        let read = self.bytes.by_ref().take(room).read_until(b'\n', &mut self.raw)?;
        if read == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        if self.raw.contains(&0) {
            return Err(ReadFault::Binary { line: self.number });
        }
        if read == self.max_bytes && self.raw.last() != Some(&b'\n') && self.skip_rest()? > 0 {
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(self.decode(text)))
    }

    /// Drops the rest of a line that is too long to keep; returns the bytes dropped.
    fn skip_rest(&mut self) -> io::Result<u64> {
        let mut dropped = 0;
        loop {
            self.raw.clear();
            let read = self.bytes.by_ref().take(WINDOW as u64).read_until(b'\n', &mut self.raw)?;
            dropped += read as u64;
            if read == 0 || self.raw.last() == Some(&b'\n') {
                return Ok(dropped);
            }
        }
    }

    fn decode(&mut self, text: &mut String) -> Line {
        let utf8 = std::str::from_utf8(&self.raw).ok();
        if let Some(utf8) = utf8
            && (utf8.is_ascii() || self.habit != Habit::Gb18030 || is_surely_utf8(utf8))
        {
            if self.habit == Habit::Gb18030 && !utf8.is_ascii() {
                self.habit = Habit::Utf8;
            }
            text.push_str(utf8);
            return Line::Text;
        }
        let guess = (self.habit != Habit::OnlyUtf8).then(|| GB18030.decode_without_bom_handling_and_without_replacement(&self.raw)).flatten();
        match (guess, utf8) {
            (Some(decoded), _) => {
                self.habit = Habit::Gb18030;
                text.push_str(&decoded);
                Line::Text
            }
            (None, Some(utf8)) => {
                text.push_str(utf8);
                Line::Text
            }
            (None, None) => {
                text.push_str(&String::from_utf8_lossy(&self.raw));
                Line::NotText
            }
        }
    }
}

/// Whether the non-ASCII text is UTF-8 beyond doubt. Two-byte sequences alone can be GB18030
/// (`ũ` and `农` share bytes); a GB18030 text that is valid in three-byte sequences is no language.
fn is_surely_utf8(text: &str) -> bool {
    text.chars().any(|c| c.len_utf8() >= 3)
}

/// What the first lines of a file without a byte order mark are.
fn habit_of(window: &[u8]) -> Habit {
    let lines = window.split(|&b| b == b'\n');
    // The window may cut its last line, and with it a character.
    let whole = if window.len() == WINDOW { window.iter().filter(|&&b| b == b'\n').count().max(1) } else { usize::MAX };
    for line in lines.take(whole) {
        match std::str::from_utf8(line) {
            Ok(text) if text.is_ascii() => (),
            Ok(text) if is_surely_utf8(text) => return Habit::Utf8,
            Ok(_) => (),
            Err(_) if GB18030.decode_without_bom_handling_and_without_replacement(line).is_some() => return Habit::Gb18030,
            Err(_) => (),
        }
    }
    Habit::Utf8
}

/// UTF-16 as UTF-8, piece by piece.
struct Utf16Reader<R> {
    source: R,
    decoder: encoding_rs::Decoder,
    input: Vec<u8>,
    decoded: Vec<u8>,
    given: usize,
    at_end: bool,
}

impl<R: Read> Utf16Reader<R> {
    fn new(encoding: &'static Encoding, source: R) -> Utf16Reader<R> {
        Utf16Reader { source, decoder: encoding.new_decoder_without_bom_handling(), input: vec![0; WINDOW / 4], decoded: Vec::new(), given: 0, at_end: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.given = 0;
        while self.decoded.is_empty() && !self.at_end {
            let read = self.source.read(&mut self.input)?;
            self.at_end = read == 0;
            self.transcode(read);
        }
        Ok(())
    }

    fn transcode(&mut self, read: usize) {
        let mut from = 0;
        let mut out = [0u8; 4096];
        loop {
            let (result, used, written) = self.decoder.decode_to_utf8_without_replacement(&self.input[from..read], &mut out, self.at_end);
            self.decoded.extend_from_slice(&out[..written]);
            from += used;
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => (),
                DecoderResult::Malformed(..) => self.decoded.push(UNDECODABLE),
            }
        }
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.decoded.len() {
            self.refill()?;
        }
        let ready = &self.decoded[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::open(bytes, 1000).unwrap();
        let (mut text, mut all) = (String::new(), Vec::new());
        while let Some(line) = lines.next_into(&mut text).unwrap() {
            let mark = match line {
                Line::Text => "",
                Line::NotText => "?",
                Line::TooLong => "…",
            };
            all.push(format!("{mark}{}", text.trim_end()));
        }
        all
    }

    #[test]
    fn every_encoding_of_a_spreadsheet_is_read() {
        let text = "名称,农机\n常州,5\n";
        let gb = GB18030.encode(text).0.into_owned();
        let utf16 = |bom: [u8; 2], bytes: fn(u16) -> [u8; 2]| [bom.to_vec(), text.encode_utf16().flat_map(bytes).collect()].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            gb,
            utf16([0xff, 0xfe], u16::to_le_bytes),
            utf16([0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(lines(&bytes), ["名称,农机", "常州,5"]);
        }
    }

    #[test]
    fn mixed_encodings_are_told_apart_line_by_line_and_broken_lines_named() {
        let mut bytes = "需求,单位\n".as_bytes().to_vec();
        bytes.extend_from_slice(&GB18030.encode("涂层,钢厂\n").0);
        bytes.extend_from_slice(b"a\xffb\n");
        bytes.extend_from_slice("焊接,车厂\n".as_bytes());
        assert_eq!(lines(&bytes), ["需求,单位", "涂层,钢厂", "?a\u{fffd}b", "焊接,车厂"]);
    }

    #[test]
    fn a_short_gb18030_word_that_is_also_utf8_follows_its_file() {
        let mut bytes = GB18030.encode("名称\n").0.into_owned();
        let ambiguous = GB18030.encode("农\n").0.into_owned();
        assert!(std::str::from_utf8(&ambiguous).is_ok());
        bytes.extend_from_slice(&ambiguous);
        assert_eq!(lines(&bytes), ["名称", "农"]);
    }

    #[test]
    fn a_line_without_end_is_dropped_and_the_next_one_read() {
        let bytes = [vec![b'x'; 5000], b"\nab\n".to_vec()].concat();
        assert_eq!(lines(&bytes), ["…", "ab"]);
    }
}
