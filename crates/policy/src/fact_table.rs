//! Facts of many subjects read from a table: the first column is the subject's id, every other one
//! a fact under its Chinese or English name, with a period behind `@` where it is not the one of the
//! day (`研发费用@2021`). An empty cell is not known. Rows are read one by one and only columns are kept.

use crate::cells::Cells;
use crate::period::{Cycle, Period};
use crate::population::Population;
use crate::suggest::closest;
use crate::vocabulary::{FactDef, FactScope, Vocabulary};
use csv::StringRecord;
use duijie_vocab::{Date, Diagnostic, Place, RegionCode, text};
use std::collections::HashMap;
use std::io::Read;

/// Subjects by position: their ids, their facts, and what was wrong with the table.
#[derive(Clone, Debug, Default)]
pub struct FactTable {
    pub ids: Vec<String>,
    pub population: Population,
    /// A fact that cannot be read is left unknown, a row that cannot be read is left out.
    pub faults: Vec<Diagnostic>,
}

/// Faults that are told one by one; the rest are counted.
const MAX_FAULTS: usize = 100;
/// Names of the column that holds the code of a subject's region.
const REGION_NAMES: [&str; 4] = ["region", "区域", "地区", "行政区划"];

/// Reads a csv table (UTF-8) of facts whole. A column without a period is about the period that `on` lies
/// in. `name` stands in the diagnostics.
pub fn read_fact_table(vocabulary: &Vocabulary, name: &str, from: impl Read, on: Date) -> FactTable {
    FactTables::open(vocabulary, name, from, Some(on), on).next_table(usize::MAX).unwrap_or_default()
}

/// A csv table (UTF-8) of facts, read in parts, so that memory does not grow with its rows.
pub struct FactTables<'v, R> {
    rows: csv::Reader<R>,
    reading: Reading<'v>,
    row: StringRecord,
    on: Date,
    has_ended: bool,
    has_told: bool,
}

impl<'v, R: Read> FactTables<'v, R> {
    /// Reads the header. A column without a period is about the period that the day lies in: `on`, else the
    /// last day of the latest period that a column names, else `today`.
    pub fn open(vocabulary: &'v Vocabulary, name: &'v str, from: R, on: Option<Date>, today: Date) -> FactTables<'v, R> {
        let rows = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(from);
        let reading = Reading { vocabulary, name, columns: Vec::new(), regions: Vec::new(), ids: Vec::new(), faults: Faults::default() };
        let mut tables = FactTables { rows, reading, row: StringRecord::new(), on: today, has_ended: false, has_told: false };
        if tables.read_row() {
            tables.on = on.or_else(|| latest_day(&tables.row)).unwrap_or(today);
            tables.reading.header(&tables.row, tables.on);
        } else {
            let fault = Diagnostic::error("policy.facts.empty", text!("表中没有表头", "the table has no header"));
            tables.reading.faults.push(fault.at(Place::file(name)).help(text!("第一行写 `id` 和指标名", "write `id` and names of facts in the first line")));
        }
        tables
    }

    /// The day that decides what columns without a period are about.
    pub fn on(&self) -> Date {
        self.on
    }

    /// The next subjects, `most` at most, with the faults found on the way; nothing after the last.
    pub fn next_table(&mut self, most: usize) -> Option<FactTable> {
        while self.reading.ids.len() < most && self.read_row() {
            self.reading.row(&self.row);
        }
        let is_empty = self.reading.ids.is_empty() && self.has_told;
        self.has_told = true;
        (!is_empty).then(|| self.reading.table(self.has_ended))
    }

    /// Reads the next row that can be read; whether there was one.
    fn read_row(&mut self) -> bool {
        while !self.has_ended {
            match self.rows.read_record(&mut self.row) {
                Ok(true) => return true,
                Ok(false) => self.has_ended = true,
                Err(error) => {
                    self.reading.unreadable(&error);
                    // Bytes that are no text spoil one row; a source that fails spoils the rest.
                    self.has_ended = matches!(error.kind(), csv::ErrorKind::Io(_));
                }
            }
        }
        false
    }
}

/// The last day of the latest period behind an `@` of the header.
fn latest_day(header: &StringRecord) -> Option<Date> {
    let day = |written: &str| Period::parse(written.trim().rsplit_once('@')?.1).ok()?.days().map(|(_, last)| last);
    header.iter().filter_map(day).max()
}

enum Wanted<'v> {
    Region,
    Fact { def: &'v FactDef, period: Period, cells: Cells },
}

