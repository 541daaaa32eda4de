//! Files made to harm, or harmed on the way.

use crate::fixture::{Parts, fault_of, open, zip};
use duijie_sheet::{Limits, ReadFault, read};
use duijie_vocab::Lang;
use proptest::prelude::*;

/// A compound file with one directory entry of that name, by hand after MS-CFB 2.2 and 2.6.
fn compound_file(stream: &str) -> Vec<u8> {
    let mut bytes = vec![0u8; 512];
    bytes[..8].copy_from_slice(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    for name in ["Root Entry", stream] {
        let mut entry = [0u8; 128];
        let units: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        entry[..units.len()].copy_from_slice(&units);
        entry[64..66].copy_from_slice(&(units.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&entry);
    }
    bytes.resize(2048, 0);
    bytes
}

#[test]
fn a_workbook_with_a_password_is_told_from_an_old_one() {
    let fault = fault_of(compound_file("EncryptionInfo"));
    assert!(matches!(fault, ReadFault::Password));
    let told = fault.diagnostic("表.xlsx", None);
    assert_eq!(told.line(Lang::En), "表.xlsx: the workbook has a password (save it without a password and try again)");
    assert_eq!(told.line(Lang::Zh), "表.xlsx: 工作簿设有打开密码（请取消密码后另存再上传）");
    assert!(matches!(fault_of(compound_file("Workbook")), ReadFault::LegacyXls));
    assert!(matches!(fault_of(compound_file("WordDocument")), ReadFault::OtherFormat(_)));
}

#[test]
fn other_files_are_refused_by_name() {
    for (bytes, what) in [
        (b"%PDF-1.7\n".to_vec(), "PDF"),
        (b"\n<html><table><tr><td>1".to_vec(), "HTML/XML"),
        (zip(&[("word/document.xml", b"<w/>")]), "DOCX"),
        (zip(&[("mimetype", b"x"), ("content.xml", b"<x/>")]), "ODS"),
        (zip(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.bin", b"x")]), "XLSB"),
        (zip(&[("a.txt", b"x")]), "ZIP"),
    ] {
        assert!(matches!(fault_of(bytes), ReadFault::OtherFormat(found) if found == what), "{what}");
    }
}

#[test]
fn a_bomb_is_refused_by_its_ratio() {
    let sheet = vec![b' '; 40 * 1024 * 1024];
    let bytes = zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/worksheets/sheet1.xml", &sheet)]);
    assert!(bytes.len() < 200_000);
    assert!(matches!(fault_of(bytes), ReadFault::Ratio { .. }));
}

#[test]
fn a_workbook_is_refused_by_what_it_inflates_to_and_not_by_what_it_declares() {
    let mut bytes = Parts::rows(&"<row r=\"1\"/>".repeat(5_000)).bytes();
    let limits = Limits { max_inflated_bytes: 30_000, ..Limits::default() };
    assert!(matches!(read("表.xlsx", bytes.clone(), &limits), Err(ReadFault::Inflates { .. })));
    // The sizes in every local header and directory entry, set to 10 bytes.
    for (signature, at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let found: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, window)| window == signature).map(|(at, _)| at).collect();
        for start in found {
            bytes[start + at..start + at + 4].copy_from_slice(&10u32.to_le_bytes());
        }
    }
    let fault = read("表.xlsx", bytes, &limits).err().expect("a lying package is refused");
    assert!(matches!(fault, ReadFault::Inflates { .. } | ReadFault::Damaged(_)), "{fault}");
}

#[test]
fn shared_strings_cannot_reserve_memory_that_they_do_not_fill() {
    for count in ["99999999999", "18446744073709551615", "999999999999999999999999"] {
        let strings = format!("<sst uniqueCount=\"{count}\"><si><t>x</t></si></sst>");
        let parts = Parts { strings, ..Parts::rows("") };
        assert!(matches!(fault_of(parts.bytes()), ReadFault::Damaged(_)), "{count}");
    }
}

#[test]
fn many_shared_strings_are_bounded() {
    let strings = format!("<sst>{}</sst>", "<si><t>abcdefgh</t></si>".repeat(2_000));
    let parts = Parts { strings, ..Parts::rows("") };
    let limits = Limits { max_shared_text_bytes: 20_000, ..Limits::default() };
    assert!(matches!(read("表.xlsx", parts.bytes(), &limits), Err(ReadFault::Inflates { limit: 20_000, .. })));
    assert!(read("表.xlsx", parts.bytes(), &Limits::default()).is_ok());
}

#[test]
fn xml_in_another_encoding_cannot_hide_anything() {
    let utf16: Vec<u8> = "<?xml version=\"1.0\"?><sst/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes = zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/sharedStrings.xml", &utf16)]);
    assert!(matches!(fault_of(bytes), ReadFault::Damaged(_)));
    let declared = b"<?xml version=\"1.0\" encoding=\"UTF-16LE\"?><sst/>";
    assert!(matches!(fault_of(zip(&[("[Content_Types].xml", b"<Types/>"), ("a.xml", declared)])), ReadFault::Damaged(_)));
}

