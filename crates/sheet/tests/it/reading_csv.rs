//! Reading separated text in every encoding that comes in.

use crate::fixture::{fault_of, open, shown, small_limits};
use duijie_sheet::{Format, Limits, ReadFault};
use encoding_rs::GB18030;
use std::io::{Read, Seek, SeekFrom};

fn lines(text: &str) -> Vec<String> {
    shown(text.as_bytes().to_vec(), &Limits::default())
}

#[test]
fn records_are_cut_as_spreadsheets_cut_them() {
    assert_eq!(lines("名称,备注\r\n甲,\"一,二\"\r\n\r\n乙,\"说\"\"好\"\"\n再说\"\r\n丙"), ["1: 名称|备注", "2: 甲|一,二", "4: 乙|说\"好\"\n再说", "5: 丙"]);
    assert_eq!(lines("a\tb\n1\t\n"), ["1: a|b", "2: 1|"]);
    assert_eq!(lines("sep=;\na;b,c\n"), ["2: a|b,c"]);
    assert_eq!(lines("a,b\r1,2\r"), ["1: a|b", "2: 1|2"]);
    assert_eq!(open(b"a,b".to_vec()).format(), Format::Csv);
}

#[test]
fn rows_know_the_line_they_start_on() {
    let mut workbook = open("a,b\n\"x\ny\",1\nz,2\n".into());
    let places: Vec<_> = workbook.rows(0).unwrap().map(|row| row.map(|row| (row.number, row.line)).unwrap()).collect();
    assert_eq!(places, [(1, Some(1)), (2, Some(2)), (3, Some(4))]);
}

#[test]
fn zeros_and_long_ids_stay_as_they_were_typed() {
    assert_eq!(lines("代码,身份证\n00123,110101199001011234\n"), ["1: 代码|身份证", "2: 00123|110101199001011234"]);
}

#[test]
fn an_encoding_that_appears_late_is_still_read() {
    let mut bytes: Vec<u8> = (0..20_000).flat_map(|row| format!("row {row},plain\n").into_bytes()).collect();
    bytes.extend_from_slice(&GB18030.encode("第末行,涂层\n").0);
    bytes.extend_from_slice(b"bad \xff\xff,x\n");
    bytes.extend_from_slice("再一行,焊接\n".as_bytes());
    let all = shown(bytes, &Limits::default());
    assert_eq!(all[20_000..], ["20001: 第末行|涂层", "! line 20002 is text in neither UTF-8 nor GB18030 and was not read", "20003: 再一行|焊接"]);
}

#[test]
fn a_quote_that_never_closes_is_named_by_its_line() {
    let mut workbook = open("a,b\n1,2\n3,\"open\n4,5\n6,7\n".into());
    let rows: Vec<_> = workbook.rows(0).unwrap().collect();
    assert_eq!(rows.len(), 3);
    assert!(matches!(rows[2], Err(ReadFault::UnclosedQuote { line: 3 })));
    let told = rows[2].as_ref().unwrap_err().diagnostic("表.csv", None);
    assert_eq!((told.place.show().as_str(), told.is_error()), ("表.csv:3", true));
}

#[test]
fn a_quote_closed_in_the_wrong_place_costs_its_row_only() {
    assert_eq!(
        lines("a,b\n1,\"五寸\"管\"\n2,好\n"),
        ["1: a|b", "! the quote of cell B2, opened in line 2, is not closed properly; its row was not read", "3: 2|好"]
    );
}

#[test]
fn a_huge_cell_costs_its_row_only() {
    let text = format!("a,b\n1,\"{}\"\n2,x\n", "长".repeat(1_000_001));
    let mut workbook = open(text.into_bytes());
    let rows: Vec<_> = workbook.rows(0).unwrap().collect();
    let fault = rows[1].as_ref().unwrap_err().diagnostic("表.csv", None);
    assert_eq!(fault.place.cell.as_deref(), Some("B2"));
    assert_eq!(rows[2].as_ref().unwrap().text(1), "x");
}

#[test]
fn wide_rows_and_long_lines_are_told() {
    let wide = format!("a,b\n{}x\n", ",".repeat(20));
    assert_eq!(shown(wide.into_bytes(), &small_limits()), ["1: a|b", "! cell U2 is to the right of the first 20 columns and was not read"]);
    let long = format!("a,b\n{}\n1,2\n", "y".repeat(9_000));
    assert_eq!(shown(long.into_bytes(), &small_limits()), ["1: a|b", "! line 2 has more than 4000 bytes and was not read", "3: 1|2"]);
    let limits = Limits { max_csv_rows: 2, ..Limits::default() };
    assert_eq!(shown(b"1\n2\n3\n4\n".to_vec(), &limits), ["1: 1", "2: 2", "! row 3 is beyond the 2 rows that are read"]);
}

#[test]
fn zero_bytes_are_no_text() {
    let mut workbook = open(["a\n".repeat(100).into_bytes(), b"x\0y\n".to_vec()].concat());
    let fault = workbook.rows(0).unwrap().find_map(Result::err).unwrap();
    assert!(matches!(fault, ReadFault::Binary { line: 101 }), "{fault}");
    assert!(matches!(fault_of(Vec::new()), ReadFault::EmptyFile));
}

/// A file that is never in memory.
struct Generated {
    rows: u64,
    at: u64,
}

const ROW: &[u8; 16] = b"name,\"va,lue\",1\n";

impl Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = (self.rows * 16 - self.at).min(buffer.len() as u64) as usize;
        for (offset, byte) in buffer[..left].iter_mut().enumerate() {
            *byte = ROW[(self.at as usize + offset) % 16];
        }
        self.at += left as u64;
        Ok(left)
    }
}

impl Seek for Generated {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(back) => (self.rows * 16).saturating_add_signed(back),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn a_long_file_is_read_as_it_comes() {
    let mut workbook = duijie_sheet::Workbook::open("长.csv", Generated { rows: 100_000, at: 0 }, &Limits::default()).unwrap();
    for _ in 0..2 {
        let count = workbook.rows(0).unwrap().filter(|row| row.as_ref().is_ok_and(|row| row.text(1) == "va,lue")).count();
        assert_eq!(count, 100_000);
    }
}