struct Reading<'v> {
    vocabulary: &'v Vocabulary,
    name: &'v str,
    /// Columns that are read, with their place in a row.
    columns: Vec<(usize, Wanted<'v>)>,
    regions: Vec<RegionCode>,
    ids: Vec<String>,
    faults: Faults,
}

#[derive(Default)]
struct Faults {
    /// Those that no table has told yet.
    told: Vec<Diagnostic>,
    count: usize,
}

impl Faults {
    fn push(&mut self, fault: Diagnostic) {
        if self.count < MAX_FAULTS {
            self.told.push(fault);
        }
        self.count += 1;
    }
}

impl<'v> Reading<'v> {
    fn header(&mut self, row: &StringRecord, on: Date) {
        let mut seen: HashMap<(&str, Period), usize> = HashMap::new();
        for (at, written) in row.iter().enumerate().skip(1) {
            let written = written.trim();
            let place = || place(self.name, row, at, written);
            if written.is_empty() {
                continue;
            }
            if REGION_NAMES.contains(&written) && self.vocabulary.fact(written).is_none() {
                self.columns.push((at, Wanted::Region));
                continue;
            }
            let (fact, period) = written.rsplit_once('@').map_or((written, None), |(fact, period)| (fact.trim(), Some(period)));
            let Some(def) = self.vocabulary.fact(fact) else {
                let help = match closest(fact, self.vocabulary.iter().flat_map(|def| [def.zh.as_str(), &def.key])) {
                    Some(near) => text!("是否指 `{near}`？", "did you mean `{near}`?"),
                    None => text!("在 facts.yaml 中声明它，或删去这一列", "declare it in facts.yaml, or leave the column out"),
                };
                self.faults.push(Diagnostic::error("policy.facts.unknown_fact", text!("未知的指标 `{fact}`", "unknown fact `{fact}`")).at(place()).help(help));
                continue;
            };
            match column_period(def, period, on) {
                Err(fault) => self.faults.push(fault.at(place())),
                Ok(period) => match seen.insert((&def.key, period), at) {
                    Some(_) => self.faults.push(
                        Diagnostic::error("policy.facts.twice", text!("`{written}` 有两列", "`{written}` has two columns"))
                            .at(place())
                            .help(text!("只留一列", "keep one of them")),
                    ),
                    None => self.columns.push((at, Wanted::Fact { def, period, cells: Cells::default() })),
                },
            }
        }
    }

    fn row(&mut self, row: &StringRecord) {
        if row.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let (name, faults) = (self.name, &mut self.faults);
        let mut region = RegionCode::NATION;
        for (at, wanted) in &mut self.columns {
            let cell = row.get(*at).unwrap_or_default().trim();
            match wanted {
                Wanted::Region if cell.is_empty() => {}
                Wanted::Region => match RegionCode::find(cell) {
                    Ok(found) => region = found,
                    Err(_) => faults.push(
                        Diagnostic::error("policy.facts.region", text!("没有区划 `{cell}`", "there is no region `{cell}`"))
                            .at(place(name, row, *at, cell))
                            .help(text!("写六位区划代码，如 320400", "write a code of six digits such as 320400")),
                    ),
                },
                Wanted::Fact { def, cells, .. } => {
                    if let Err(fault) = cells.read(def, cell) {
                        faults.push(Diagnostic::error("policy.facts.value", fault.message).at(place(name, row, *at, cell)).help(fault.help));
                    }
                }
            }
        }
        self.regions.push(region);
        self.ids.push(row.get(0).unwrap_or_default().trim().trim_start_matches('\u{feff}').to_string());
    }

    fn unreadable(&mut self, error: &csv::Error) {
        let line = error.position().and_then(|position| u32::try_from(position.line()).ok());
        let place = Place { line, ..Place::file(self.name) };
        let reason = error.to_string();
        self.faults.push(
            Diagnostic::error("policy.facts.row", text!("这一行无法读取：{reason}", "the row cannot be read: {reason}"))
                .at(place)
                .help(text!("存为 UTF-8 编码的 csv", "save the table as csv in UTF-8")),
        );
    }

    /// What was read since the last table; the number of faults beyond those told with the last one.
    fn table(&mut self, is_last: bool) -> FactTable {
        let mut population = Population::new(std::mem::take(&mut self.regions));
        for (_, wanted) in &mut self.columns {
            if let Wanted::Fact { def, period, cells } = wanted {
                population.set(&def.key, *period, std::mem::take(cells).column(def)).expect("BUG: a column missed a row");
            }
        }
        let mut faults = std::mem::take(&mut self.faults.told);
        let more = self.faults.count.saturating_sub(MAX_FAULTS);
        if is_last && more > 0 {
            faults.push(Diagnostic::error("policy.facts.more", text!("另有 {more} 处错误", "{more} more faults")).at(Place::file(self.name)));
        }
        FactTable { ids: std::mem::take(&mut self.ids), population, faults }
    }
}

