//! Finding the header of a table below titles and remarks, and reading its column names.

use crate::remark::unit_note;
use crate::{CellRange, CellValue, Row};
use duijie_vocab::{MoneyUnit, fold_width};
use std::collections::BTreeSet;

/// Where a table's header is and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderAt {
    /// The numbers of the header's first and last row; equal unless the header has two rows.
    pub first_row: u32,
    pub last_row: u32,
    /// The columns that have a name, from left to right.
    pub columns: Vec<HeaderColumn>,
    /// How many of the names were known.
    pub known: usize,
    /// The texts above the header: titles and remarks, each once.
    pub notes: Vec<String>,
    /// The unit of amounts that a remark above the header names, such as `万元`.
    pub unit: Option<String>,
}

/// A column as its header names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderColumn {
    /// The column, from 0.
    pub index: usize,
    /// The name without marks, breaks and unit; `联系人/姓名` where a group stands over it.
    pub name: String,
    /// The header's text as it stands, breaks turned into spaces.
    pub written: String,
    /// The unit in brackets behind the name, such as `万元`.
    pub unit: Option<String>,
    /// Whether the header marks the column as required: `*` or 必填.
    pub required: bool,
}

impl HeaderAt {
    /// The number of the first row that can hold data.
    pub fn first_data_row(&self) -> u32 {
        self.last_row.saturating_add(1)
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&HeaderColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The header among the first `rows` of a sheet (about thirty are enough). `is_known` tells whether a
/// text is the name of a known column; the row with the most known names wins, the upper of equals.
/// At least two must be known, or one where the row has only one or two names.
pub fn find_header(rows: &[Row], is_known: impl Fn(&str) -> bool) -> Option<HeaderAt> {
    let mut best: Option<(usize, usize, Vec<HeaderColumn>)> = None;
    for at in 0..rows.len() {
        let two_rows = rows.get(at + 1).and_then(|below| two_row_columns(&rows[at], below)).map(|columns| (1, columns));
        for (more_rows, columns) in two_rows.into_iter().chain([(0, one_row_columns(&rows[at]))]) {
            let known = known_names(&columns, &is_known);
            let enough = known >= 2 || (known == 1 && columns.len() <= 2);
            if enough && best.as_ref().is_none_or(|(_, _, found)| known > known_names(found, &is_known)) {
                best = Some((at, more_rows, columns));
            }
        }
    }
    let (at, more_rows, columns) = best?;
    let notes = notes_above(&rows[..at]);
    let unit = notes.iter().rev().find_map(|note| unit_note(note));
    let known = known_names(&columns, &is_known);
    Some(HeaderAt { first_row: rows[at].number, last_row: rows[at + more_rows].number, columns, known, notes, unit })
}

/// Different known names, so that a row that repeats one word is no header.
fn known_names(columns: &[HeaderColumn], is_known: &impl Fn(&str) -> bool) -> usize {
    let known = |column: &&HeaderColumn| spellings(column).any(|name| is_known(&name));
    columns.iter().filter(known).map(|column| column.name.as_str()).collect::<BTreeSet<_>>().len()
}

/// The texts under which a column may be known: its name, the name without brackets, and the lower
/// of two header rows alone.
fn spellings(column: &HeaderColumn) -> impl Iterator<Item = String> + use<> {
    let unbracketed = without_brackets(&column.name);
    let lower = column.name.rsplit_once('/').map(|(_, lower)| lower.to_string());
    [Some(column.name.clone()), Some(column.written.clone()), Some(unbracketed), lower].into_iter().flatten()
}

fn one_row_columns(row: &Row) -> Vec<HeaderColumn> {
    let own_text = |(index, cell): (usize, &CellValue)| match cell {
        CellValue::Text(text) => column_of(index, None, text),
        _ => None,
    };
    row.filled().filter_map(own_text).collect()
}

/// The columns of a header in two rows, of which the upper groups some columns of the lower. The
/// lower row may hold something only below groups: elsewhere the upper cell reaches down.
fn two_row_columns(upper: &Row, lower: &Row) -> Option<Vec<HeaderColumn>> {
    if lower.number != upper.number + 1 {
        return None;
    }
    let groups = groups_of(upper, lower);
    let below_group = |column: usize| groups.iter().find(|group| group.columns.contains(&column));
    let own = |row: &Row, column: usize| row.cells.get(column).is_some_and(|cell| !cell.is_blank());
    let width = upper.width().max(lower.width());
    let mut columns = Vec::new();
    let mut grouped = 0;
    for index in 0..width {
        match below_group(index) {
            Some(group) if own(lower, index) => {
                let CellValue::Text(text) = &lower.cells[index] else { return None };
                columns.extend(column_of(index, Some(&group.name), text));
                grouped += 1;
            }
            Some(_) => (),
            None if own(lower, index) => return None,
            None => columns.extend(upper.cells.get(index).and_then(|cell| column_of(index, None, &cell.as_text()))),
        }
    }
    // A title over the whole width groups every column and leaves none beside it.
    let beside = columns.len() - grouped;
    (grouped >= 2 && (beside >= 1 || groups.len() >= 2)).then_some(columns)
}

struct Group {
    name: String,
    columns: std::ops::Range<usize>,
}

/// The cells of the upper row that stand over two or more cells of the lower: merged over them, or,
/// where the file knows no merging, followed by empty cells over filled ones.
fn groups_of(upper: &Row, lower: &Row) -> Vec<Group> {
    let mut groups = Vec::new();
    for (index, cell) in upper.filled() {
        let CellValue::Text(text) = cell else { continue };
        let merged = upper.merged.iter().find(|covered| covered.range.first.column as usize == index && covered.range.first == upper.address(index));
        let end = match merged {
            Some(covered) if one_row_high(&covered.range) => covered.range.last.column as usize + 1,
            Some(_) => continue,
            None => {
                let open = |&column: &usize| upper.value(column).is_blank() && lower.cells.get(column).is_some_and(|cell| !cell.is_blank());
                index + 1 + (index + 1..lower.width()).take_while(open).count()
            }
        };
        let name = clean_header(text);
        // `填报单位：某局` over the left half of a header is a remark.
        if name.contains([':', '：']) {
            continue;
        }
        let filled_below = (index..end.min(lower.cells.len())).filter(|&column| !lower.cells[column].is_blank()).count();
        if filled_below >= 2 {
            groups.push(Group { name, columns: index..end });
        }
    }
    groups
}

fn one_row_high(range: &CellRange) -> bool {
    range.first.row == range.last.row
}

fn column_of(index: usize, group: Option<&str>, text: &str) -> Option<HeaderColumn> {
    let written = joined(text);
    let (name, unit) = split_unit(&clean_header(text));
    if name.is_empty() {
        return None;
    }
    let name = group.filter(|group| !group.is_empty()).map_or(name.clone(), |group| format!("{group}/{name}"));
    Some(HeaderColumn { index, name, written, unit, required: is_required(text) })
}

/// A header's text as a name: breaks and spaces between Chinese characters gone, marks such as `*`
/// and `（必填）` gone, full-width letters and brackets made plain.
pub fn clean_header(text: &str) -> String {
    let mut name = joined(&fold_width(text));
    for mark in REQUIRED_MARKS.iter().chain(OPTIONAL_MARKS) {
        for (open, close) in [("(", ")"), ("[", "]"), ("【", "】")] {
            name = name.replace(&format!("{open}{mark}{close}"), "");
        }
    }
    let name = name.trim_matches(|c: char| matches!(c, '*' | '★' | '※' | ':' | '：') || c.is_whitespace());
    let name = name.strip_prefix("必填").map_or(name, |rest| rest.trim_start_matches([':', ' ']));
    if name.is_empty() { String::new() } else { name.to_string() }
}

const REQUIRED_MARKS: &[&str] = &["必填", "必填项", "*必填", "*", "required", "Required"];
const OPTIONAL_MARKS: &[&str] = &["选填", "可选", "非必填", "optional", "Optional"];

fn is_required(text: &str) -> bool {
    let folded = fold_width(text);
    let bare = folded.replace("非必填", "");
    bare.starts_with(['*', '★']) || bare.ends_with(['*', '★']) || bare.contains("必填") || bare.contains("(*)") || bare.to_lowercase().contains("(required)")
}

/// The text on one line: white space goes where a Chinese character stands beside it, and is one
/// space elsewhere.
fn joined(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut out = String::new();
    for word in words {
        let narrow = |c: Option<char>| c.is_some_and(|c| c.is_ascii());
        if narrow(out.chars().last()) && narrow(word.chars().next()) {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

const UNITS: [&str; 28] = [
    "%",
    "‰",
    "人",
    "个",
    "项",
    "家",
    "名",
    "次",
    "台",
    "套",
    "件",
    "亩",
    "年",
    "月",
    "天",
    "日",
    "吨",
    "千克",
    "kg",
    "公里",
    "m",
    "m2",
    "㎡",
    "平方米",
    "平米",
    "岁",
    "小时",
    "人月",
];

/// The name without the unit in brackets at its end, and the unit.
fn split_unit(name: &str) -> (String, Option<String>) {
    let Some((before, inside)) = name.strip_suffix([')', ']', '】']).and_then(|open| open.rsplit_once(['(', '[', '【'])) else {
        return (name.to_string(), None);
    };
    let unit = inside.trim().trim_start_matches("单位").trim_start_matches([':', '：']).trim();
    let is_unit = MoneyUnit::parse(unit).is_some() || UNITS.contains(&unit);
    if is_unit && !before.trim().is_empty() { (before.trim().to_string(), Some(unit.to_string())) } else { (name.to_string(), None) }
}

fn without_brackets(name: &str) -> String {
    let mut depth = 0usize;
    let outside = name.chars().filter(|c| match c {
        '(' | '[' | '【' => {
            depth += 1;
            false
        }
        ')' | ']' | '】' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    outside.collect::<String>().trim().to_string()
}

fn notes_above(rows: &[Row]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for (_, cell) in rows.iter().flat_map(Row::filled) {
        let note = cell.as_text().trim().to_string();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, MergedCell};
    use std::sync::Arc;

    const KNOWN: [&str; 8] = ["企业名称", "技术需求", "拟投入", "姓名", "电话", "联系人/姓名", "序号", "联系人"];

    fn found(rows: &[&[&str]]) -> Option<(u32, u32, String)> {
        let rows: Vec<Row> = rows.iter().enumerate().map(|(at, texts)| Row::of_texts(at as u32 + 1, texts.iter().copied())).collect();
        let header = find_header(&rows, |text| KNOWN.contains(&text))?;
        let names: Vec<&str> = header.columns.iter().map(|column| column.name.as_str()).collect();
        Some((header.first_row, header.last_row, names.join(",")))
    }

    fn merge(row: &mut Row, first: (u32, u32), last: (u32, u32), text: &str) {
        let range = CellRange { first: Address::new(first.0, first.1), last: Address::new(last.0, last.1) };
        for column in first.1..=last.1 {
            if (row.number - 1, column) != first {
                row.merged.push(MergedCell { column: column as usize, value: Arc::new(CellValue::Text(text.into())), range });
            }
        }
    }

    #[test]
    fn the_header_is_found_below_titles_and_remarks() {
        let rows: [&[&str]; 4] =
            [&["2024年技术需求汇总表"], &["填报单位：科技局", "", "单位：万元"], &["序号", "*企业\n名称", "拟投入（万元）"], &["1", "甲公司", "5"]];
        assert_eq!(found(&rows), Some((3, 3, "序号,企业名称,拟投入".into())));
        let rows: Vec<Row> = rows.iter().enumerate().map(|(at, texts)| Row::of_texts(at as u32 + 1, texts.iter().copied())).collect();
        let header = find_header(&rows, |text| KNOWN.contains(&text)).unwrap();
        assert_eq!((header.unit.as_deref(), header.first_data_row(), header.known), (Some("万元"), 4, 3));
        assert_eq!(header.notes, ["2024年技术需求汇总表", "填报单位：科技局", "单位：万元"]);
        assert!(header.column("企业名称").unwrap().required);
        assert_eq!(header.column("拟投入").unwrap().unit.as_deref(), Some("万元"));
    }

    #[test]
    fn a_header_in_two_rows_names_group_and_column() {
        let names = "企业名称,联系人/姓名,联系人/电话,技术需求";
        assert_eq!(found(&[&["企业名称", "联系人", "", "技术需求"], &["", "姓名", "电话", ""], &["甲", "张三", "1", "涂层"]]), Some((1, 2, names.into())));

        let mut upper = Row::of_texts(3, ["企业名称", "联系人", "", "技术需求"]);
        merge(&mut upper, (2, 1), (2, 2), "联系人");
        merge(&mut upper, (2, 0), (3, 0), "企业名称");
        let mut lower = Row::of_texts(4, ["", "姓名", "电话", ""]);
        merge(&mut lower, (2, 0), (3, 0), "企业名称");
        let header = find_header(&[upper, lower], |text| KNOWN.contains(&text)).unwrap();
        assert_eq!((header.first_row, header.last_row), (3, 4));
        assert_eq!(header.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(","), names);
    }

    #[test]
    fn a_title_over_the_whole_width_is_no_group() {
        let mut title = Row::of_texts(1, ["联系人"]);
        merge(&mut title, (0, 0), (0, 2), "联系人");
        let names = Row::of_texts(2, ["企业名称", "姓名", "电话"]);
        let header = find_header(&[title, names], |text| KNOWN.contains(&text)).unwrap();
        assert_eq!((header.first_row, header.last_row), (2, 2));
        assert_eq!(header.columns[1].name, "姓名");
    }

    #[test]
    fn data_alone_has_no_header() {
        assert_eq!(found(&[&["1", "甲公司", "涂层"], &["2", "乙公司", "焊接"]]), None);
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[&["企业名称", "企业名称", "企业名称"]]), None);
    }

    #[test]
    fn names_are_cleaned_of_marks() {
        for (written, name) in [
            ("* 企业 名称（必填）", "企业名称"),
            ("联系人：", "联系人"),
            ("【必填】R&D\nstaff", "R&D staff"),
            ("技术需求(选填)", "技术需求"),
            ("*必填 电话", "电话"),
            ("***", ""),
        ] {
            assert_eq!(clean_header(written), name, "{written}");
        }
    }
}
