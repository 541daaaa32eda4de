//! Understanding a sheet: which kind of record its rows are, and which field each column holds.

use duijie_record::{Field, FieldType, Schema, Units};
use duijie_sheet::{HeaderAt, HeaderColumn, Row, find_header};
use duijie_vocab::{MoneyUnit, name_key};
use std::collections::HashSet;

/// A sheet's header, understood as the fields of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) schema: &'static Schema,
    pub(crate) header: HeaderAt,
    pub(crate) columns: Vec<Meaning>,
}

/// What one column holds.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    pub(crate) column: HeaderColumn,
    pub(crate) holds: Holds,
    pub(crate) units: Units,
    pub(crate) unit_shown: String,
    /// The year that the header names, where a sheet has years as columns.
    pub(crate) year: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    Field(&'static Field),
    /// Half of a place, whose other half stands in another column.
    Longitude(&'static Field),
    Latitude(&'static Field),
    /// The file or the line that the row's facts were taken from.
    SourceFile,
    SourceLine,
    /// Row numbers and the remarks of an earlier import; nothing to keep.
    Nothing,
    /// A column that nobody here understands; told, not kept.
    Unknown,
}

/// Column names that carry nothing of the record.
const NOTHING: [&str; 6] = ["序号", "no", "行号", "导入结果", "import result", "serial"];
const SOURCE_FILE: [&str; 4] = ["来源文件", "source_file", "数据来源", "来源"];
const SOURCE_LINE: [&str; 3] = ["来源行", "source_line", "来源行号"];

/// Half of a place in a column of its own.
const LONGITUDE: [&str; 5] = ["经度", "东经", "longitude", "lng", "lon"];
const LATITUDE: [&str; 4] = ["纬度", "北纬", "latitude", "lat"];

/// The field that says which period a row is about.
pub(crate) const PERIOD: &str = "period";

/// How many rows from the top may stand before the header.
pub(crate) const HEADER_WITHIN: usize = 30;

/// The layout of a sheet that begins with `top`, or nothing if none of `kinds` fits; one kind alone is taken
/// as given. `mapping` names fields by column header and goes before every other name.
pub(crate) fn understand(top: &[Row], names: &[&str], kinds: &[&'static Schema], mapping: &[(String, String)]) -> Option<Layout> {
    let mut best: Option<(usize, Layout)> = None;
    for &schema in kinds {
        let known = known_names(schema, mapping);
        let by_year = schema.field(PERIOD).is_some();
        let is_known = |text: &str| known.contains(&name_key(text)) || (by_year && split_year(text).is_some_and(|(name, _)| known.contains(&name_key(&name))));
        let Some(header) = find_header(top, is_known) else { continue };
        let layout = Layout { schema, columns: meanings(schema, &header, mapping), header };
        let score = layout.score(names);
        if best.as_ref().is_none_or(|(other, _)| score > *other) {
            best = Some((score, layout));
        }
    }
    best.map(|(_, layout)| layout).filter(|layout| kinds.len() == 1 || layout.has_title())
}

fn known_names(schema: &Schema, mapping: &[(String, String)]) -> HashSet<String> {
    let of_fields = schema.fields().flat_map(|field| [&field.key, &field.name.zh, &field.name.en].into_iter().chain(&field.aliases).map(|name| name_key(name)));
    let mapped = mapping.iter().map(|(header, _)| name_key(header));
    let fixed = NOTHING.iter().chain(&SOURCE_FILE).chain(&SOURCE_LINE).map(|name| name_key(name));
    let halves = point_of(schema).into_iter().flat_map(|_| LONGITUDE.iter().chain(&LATITUDE)).map(|name| name_key(name));
    of_fields.chain(mapped).chain(fixed).chain(halves).collect()
}

/// The field that says where a record of this kind lies.
fn point_of(schema: &Schema) -> Option<&Field> {
    schema.fields().find(|field| field.ty == FieldType::Point)
}

fn meanings(schema: &'static Schema, header: &HeaderAt, mapping: &[(String, String)]) -> Vec<Meaning> {
    let is_period = |column: &HeaderColumn| matches!(meaning(schema, column, mapping), Holds::Field(field) if field.key == PERIOD);
    // Years in headers are only read where no column says the period of the row.
    let by_year = schema.field(PERIOD).is_some() && !header.columns.iter().any(is_period);
    let mut taken: HashSet<(&str, Option<String>)> = HashSet::new();
    let mut out = Vec::with_capacity(header.columns.len());
    for column in &header.columns {
        let of_year = if by_year { meaning_of_year(schema, column, mapping) } else { None };
        let (mut holds, year) = of_year.map_or_else(|| (meaning(schema, column, mapping), None), |(field, year)| (Holds::Field(field), Some(year)));
        if let Some(taken_by) = holds.once()
            && !taken.insert((taken_by, year.clone()))
        {
            // Of two columns for one field the first is kept and the second told.
            holds = Holds::Unknown;
        }
        let (units, unit_shown) = units(&holds, column, header);
        out.push(Meaning { column: column.clone(), holds, units, unit_shown, year });
    }
    out
}

/// The field of a header such as `2020年营业收入` or `研发费用（2021）`, and the year.
fn meaning_of_year(schema: &'static Schema, column: &HeaderColumn, mapping: &[(String, String)]) -> Option<(&'static Field, String)> {
    let (name, year) = split_year(&column.name).or_else(|| split_year(&column.written))?;
    let named = HeaderColumn { name: name.clone(), written: name, ..column.clone() };
    match meaning(schema, &named, mapping) {
        Holds::Field(field) if field.key != PERIOD => Some((field, year)),
        _ => None,
    }
}

/// A header without the year in it, and the year; nothing without a name or a year of its own.
fn split_year(text: &str) -> Option<(String, String)> {
    let folded = duijie_vocab::fold_width(text);
    let digits = |at: usize| folded.get(at..at + 4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
    let bounded = |at: usize| {
        let neighbour = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_digit() && c != '.');
        neighbour(folded[..at].chars().next_back()) && neighbour(folded.get(at + 4..).and_then(|rest| rest.chars().next()))
    };
    let at = folded.char_indices().map(|(at, _)| at).find(|&at| digits(at).is_some_and(|year| ("1990".."2100").contains(&year)) && bounded(at))?;
    let year = folded[at..at + 4].to_string();
    let rest = &folded[at + 4..];
    let rest = ["年度", "年末", "年"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    let joined = format!("{}{rest}", &folded[..at]).replace("()", "");
    let name = joined.trim_matches(|c: char| c.is_whitespace() || "_-·:@()/".contains(c)).to_string();
    (!name.is_empty()).then_some((name, year))
}

fn meaning(schema: &'static Schema, column: &HeaderColumn, mapping: &[(String, String)]) -> Holds {
    // A remark in brackets behind the name, such as 期限（个月）, is no part of it.
    let without_remark = duijie_vocab::fold_width(&column.name);
    let without_remark = without_remark.split_once('(').map_or("", |(name, _)| name).to_string();
    let keys: Vec<String> = [&column.name, &column.written, &without_remark].into_iter().map(|name| name_key(name)).filter(|key| !key.is_empty()).collect();
    let is = |name: &str| keys.contains(&name_key(name));
    if let Some((_, to)) = mapping.iter().find(|(header, _)| is(header)) {
        return match to.as_str() {
            "" | "-" => Holds::Nothing,
            to => schema.field(to).map_or(Holds::Unknown, Holds::Field),
        };
    }
    let named = |matches: &dyn Fn(&Field) -> bool| schema.fields().find(|field| matches(field)).map(Holds::Field);
    let exact = named(&|field| is(&field.name.zh) || is(&field.name.en) || is(&field.key));
    let by_alias = || named(&|field| field.aliases.iter().any(|alias| is(alias)));
    exact.or_else(by_alias).unwrap_or_else(|| {
        let any = |names: &[&str]| names.iter().any(|name| is(name));
        if any(&NOTHING) {
            Holds::Nothing
        } else if let Some(field) = point_of(schema).filter(|_| any(&LONGITUDE)) {
            Holds::Longitude(field)
        } else if let Some(field) = point_of(schema).filter(|_| any(&LATITUDE)) {
            Holds::Latitude(field)
        } else if any(&SOURCE_FILE) {
            Holds::SourceFile
        } else if any(&SOURCE_LINE) {
            Holds::SourceLine
        } else {
            Holds::Unknown
        }
    })
}

/// The unit of bare numbers: the column's own, else the sheet's. A field's usual unit is only for
/// forms and templates of ours; of a stranger's file it would be a guess.
fn units(holds: &Holds, column: &HeaderColumn, header: &HeaderAt) -> (Units, String) {
    let Holds::Field(field) = holds else { return (Units::default(), String::new()) };
    let own = column.unit.as_deref();
    match field.ty {
        FieldType::Money => {
            let unit = own.or(header.unit.as_deref());
            (Units { money: unit.and_then(MoneyUnit::parse), percent: false }, unit.unwrap_or("").to_string())
        }
        FieldType::Ratio => {
            let percent = own == Some("%") || column.written.contains('%') || column.written.contains('％');
            (Units { money: None, percent }, if percent { "%".into() } else { String::new() })
        }
        _ => (Units::default(), own.unwrap_or("").to_string()),
    }
}

impl Holds {
    /// The field that the column says something of.
    pub(crate) fn field(self) -> Option<&'static Field> {
        match self {
            Holds::Field(field) | Holds::Longitude(field) | Holds::Latitude(field) => Some(field),
            _ => None,
        }
    }

    /// What no second column may hold.
    fn once(self) -> Option<&'static str> {
        match self {
            Holds::Field(field) => Some(&field.key),
            Holds::Longitude(_) => Some(LONGITUDE[0]),
            Holds::Latitude(_) => Some(LATITUDE[0]),
            _ => None,
        }
    }
}

impl Layout {
    fn has_title(&self) -> bool {
        self.columns.iter().any(|meaning| matches!(&meaning.holds, Holds::Field(field) if field.key == self.schema.title))
    }

    /// How well the kind fits: understood columns, whether the required ones are there, and
    /// whether the file, the sheet or a title names the kind.
    fn score(&self, names: &[&str]) -> usize {
        let understood: Vec<&Field> = self.columns.iter().filter_map(|meaning| meaning.holds.field()).collect();
        let by_year = self.columns.iter().any(|meaning| meaning.year.is_some());
        let there = |field: &Field| understood.iter().any(|known| known.key == field.key) || (by_year && field.key == PERIOD);
        let required_there = self.schema.fields().filter(|field| field.required).all(there);
        let said = names.iter().copied().chain(self.header.notes.iter().map(String::as_str)).map(name_key).collect::<Vec<_>>();
        let own_names = [&self.schema.kind, &self.schema.name.zh, &self.schema.plural.en].into_iter().chain(&self.schema.aliases).map(|name| name_key(name));
        let named = own_names.filter(|name| !name.is_empty()).any(|name| said.iter().any(|text| text.contains(&name)));
        // A column by its proper name says more than one by an alias that several kinds share.
        let proper = self
            .columns
            .iter()
            .filter(|m| matches!(m.holds, Holds::Field(f) if name_key(&m.column.name) == name_key(&f.name.zh) || m.column.name == f.key))
            .count();
        2 * understood.len() + proper + if required_there { 6 } else { 0 } + if named { 8 } else { 0 } + if self.has_title() { 4 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&[&str]]) -> Vec<Row> {
        lines.iter().enumerate().map(|(at, line)| Row::of_texts(at as u32 + 1, line.iter().copied())).collect()
    }

    fn understood(lines: &[&[&str]], names: &[&str]) -> (String, Vec<String>) {
        let layout = understand(&rows(lines), names, &duijie_record::schemas().iter().collect::<Vec<_>>(), &[]).unwrap();
        let shown = |meaning: &Meaning| match meaning.holds {
            Holds::Field(field) => format!("{}{}", field.key, if meaning.unit_shown.is_empty() { String::new() } else { format!("[{}]", meaning.unit_shown) }),
            ref other => format!("{other:?}"),
        };
        (layout.schema.kind.clone(), layout.columns.iter().map(shown).collect())
    }

    #[test]
    fn a_bureaus_workbook_is_understood_below_its_title_rows() {
        let (kind, columns) = understood(
            &[
                &["企业技术需求汇总表（2019）"],
                &["填报单位：", "", "", "单位：万元"],
                &["序号", "技术需求名称", "需求内容", "拟投入"],
                &["1", "防爆电池", "锂电池防爆", "50"],
            ],
            &["需求.xlsx"],
        );
        assert_eq!((kind.as_str(), columns), ("need", vec!["Nothing".into(), "title".into(), "main_problem".into(), "budget[万元]".to_string()]));
    }

    #[test]
    fn english_headers_and_companies_are_understood_too() {
        let (kind, columns) =
            understood(&[&["short_name", "full_name", "stock_code", "exchange", "favourite colour"], &["a", "b", "1", "c", "red"]], &["companies.csv"]);
        assert_eq!(
            (kind.as_str(), columns),
            ("organization", vec!["short_name".into(), "name".into(), "stock_code".into(), "exchange".into(), "Unknown".to_string()])
        );
    }

    #[test]
    fn a_remark_in_brackets_is_no_part_of_a_name() {
        let (kind, columns) = understood(&[&["产品名称", "提供机构", "期限（个月）", "最高额度（万元）"], &["a", "b", "12", "3"]], &["finance.csv"]);
        assert_eq!((kind.as_str(), columns), ("finance", vec!["name".into(), "provider".into(), "term_months".into(), "amount_max[万元]".to_string()]));
    }

    #[test]
    fn years_as_columns_are_the_same_field_of_several_years() {
        let header: &[&str] = &["企业名称", "2020年营业收入（万元）", "2021年营业收入（万元）", "研发费用（2021）", "职工总数2021"];
        let rows = rows(&[header, &["某公司", "1", "2", "3", "4"]]);
        let layout = understand(&rows, &["年报.xlsx"], &[duijie_record::schema("facts").unwrap()], &[]).unwrap();
        let shown: Vec<String> = layout
            .columns
            .iter()
            .map(|meaning| match meaning.holds {
                Holds::Field(field) => format!("{}@{} {}", field.key, meaning.year.as_deref().unwrap_or("-"), meaning.unit_shown),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(shown, ["organization@- ", "revenue@2020 万元", "revenue@2021 万元", "rd_expense@2021 ", "staff@2021 "]);
        // Where a column says the period, a year in another header is only a remark.
        let rows = self::rows(&[&["企业名称", "时期", "营业收入（2021）"], &["某公司", "2020", "1"]]);
        let layout = understand(&rows, &[], &[duijie_record::schema("facts").unwrap()], &[]).unwrap();
        assert!(layout.columns.iter().all(|meaning| meaning.year.is_none()));
        assert_eq!(split_year("2021"), None);
        assert_eq!(split_year("GB12021.3 指标"), None);
    }

    #[test]
    fn a_place_in_two_columns_is_one_field() {
        let (kind, columns) = understood(&[&["仪器名称", "所属单位", "纬度（°）", "经度"], &["a", "b", "31.81", "119.97"]], &["仪器.csv"]);
        assert_eq!(kind, "instrument");
        assert!(columns[2].starts_with("Latitude") && columns[3].starts_with("Longitude"), "{columns:?}");
        let (_, columns) = understood(&[&["需求名称", "需求内容", "经度"], &["a", "b", "119.97"]], &["需求.csv"]);
        assert_eq!(columns[2], "Unknown", "a need has no place of its own");
    }

    #[test]
    fn a_mapping_goes_before_every_other_name() {
        let rows = rows(&[&["全称", "代号", "备注"], &["某公司", "1", "x"]]);
        let mapping = vec![("代号".to_string(), "stock_code".to_string()), ("备注".to_string(), "-".to_string())];
        let layout = understand(&rows, &[], &[duijie_record::schema("organization").unwrap()], &mapping).unwrap();
        let holds: Vec<_> = layout.columns.iter().map(|m| if let Holds::Field(f) = m.holds { f.key.as_str() } else { "-" }).collect();
        assert_eq!(holds, ["name", "stock_code", "-"]);
    }
}