/// The period a column is about: the one written, which must be as long as the fact's, or that of the day.
fn column_period(def: &FactDef, written: Option<&str>, on: Date) -> Result<Period, Diagnostic> {
    if def.scope == FactScope::Region || def.is_derived() {
        let (zh, en) = (&def.zh, &def.en);
        return Err(Diagnostic::error("policy.facts.not_given", text!("`{zh}` 不是填报的企业指标", "`{en}` is not a reported fact of a subject")).help(text!(
            "派生指标由规则得出，区域指标另行给出；删去这一列",
            "derived facts follow from rules, facts of regions are given apart; leave the column out"
        )));
    }
    let Some(written) = written else { return Ok(def.period.containing(on)) };
    let example = def.period.containing(on);
    match Period::parse(written) {
        Ok(period) if period.cycle() == def.period => Ok(period),
        Ok(_) | Err(_) => {
            let fault = Diagnostic::error("policy.facts.period", text!("`{written}` 不是该指标的期间", "`{written}` is not a period of the fact"));
            Err(match def.period {
                Cycle::Instant => fault.help(text!("该指标没有期间，删去 `@` 及其后", "the fact has no periods; leave out `@` and what follows")),
                _ => fault.help(text!("写作 `{example}`", "write it like `{example}`")),
            })
        }
    }
}