#[test]
fn endless_merged_ranges_and_shared_cells_stay_small() {
    let mut parts = Parts::rows(r#"<row r="1"><c r="A1" t="str"><v>x</v></c></row><row r="1000000"><c r="B1000000"><v>1</v></c></row>"#);
    parts.sheet.push_str(&format!("<mergeCells>{}</mergeCells>", r#"<mergeCell ref="A1:XFD1048576"/>"#.repeat(50)));
    let mut workbook = open(parts.bytes());
    let rows: Vec<_> = workbook.rows(0).unwrap().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[1].merged.len(), rows[1].text(5).as_str()), (2, 1000, "x"));
    assert!(matches!(read("表.xlsx", parts.bytes(), &Limits { max_merges: 40, ..Limits::default() }), Err(ReadFault::TooManyMerges { limit: 40 })));
}

#[test]
fn a_long_shared_text_cannot_fill_a_row_without_end() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(900_000));
    let cells = "<c t=\"s\"><v>0</v></c>".repeat(900);
    let parts = Parts { strings, ..Parts::rows(&format!("<row r=\"1\">{cells}</row>")) };
    let fault = open(parts.bytes()).rows(0).unwrap().next().unwrap().err().unwrap();
    assert!(matches!(fault, ReadFault::RowTooLong { row: 1, .. }));
}

