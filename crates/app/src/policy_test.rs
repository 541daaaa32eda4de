//! The test kit of measures: examples, generated boundary cases, and what is legal but probably not
//! meant, as one report that an official reads through and signs.

use crate::{AppError, PolicyFiles};
use duijie_policy::{BoundaryCase, Period, Side, boundary_cases, test_examples};
use duijie_sheet::{About, Column, ColumnKind, Storage, Table, Value, write_workbook};
use duijie_vocab::{Diagnostic, Lang, Text, Timestamp};
use serde::Serialize;

/// What testing the files found.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    pub measures: usize,
    pub examples: Vec<ExampleLine>,
    pub boundary: Vec<BoundaryLine>,
    /// Errors of the files, and remarks: thresholds and conditions that no example notices, gaps and
    /// overlaps of tables, conditions that can never or always hold, facts that no source answers.
    pub findings: Vec<Diagnostic>,
}

/// What became of one example.
#[derive(Clone, Debug, Serialize)]
pub struct ExampleLine {
    pub measure: String,
    pub name: String,
    /// File, line and column.
    pub place: String,
    pub passed: bool,
    pub message: Text,
}

/// One generated case: a fact just below, at or just above a threshold, or missing.
#[derive(Clone, Debug, Serialize)]
pub struct BoundaryLine {
    pub measure: String,
    pub measure_name: Text,
    pub version: u32,
    pub fact: String,
    pub fact_name: Text,
    /// Empty for a fact without periods.
    pub period: Text,
    /// `below`, `at`, `above` or `missing`.
    pub side: &'static str,
    pub side_name: Text,
    pub value: Text,
    pub outcome: &'static str,
    pub outcome_name: Text,
    pub amount: Text,
}

impl TestReport {
    /// Whether every example came out as expected and the files have no errors.
    pub fn is_sound(&self) -> bool {
        self.examples.iter().all(|example| example.passed) && !duijie_vocab::has_errors(&self.findings)
    }
}

impl PolicyFiles {
    /// Runs every example and generates every boundary case.
    pub fn test(&self) -> TestReport {
        let examples = test_examples(&self.book).into_iter().map(|outcome| ExampleLine {
            measure: outcome.measure,
            name: outcome.name,
            place: outcome.place.show(),
            passed: outcome.passed,
            message: outcome.message.unwrap_or_default(),
        });
        let boundary =
            self.book.measures().flat_map(|measure| boundary_cases(&self.book, measure).into_iter().map(|case| boundary_line(&measure.source.name, case)));
        let mut findings = self.faults.clone();
        findings.extend(self.example_faults());
        findings.extend(self.remarks());
        TestReport { measures: self.count(), examples: examples.collect(), boundary: boundary.collect(), findings }
    }
}

fn boundary_line(name: &Text, case: BoundaryCase) -> BoundaryLine {
    let (side, zh, en) = match case.side {
        Side::Below => ("below", "略低于界限", "just below"),
        Side::At => ("at", "正在界限", "at the threshold"),
        Side::Above => ("above", "略高于界限", "just above"),
        Side::Missing => ("missing", "缺此项", "missing"),
    };
    BoundaryLine {
        measure: case.measure,
        measure_name: name.clone(),
        version: case.version,
        fact: case.fact,
        fact_name: case.name,
        period: if case.period == Period::Instant { Text::default() } else { case.period.described() },
        side,
        side_name: Text::new(zh, en),
        value: case.value,
        outcome: case.outcome.name(),
        outcome_name: case.outcome.described(),
        amount: case.amount.map_or_else(Text::default, |amount| Text::new(amount.shown(Lang::Zh), amount.shown(Lang::En))),
    }
}

impl TestReport {
    /// The report as a workbook, with a column to confirm each boundary case in and a line to sign.
    pub fn workbook(&self, lang: Lang, created: Timestamp) -> Result<Vec<u8>, AppError> {
        let word = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
        let texts = |names: &[(&'static str, &'static str)]| names.iter().map(|(zh, en)| Column::new(word(zh, en), ColumnKind::Text)).collect::<Vec<_>>();
        let boundary = self.boundary.iter().map(|line| {
            let shown = [&line.measure_name, &line.fact_name, &line.period, &line.value, &line.side_name, &line.outcome_name, &line.amount];
            std::iter::once(Value::from(line.measure.as_str())).chain(shown.into_iter().map(|text| Value::from(text.get(lang)))).chain([Value::Empty]).collect()
        });
        let columns = texts(&[
            ("编号", "Id"),
            ("措施", "Measure"),
            ("指标", "Fact"),
            ("时期", "Period"),
            ("取值", "Value"),
            ("位置", "Where"),
            ("结果", "Outcome"),
            ("金额", "Amount"),
            ("确认", "Confirmed"),
        ]);
        let mut signed = Table::new(word("边界值", "Boundary cases"), columns, boundary);
        signed.titles = vec![
            word("边界值核对表", "Boundary cases to confirm").to_string(),
            word("核对人：____________　日期：____________", "Checked by: ____________  Date: ____________").to_string(),
        ];
        let examples = self.examples.iter().map(|line| {
            let passed = if line.passed { word("相符", "as expected") } else { word("不符", "differs") };
            vec![Value::from(line.measure.as_str()), Value::from(line.name.as_str()), Value::from(passed), Value::from(line.message.get(lang))]
        });
        let findings = self.findings.iter().map(|fault| {
            let help = fault.help.as_ref().map_or("", |help| help.get(lang));
            vec![Value::from(fault.place.show()), Value::from(fault.message.get(lang)), Value::from(help)]
        });
        let tables = vec![
            signed,
            Table::new(word("示例", "Examples"), texts(&[("编号", "Id"), ("示例", "Example"), ("结果", "Outcome"), ("说明", "Message")]), examples),
            Table::new(word("检查", "Findings"), texts(&[("位置", "Place"), ("发现", "Finding"), ("怎么办", "What to do")]), findings),
        ];
        let about = About { title: word("措施测试", "Test of measures").to_string(), creator: "Duijie 对接".to_string(), created };
        write_workbook(tables, &about, Storage::Memory).map(|written| written.bytes).map_err(|fault| AppError::Internal(fault.into()))
    }
}