/// The line of a row and the number of a column, both from 1.
fn place(name: &str, row: &StringRecord, at: usize, excerpt: &str) -> Place {
    Place {
        line: row.position().and_then(|position| u32::try_from(position.line()).ok()),
        column: u32::try_from(at + 1).ok(),
        excerpt: (!excerpt.is_empty()).then(|| excerpt.chars().take(60).collect()),
        ..Place::file(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FactValue, Fraction};
    use duijie_vocab::Fen;

    const FACTS: &str = "
facts:
  staff: {name: {zh: 从业人数, en: staff}, kind: count, unit: 人, period: year, min: 0}
  rd: {name: {zh: 研发费用, en: R&D}, kind: money, unit: 万元, period: year}
  debt: {name: {zh: 资产负债率, en: debt ratio}, kind: ratio, period: year}
  founded: {name: {zh: 成立日期, en: founded}, kind: date}
  size: {name: {zh: 规模, en: size}, kind: code, values: [大, 中, 小]}
  listed: {name: {zh: 上市, en: listed}, kind: bool}
  strength: {kind: ratio, period: year, rule: rd ÷ rd}
";

    fn read(table: &str) -> (Vocabulary, FactTable) {
        let (vocabulary, faults) = Vocabulary::parse("facts.yaml", FACTS);
        assert!(faults.is_empty(), "{faults:?}");
        let table = read_fact_table(&vocabulary, "facts.csv", table.as_bytes(), Date::parse("2021-06-30").unwrap());
        (vocabulary, table)
    }

    #[test]
    fn columns_are_facts_with_their_periods_and_empty_cells_are_missing() {
        let (vocabulary, table) = read(
            "\u{feff}id,从业人数,研发费用@2020,rd,debt,founded,规模,listed,region\n\
             甲,50,1234.56,800万元,3.25%,2019-03-05,大,是,320400\n\
             乙,,0.000001,,0.5,2019,小|中,,\n\
             丙,>=20,,-1,,,,no,110101\n",
        );
        assert_eq!(table.faults, []);
        assert_eq!(table.ids, ["甲", "乙", "丙"]);
        let at =
            |key: &str, period: Period, subject: usize| table.population.facts(&vocabulary, subject, &[]).get(key, period).map(|known| known.value.clone());
        let fen = |fen| Some(FactValue::Money(Fen(fen)));
        assert_eq!(at("rd", Period::Year(2020), 0), fen(1_234_560_000));
        assert_eq!(at("rd", Period::Year(2020), 1), fen(1));
        assert_eq!(at("rd", Period::Year(2021), 0), fen(800_000_000));
        assert_eq!(at("rd", Period::Year(2021), 2), fen(-1_000_000));
        assert_eq!(at("debt", Period::Year(2021), 0), Some(FactValue::Number(Fraction::new(13, 400).unwrap())));
        assert_eq!(at("debt", Period::Year(2021), 1), Some(FactValue::Number(Fraction::new(1, 2).unwrap())));
        assert_eq!(at("staff", Period::Year(2021), 2), Some(FactValue::Between { low: Some(Fraction::whole(20)), high: None }));
        assert_eq!(at("staff", Period::Year(2021), 1), None);
        assert_eq!(at("founded", Period::Instant, 1), Some(FactValue::Date(Date::parse("2019").unwrap())));
        assert_eq!(at("size", Period::Instant, 1), Some(FactValue::OneOf(vec!["小".into(), "中".into()])));
        assert_eq!(at("size", Period::Instant, 0), Some(FactValue::Text("大".into())));
        assert_eq!(at("listed", Period::Instant, 2), Some(FactValue::Bool(false)));
        assert_eq!(table.population.facts(&vocabulary, 0, &[]).region(), RegionCode::parse("320400").unwrap());
    }

    #[test]
    fn faults_carry_line_and_column_and_leave_the_rest() {
        let (vocabulary, table) = read("id,研发费,rd,rd@2021,rd@2021-03,size,strength,region\n甲,1,1,1,1,巨,1,\n乙,1,x,1,1,大,1,999\n\n丙,1,3\n");
        let told: Vec<(String, Option<u32>, Option<u32>)> =
            table.faults.iter().map(|fault| (fault.code.clone(), fault.place.line, fault.place.column)).collect();
        let told: Vec<(&str, u32, u32)> = told.iter().map(|(code, line, column)| (code.as_str(), line.unwrap(), column.unwrap())).collect();
        assert_eq!(
            told,
            [
                ("policy.facts.unknown_fact", 1, 2),
                ("policy.facts.twice", 1, 4),
                ("policy.facts.period", 1, 5),
                ("policy.facts.not_given", 1, 7),
                ("policy.facts.value", 2, 6),
                ("policy.facts.value", 3, 3),
                ("policy.facts.region", 3, 8),
            ]
        );
        assert!(table.faults.iter().take(6).all(|fault| fault.help.is_some()));
        assert_eq!(table.ids, ["甲", "乙", "丙"]);
        let last = table.population.facts(&vocabulary, 2, &[]);
        assert_eq!(last.get("rd", Period::Year(2021)).map(|known| known.value.clone()), Some(FactValue::Money(Fen(3_000_000))));
    }

    #[test]
    fn a_table_in_parts_is_the_whole_table() {
        let (vocabulary, _) = read("id");
        let rows: String = (0..7).map(|n| format!("s{n},{n},x\n")).collect();
        let table = format!("id,rd@2020,staff@2021\n{rows}");
        let mut tables = FactTables::open(&vocabulary, "facts.csv", table.as_bytes(), None, Date::parse("2026-01-01").unwrap());
        assert_eq!(tables.on(), Date::parse("2021-12-31").unwrap());
        let (mut ids, mut faults, mut values) = (Vec::new(), 0, Vec::new());
        while let Some(part) = tables.next_table(3) {
            let of = |at: usize| part.population.facts(&vocabulary, at, &[]).get("rd", Period::Year(2020)).map(|known| known.value.clone());
            values.extend((0..part.ids.len()).map(of));
            ids.extend(part.ids.clone());
            faults += part.faults.len();
        }
        assert_eq!((ids.len(), faults), (7, 7));
        assert_eq!(values, (0..7).map(|n| Some(FactValue::Money(Fen(n * 1_000_000)))).collect::<Vec<_>>());
        let many = format!("id,rd\n{}", "s,x\n".repeat(250));
        let told = |most: usize| {
            let mut tables = FactTables::open(&vocabulary, "facts.csv", many.as_bytes(), None, Date::parse("2026-01-01").unwrap());
            std::iter::from_fn(|| tables.next_table(most)).flat_map(|table| table.faults).collect::<Vec<_>>()
        };
        assert_eq!((told(40).len(), told(40)), (MAX_FAULTS + 1, told(usize::MAX)));
    }

    #[test]
    fn a_table_without_a_header_or_in_another_encoding_is_told() {
        assert_eq!(read("").1.faults[0].code, "policy.facts.empty");
        let (vocabulary, _) = read("id");
        let bytes: &[u8] = b"id,rd\na,1\n\xd1\xd0,2\nb,3\n";
        let table = read_fact_table(&vocabulary, "facts.csv", bytes, Date::parse("2021-06-30").unwrap());
        assert_eq!((table.faults[0].code.as_str(), table.faults[0].place.line), ("policy.facts.row", Some(3)));
        assert_eq!(table.ids, ["a", "b"]);
    }
}