#[test]
fn a_long_shared_text_cannot_be_shown_without_end() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1_000));
    let rows: String = (1..=100).map(|row| format!(r#"<row r="{row}"><c t="s"><v>0</v></c></row>"#)).collect();
    let bytes = Parts { strings, ..Parts::rows(&rows) }.bytes();
    let mut workbook = read("表.xlsx", bytes, &Limits { max_shown_bytes: 50_500, ..Limits::default() }).unwrap();
    let (rows, faults): (Vec<_>, Vec<_>) = workbook.rows(0).unwrap().partition(Result::is_ok);
    assert_eq!(rows.len(), 50);
    assert!(matches!(faults[..], [Err(ReadFault::TooMuchText { limit: 50_500 })]));
}

#[test]
fn rows_out_of_order_end_the_sheet() {
    let rows = r#"<row r="5"><c r="A5"><v>1</v></c><c r="A2"><v>1</v></c></row>"#;
    let fault = open(Parts::rows(rows).bytes()).rows(0).unwrap().find_map(Result::err);
    assert!(matches!(fault, Some(ReadFault::Damaged(_))));
}

#[test]
fn a_workbook_cut_anywhere_is_refused_or_read_without_a_crash() {
    let rows: String = (1..200).map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="str"><v>值{row}</v></c></row>"#)).collect();
    let whole = Parts::rows(&rows).bytes();
    for end in (5..whole.len()).step_by(97) {
        assert!(matches!(fault_of(whole[..end].to_vec()), ReadFault::Damaged(_)), "{end}");
    }
}

fn read_through(bytes: Vec<u8>) {
    let Ok(mut workbook) = read("x", bytes, &Limits::default()) else { return };
    for sheet in 0..workbook.sheets().len() {
        let Ok(rows) = workbook.rows(sheet) else { continue };
        for row in rows.take(1_000) {
            match row {
                Ok(row) => assert!(row.width() <= 1_000),
                Err(fault) => assert!(!fault.diagnostic("x", None).message.zh.is_empty()),
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_crash_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_through(bytes);
    }

    #[test]
    fn no_damage_to_a_workbook_crashes_the_reader(at in 0usize..3_000, byte in any::<u8>()) {
        let mut bytes = Parts::rows(r#"<row r="1"><c r="A1" s="1"><v>44260</v></c><c r="B1" t="str"><v>x</v></c></row>"#).bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        read_through(bytes);
    }

    #[test]
    fn no_sheet_xml_crashes_the_reader(xml in "(<row( r=\"[0-9A-Z]{0,9}\")?>|</row>|<c( r=\"[A-Z0-9]{0,9}\")?( s=\"[0-9]{0,3}\")?( t=\"(s|b|e|d|n|str|inlineStr|x)\")?>|</c>|<v>[-0-9.a-zE#]{0,12}</v>|<is><t>|</t></is>|<f>|<mergeCell ref=\"[A-Z0-9:]{0,9}\"/>|&amp;|[<>&]){0,30}") {
        read_through(Parts::rows(&xml).bytes());
    }

    #[test]
    fn no_text_crashes_the_reader(text in "([\"',;\t\r\n|=a涂]|\\PC){0,200}") {
        read_through(text.into_bytes());
    }
}

fn with_side_parts_of(bytes: u64) -> Limits {
    Limits { max_side_part_bytes: bytes, ..Limits::default() }
}

#[test]
fn one_endless_text_or_tag_is_refused_before_it_is_parsed() {
    let cell = |text: &str| format!(r#"<row r="1"><c r="A1" t="str"><v>{text}</v></c></row>"#);
    let limits = with_side_parts_of(20_000);
    let endless = Parts::rows(&cell(&"长".repeat(10_000))).bytes();
    assert!(matches!(read("表.xlsx", endless.clone(), &limits), Err(ReadFault::Damaged(_))));
    assert!(read("表.xlsx", endless, &Limits::default()).is_ok());
    let hidden = Parts::rows(&format!("<!-- {} -->", "<x/>".repeat(10_000))).bytes();
    assert!(matches!(read("表.xlsx", hidden, &limits), Err(ReadFault::Damaged(_))));
    let many_cells = Parts::rows(&(1..2_000).map(|row| format!(r#"<row r="{row}"><c r="A{row}"><v>1</v></c></row>"#)).collect::<String>()).bytes();
    assert!(read("表.xlsx", many_cells, &limits).is_ok());
}

#[test]
fn a_font_name_copied_into_every_style_is_refused() {
    let style = |name: usize, styles: usize| {
        let font = format!(r#"<font><name val="{}"/></font>"#, "f".repeat(name));
        format!("<styleSheet><fonts>{font}</fonts><cellXfs>{}</cellXfs></styleSheet>", r#"<xf fontId="0"/>"#.repeat(styles))
    };
    for (name, styles, admitted) in [(20, 60_000, true), (1_000_000, 2_000, false), (20, 1_000_000, false)] {
        let bytes = zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/styles.xml", style(name, styles).as_bytes())]);
        let refused_for_styles = matches!(fault_of(bytes), ReadFault::Damaged(detail) if detail.ends_with("cell styles"));
        assert_eq!(refused_for_styles, !admitted, "{name} {styles}");
    }
}

#[test]
fn empty_shared_texts_are_counted() {
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(2_000));
    let limits = Limits { max_shared_texts: 1_999, ..Limits::default() };
    let refused = read("表.xlsx", Parts { strings, ..Parts::rows("") }.bytes(), &limits);
    assert!(matches!(refused, Err(ReadFault::TooManyTexts { limit: 1_999 })));
}
