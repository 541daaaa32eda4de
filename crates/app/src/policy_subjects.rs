//! Subjects with their facts from a file, for deciding without a data directory: a csv table with a
//! row per subject, or JSON with the values by fact and period.

use crate::{DecideOn, PolicyFiles};
use duijie_policy::{FactDef, FactSource, FactTables, Facts, Period, Population, RegionFacts, Vocabulary};
use duijie_vocab::{Date, Decimal, Diagnostic, Place, RegionCode, Text, text};
use serde_json::{Map, Value};
use std::io::{BufRead, Read};

/// Subjects by position, and the facts of regions beside them.
#[derive(Default)]
pub struct Subjects {
    pub ids: Vec<String>,
    /// What was wrong with the file; the rest was read.
    pub faults: Vec<Diagnostic>,
    pub(crate) population: Population,
    pub(crate) regions: RegionFacts,
    source: String,
}

impl PolicyFiles {
    /// Reads a csv table (`id`, `region`, and facts such as `研发费用@2021`), or JSON: a list of
    /// `{id, region, facts, attested}`, or `{subjects: […], regions: [{region, facts}]}`. A column
    /// without a period is about the one that `on` lies in.
    pub fn subjects(&self, name: &str, bytes: &[u8], on: Date) -> Subjects {
        if !looks_like_json(bytes) {
            return self.table(name, bytes, Some(on), on).0;
        }
        let mut reading = Reading { vocabulary: self.book.vocabulary(), name, on, faults: Vec::new() };
        let (ids, rows, regions) = reading.document(bytes);
        Subjects { ids, faults: reading.faults, population: Population::from_facts(&rows), regions, source: name.to_string() }
    }

    /// The same from a source, with when it is decided: `on`, else about the latest period that a column of the
    /// table names, else about the one of `today`.
    pub fn read_subjects(&self, name: &str, mut from: impl BufRead, on: Option<DecideOn>, today: Date) -> std::io::Result<(Subjects, DecideOn)> {
        if !looks_like_json(from.fill_buf()?) {
            let (subjects, last) = self.table(name, from, on.map(DecideOn::about), today);
            return Ok((subjects, on.unwrap_or(DecideOn::PeriodOf(last))));
        }
        let (mut bytes, on) = (Vec::new(), on.unwrap_or(DecideOn::PeriodOf(today)));
        from.read_to_end(&mut bytes)?;
        Ok((self.subjects(name, &bytes, on.about()), on))
    }

    fn table(&self, name: &str, from: impl Read, on: Option<Date>, today: Date) -> (Subjects, Date) {
        let mut tables = FactTables::open(self.book.vocabulary(), name, from, on, today);
        let table = tables.next_table(usize::MAX).unwrap_or_default();
        let subjects = Subjects { ids: table.ids, faults: table.faults, population: table.population, regions: RegionFacts::new(), source: name.to_string() };
        (subjects, tables.on())
    }
}

/// Whether subjects are given as JSON and not as a table, by the first characters.
pub fn looks_like_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start().first(), Some(b'[' | b'{'))
}

impl Subjects {
    /// The place of a subject by its id.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|known| known == id)
    }

    /// Everything known of one subject, with the file as its source.
    pub(crate) fn facts(&self, vocabulary: &Vocabulary, at: usize) -> Facts {
        let found = self.population.facts(vocabulary, at, &[]);
        let mut facts = found.clone();
        for (key, period, known) in found.iter() {
            facts.set(key, period, known.value.clone(), FactSource::curated(&self.source));
        }
        facts
    }
}

struct Reading<'v> {
    vocabulary: &'v Vocabulary,
    name: &'v str,
    on: Date,
    faults: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn document(&mut self, bytes: &[u8]) -> (Vec<String>, Vec<Facts>, RegionFacts) {
        let (mut ids, mut rows, mut regions) = (Vec::new(), Vec::new(), RegionFacts::new());
        let document: Value = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => {
                let place = Place { line: u32::try_from(error.line()).ok(), column: u32::try_from(error.column()).ok(), ..Place::file(self.name) };
                let fault = Diagnostic::error("policy.facts.json", text!("JSON 有误：{error}", "this is not JSON: {error}"));
                self.faults.push(fault.at(place).help(text!("核对括号、引号与逗号", "check the brackets, quotes and commas")));
                return (ids, rows, regions);
            }
        };
        let listed = document.get("subjects").unwrap_or(&document);
        for (at, subject) in listed.as_array().into_iter().flatten().enumerate() {
            let id = subject["id"].as_str().map_or_else(|| (at + 1).to_string(), str::to_string);
            let mut facts = Facts::new(self.region(subject, &id));
            for (fact, values) in object(&subject["facts"]) {
                self.fact(&id, fact, values, &mut facts);
            }
            for (label, answer) in object(&subject["attested"]) {
                facts.attest(label, answer.as_bool().unwrap_or_else(|| matches!(answer.as_str(), Some("yes" | "是"))));
            }
            ids.push(id);
            rows.push(facts);
        }
        for entry in document.get("regions").and_then(Value::as_array).into_iter().flatten() {
            let region = self.region(entry, "regions");
            for (fact, values) in object(&entry["facts"]) {
                self.region_fact(region, fact, values, &mut regions);
            }
        }
        (ids, rows, regions)
    }

    fn region(&mut self, entry: &Value, id: &str) -> RegionCode {
        let Some(written) = entry["region"].as_str() else { return RegionCode::NATION };
        RegionCode::find(written).unwrap_or_else(|_| {
            self.refuse(
                id,
                written,
                text!("没有区划 `{written}`", "there is no region `{written}`"),
                text!("写六位区划代码，如 320400", "write a code of six digits such as 320400"),
            );
            RegionCode::NATION
        })
    }

    fn fact(&mut self, id: &str, name: &str, values: &Value, facts: &mut Facts) {
        let Some(def) = self.vocabulary.fact(name) else { return self.unknown(id, name) };
        for (period, value) in self.periods(id, def, values) {
            match def.read(&written(value)) {
                Ok(value) => drop(facts.set(&def.key, period, value, FactSource::default())),
                Err(fault) => self.refuse(id, name, fault.message, fault.help),
            }
        }
    }

    fn region_fact(&mut self, region: RegionCode, name: &str, values: &Value, regions: &mut RegionFacts) {
        let Some(canonical) = RegionFacts::canonical(self.vocabulary, name) else { return self.unknown("regions", name) };
        let growth_of = canonical.strip_prefix("growth(").and_then(|rest| rest.strip_suffix(')'));
        let Some(def) = self.vocabulary.fact(growth_of.unwrap_or(&canonical)) else { return self.unknown("regions", name) };
        for (period, value) in self.periods("regions", def, values) {
            let written = written(value);
            let read = match growth_of {
                None => def.read(&written).ok(),
                Some(_) => share(&written),
            };
            match read {
                Some(value) => drop(regions.set(region, &canonical, period, value, FactSource::curated(self.name))),
                None => {
                    self.refuse("regions", name, text!("`{written}` 不是 {name} 的值", "`{written}` is no value of {name}"), text!("例如 8%", "for example 8%"))
                }
            }
        }
    }

    /// The values of a fact by period; a plain one is about the period that the day lies in.
    fn periods<'j>(&mut self, id: &str, def: &FactDef, values: &'j Value) -> Vec<(Period, &'j Value)> {
        let Some(by_period) = values.as_object() else { return vec![(def.period.containing(self.on), values)] };
        let mut found = Vec::new();
        for (period, value) in by_period {
            match Period::parse(period).ok().filter(|read| read.cycle() == def.period) {
                Some(period) => found.push((period, value)),
                None => {
                    let example = def.period.containing(self.on);
                    self.refuse(
                        id,
                        period,
                        text!("`{period}` 不是该指标的期间", "`{period}` is not a period of the fact"),
                        text!("写作 `{example}`", "write it like `{example}`"),
                    );
                }
            }
        }
        found
    }

    fn unknown(&mut self, id: &str, name: &str) {
        self.refuse(
            id,
            name,
            text!("未知的指标 `{name}`", "unknown fact `{name}`"),
            text!("在 facts.yaml 中声明它，或核对写法", "declare it in facts.yaml, or check the spelling"),
        );
    }

    fn refuse(&mut self, id: &str, excerpt: &str, message: Text, help: Text) {
        let place = Place { field: Some(id.to_string()), excerpt: Some(excerpt.to_string()), ..Place::file(self.name) };
        self.faults.push(Diagnostic::error("policy.facts.value", message).at(place).help(help));
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// A value as a person would have typed it.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "是".to_string(),
        Value::Bool(false) => "否".to_string(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

/// `8%` or `0.08`.
fn share(written: &str) -> Option<duijie_policy::FactValue> {
    let (digits, percent) = written.trim().strip_suffix(['%', '％']).map_or((written.trim(), false), |digits| (digits, true));
    let number = Decimal::parse(digits).ok()?;
    let number = if percent { number.divided_by_power(2) } else { number };
    duijie_policy::Fraction::from_decimal(number).map(duijie_policy::FactValue::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: &str = "facts:\n  revenue: {zh: 营业收入, kind: money, unit: 万元, period: year}\n  titles: {zh: 称号, kind: set}\n";

    fn read(json: &str) -> (PolicyFiles, Subjects) {
        let files = PolicyFiles::read(vec![("facts.yaml".into(), FACTS.into())]);
        let subjects = files.subjects("facts.json", json.as_bytes(), Date::parse("2021-06-30").unwrap());
        (files, subjects)
    }

    #[test]
    fn facts_of_subjects_and_regions_are_read_by_period() {
        let (files, subjects) = read(
            r#"{"subjects": [{"id": "甲", "region": "320402", "facts": {"营业收入": {"2020": "800万元", "2021": 900}, "titles": ["瞪羚企业"]}, "attested": {"无失信": true}}],
                "regions": [{"region": "320400", "facts": {"增幅(营业收入)": {"2021": "8%"}}}]}"#,
        );
        assert_eq!(subjects.faults, []);
        let facts = subjects.facts(files.book.vocabulary(), subjects.place("甲").unwrap());
        assert_eq!(facts.iter().count(), 3);
        assert_eq!(facts.attested("无失信"), Some(true));
        assert_eq!(facts.region(), RegionCode::parse("320402").unwrap());
        assert!(subjects.regions.get(RegionCode::parse("320400").unwrap(), "growth(revenue)", Period::Year(2021)).is_some());
    }

    #[test]
    fn faults_name_the_subject_and_leave_the_rest() {
        let (files, subjects) =
            read(r#"[{"id": "甲", "region": "99", "facts": {"收入": 1, "营业收入": {"2021": "多", "2021Q1": 1}}}, {"id": "乙", "facts": {"营业收入": 5}}]"#);
        assert_eq!(subjects.faults.len(), 4);
        assert!(subjects.faults.iter().all(|fault| fault.place.field.as_deref() == Some("甲") && fault.help.is_some()));
        assert_eq!(subjects.facts(files.book.vocabulary(), 1).iter().count(), 1);
        let (_, broken) = read("[{");
        assert_eq!((broken.faults[0].place.line, broken.ids.len()), (Some(1), 0));
    }
}
