//! A measure as its file says it: names, dates, conditions as trees, benefit and examples. Nothing is
//! resolved against the vocabulary yet.

use crate::benefit_kind::{self, BenefitKind};
use crate::book::references;
use crate::keys::{self, Keys};
use crate::lexer::RuleFault;
use crate::period::{Cycle, Period};
use crate::source::Source;
use crate::vocabulary::RuleText;
use crate::yaml::{Node, read_yaml};
use crate::{Expr, Fraction, RoundingMode, parse_rule};
use duijie_vocab::{Date, Diagnostic, Fen, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A document a measure or a condition rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a measure reaches its beneficiaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// 免申即享: nothing to do.
    Automatic,
    /// 快申快享: to be confirmed.
    Confirm,
    /// 申报评审: an application that is reviewed.
    #[default]
    Apply,
}

/// When a measure may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Days of the year: month and day of begin and end.
    Yearly {
        from: (u8, u8),
        until: (u8, u8),
        same_year: bool,
    },
    Dates {
        from: Date,
        until: Date,
    },
}

/// How sure the encoding of a measure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Certainty {
    /// Official or primary text.
    A,
    /// Secondary sources agree.
    B,
    /// Unverified.
    C,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolOrder {
    #[default]
    FirstCome,
    HighestFirst,
    ProRata,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    pub pool: String,
    pub order: PoolOrder,
    /// What the pool holds for a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Fen>,
}

/// A limit that measures share: together they pay a subject at most this in a calendar year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedCap {
    pub group: String,
    pub cap: Fen,
}

/// A rule with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub expr: Expr,
    pub text: String,
    pub(crate) at: RuleText,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub label: Text,
    pub clause: Option<String>,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Rule(Rule),
    /// Who confirms it.
    Attest(String),
    AnyOf(Vec<Condition>),
    AllOf(Vec<Condition>),
    NoneOf(Vec<Condition>),
}

impl Test {
    /// The conditions of a group, in order; none for a single test.
    pub fn parts(&self) -> &[Condition] {
        match self {
            Test::Rule(_) | Test::Attest(_) => &[],
            Test::AnyOf(parts) | Test::AllOf(parts) | Test::NoneOf(parts) => parts,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Benefit {
    /// Nothing when the file does not say.
    pub kind: Option<BenefitKind>,
    pub amount: Option<Rule>,
    pub rate: Option<Rule>,
    pub base: Option<Rule>,
    pub cap: Option<Rule>,
    pub floor: Option<Rule>,
    pub rounding: Rounding,
    pub note: Option<Text>,
}

/// To what an amount is rounded, in Fen, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rounding {
    pub step_fen: i64,
    pub mode: RoundingMode,
}

impl Default for Rounding {
    fn default() -> Rounding {
        Rounding { step_fen: 1, mode: RoundingMode::HalfUp }
    }
}

/// A named value that changes with time and class.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSource {
    pub name: String,
    pub lines: Vec<ParameterRow>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ParameterRow {
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub when: Option<Rule>,
    pub value: Rule,
    pub clause: Option<String>,
}

/// A value of a fact in an example, as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExampleFact {
    pub(crate) name: String,
    pub(crate) period: Option<Period>,
    pub(crate) values: Vec<String>,
    pub(crate) is_list: bool,
    pub(crate) range: std::ops::Range<usize>,
}

/// A test inside a measure's file.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub name: String,
    pub region: Option<RegionCode>,
    pub period: Option<Period>,
    pub on: Option<Date>,
    pub expect: String,
    pub amount: Option<String>,
    pub(crate) facts: Vec<ExampleFact>,
    pub(crate) region_facts: Vec<ExampleFact>,
    pub(crate) attested: Vec<(String, bool)>,
    /// What measures pay when all of them are decided for the subject, by id.
    pub(crate) together: Vec<(String, String)>,
    pub(crate) range: std::ops::Range<usize>,
}

/// One version of a measure as its file says it.
#[derive(Clone, Debug)]
pub struct MeasureVersion {
    pub id: String,
    pub name: Text,
    pub basis: Vec<Basis>,
    pub region: RegionCode,
    pub subject: String,
    pub in_force: (Option<Date>, Option<Date>),
    /// Whether it is meant that no version was in force for a while before this one.
    pub resumes: bool,
    pub period: Cycle,
    pub window: Option<Window>,
    pub delivery: Delivery,
    pub parameters: Vec<ParameterSource>,
    pub when: Vec<Condition>,
    pub benefit: Option<Benefit>,
    pub validity: Option<String>,
    pub exclusive: Vec<String>,
    pub shared_cap: Option<SharedCap>,
    pub budget: Option<Budget>,
    pub certainty: Option<Certainty>,
    pub interpretation: Option<Text>,
    pub source: Vec<String>,
    pub note: Option<Text>,
    pub examples: Vec<Example>,
    /// The ids of the measures that its rules refer to.
    pub(crate) refers: Vec<String>,
    pub(crate) range: std::ops::Range<usize>,
    pub(crate) origin: Arc<Source>,
}

/// The versions of one measure, or several measures, in one file.
#[derive(Clone, Debug)]
pub struct MeasureSource {
    pub versions: Vec<MeasureVersion>,
}

pub(crate) const MEASURE_KEYS: [&str; 23] = [
    "id",
    "name",
    "basis",
    "region",
    "subject",
    "in_force",
    "resumes",
    "period",
    "window",
    "delivery",
    "when",
    "parameters",
    "benefit",
    "validity",
    "exclusive",
    "shared_cap",
    "budget",
    "certainty",
    "interpretation",
    "source",
    "note",
    "examples",
    "version",
];

/// What reading one file gave.
#[expect(clippy::vec_box, reason = "versions are large and move from list to list")]
pub(crate) struct MeasuresRead {
    pub(crate) versions: Vec<Box<MeasureVersion>>,
    /// The ids of those that were left out for their faults.
    pub(crate) refused: Vec<String>,
    pub(crate) faults: Vec<Diagnostic>,
}

/// The measures of one file: a mapping, a list of versions, or several documents. Faulty ones are left out.
pub fn parse_measure(file: &str, text: &str) -> (Option<MeasureSource>, Vec<Diagnostic>) {
    let MeasuresRead { versions, faults, .. } = read_measures(file, text);
    let versions: Vec<MeasureVersion> = versions.into_iter().map(|version| *version).collect();
    ((!versions.is_empty()).then_some(MeasureSource { versions }), faults)
}

pub(crate) fn read_measures(file: &str, text: &str) -> MeasuresRead {
    let source = Arc::new(Source::new(file, text));
    let (documents, mut faults) = read_yaml(&source);
    let (mut versions, mut refused) = (Vec::new(), Vec::new());
    for document in &documents {
        let nodes = document.list().unwrap_or(std::slice::from_ref(document));
        for node in nodes {
            if node.is_empty() {
                continue;
            }
            let mut reader = MeasureReader { source: &source, faults: Vec::new() };
            let version = reader.version(node);
            match version.filter(|_| !reader.faults.iter().any(Diagnostic::is_error)) {
                Some(version) => versions.push(Box::new(MeasureVersion { refers: references(&version), ..version })),
                None => refused.extend(written_id(node).map(str::to_string)),
            }
            faults.append(&mut reader.faults);
        }
    }
    MeasuresRead { versions, refused, faults }
}

/// The id that a measure gives itself, whatever is wrong with the rest.
fn written_id(node: &Node) -> Option<&str> {
    node.map()?.iter().find(|(key, _)| key.scalar() == Some("id"))?.1.scalar()
}

struct MeasureReader<'s> {
    source: &'s Arc<Source>,
    faults: Vec<Diagnostic>,
}

impl MeasureReader<'_> {
    fn version(&mut self, node: &Node) -> Option<MeasureVersion> {
        let source = self.source.clone();
        let keys = Keys::read(node, &MEASURE_KEYS, &source, &mut self.faults)?;
        let Some(id) = keys.scalar("id").map(str::to_string) else {
            self.faults.push(keys.lacks("id", text!("措施没有编号", "the measure has no id")));
            return None;
        };
        let name = match keys.get("name") {
            Some(node) => self.text(node)?,
            None => {
                self.faults.push(keys.lacks("name", text!("措施没有名称", "the measure has no name")));
                return None;
            }
        };
        let region = match keys.get("region") {
            None => RegionCode::NATION,
            Some(node) => self.region(node)?,
        };
        let period = match keys.get("period") {
            None => Cycle::Instant,
            Some(node) => keys::choice(node, &source, &mut self.faults, "year quarter month once", Cycle::parse)?,
        };
        let delivery = match keys.get("delivery") {
            None => Delivery::default(),
            Some(node) => keys::choice(node, &source, &mut self.faults, "automatic confirm apply", |word| match word {
                "automatic" | "免申即享" => Some(Delivery::Automatic),
                "confirm" | "快申快享" => Some(Delivery::Confirm),
                "apply" | "申报评审" => Some(Delivery::Apply),
                _ => None,
            })?,
        };
        let certainty = match keys.get("certainty") {
            None => None,
            Some(node) => Some(keys::choice(node, &source, &mut self.faults, "A B C", |word| match word {
                "A" => Some(Certainty::A),
                "B" => Some(Certainty::B),
                "C" => Some(Certainty::C),
                _ => None,
            })?),
        };
        let Some(when) = keys.get("when") else {
            self.faults.push(keys.lacks("when", text!("措施没有条件", "the measure has no conditions")));
            return None;
        };
        Some(MeasureVersion {
            id,
            name,
            basis: keys.get("basis").map(|node| self.basis(node)).unwrap_or_default(),
            region,
            subject: keys.scalar("subject").unwrap_or("enterprise").to_string(),
            in_force: keys.get("in_force").map_or((None, None), |node| self.dates(node)),
            resumes: keys.get("resumes").is_some_and(|node| self.yes_or_no(node)),
            period,
            window: keys.get("window").and_then(|node| self.window(node)),
            delivery,
            parameters: keys.get("parameters").map(|node| self.parameters(node)).unwrap_or_default(),
            when: self.conditions(when, 0),
            benefit: keys.get("benefit").and_then(|node| self.benefit(node)),
            validity: keys.scalar("validity").map(str::to_string),
            exclusive: keys.words("exclusive"),
            shared_cap: keys.get("shared_cap").and_then(|node| self.shared_cap(node)),
            budget: keys.get("budget").and_then(|node| self.budget(node)),
            certainty,
            interpretation: keys.get("interpretation").and_then(|node| self.text(node)),
            source: keys.words("source"),
            note: keys.get("note").and_then(|node| self.text(node)),
            examples: keys.get("examples").map(|node| self.examples(node)).unwrap_or_default(),
            refers: Vec::new(),
            range: node.range.clone(),
            origin: source,
        })
    }

    fn text(&mut self, node: &Node) -> Option<Text> {
        keys::text(node, self.source, &mut self.faults)
    }

    fn keys<'n>(&mut self, node: &'n Node, known: &[&str]) -> Option<KeysOf<'n>> {
        Keys::read(node, known, self.source, &mut self.faults).map(|_| KeysOf(node))
    }

    fn refuse(&mut self, node: &Node, code: &str, message: Text, help: Text) {
        self.faults.push(Diagnostic::error(code, message).at(self.source.place(node.range.clone())).help(help));
    }

    fn items<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match node.list() {
            Some(items) => items,
            None => {
                self.refuse(node, "policy.yaml.list", text!("此处应为列表", "a list is wanted here"), text!("每项以 `- ` 开头", "begin each item with `- `"));
                &[]
            }
        }
    }

    fn yes_or_no(&mut self, node: &Node) -> bool {
        let read = |word: &str| match word {
            "true" | "yes" | "是" => Some(true),
            "false" | "no" | "否" => Some(false),
            _ => None,
        };
        keys::choice(node, self.source, &mut self.faults, "true false", read).unwrap_or(false)
    }

    fn region(&mut self, node: &Node) -> Option<RegionCode> {
        let written = node.scalar().unwrap_or("");
        match RegionCode::find(written) {
            Ok(code) => Some(code),
            Err(_) => {
                self.refuse(
                    node,
                    "policy.measure.region",
                    text!("`{written}` 不是行政区划代码", "`{written}` is no code of a region"),
                    match written.len() == 6 && written.bytes().all(|byte| byte.is_ascii_digit()) {
                        true => text!("区划代码表中没有它；核对各位数字", "the list of divisions does not have it; check the digits"),
                        false => text!("写六位代码并加引号，如 \"320400\"", "write the six digits in quotes, such as \"320400\""),
                    },
                );
                None
            }
        }
    }

    fn basis(&mut self, node: &Node) -> Vec<Basis> {
        let nodes = node.list().unwrap_or(std::slice::from_ref(node));
        let mut all = Vec::new();
        for node in nodes {
            if let Some(one) = node.scalar() {
                all.push(Basis { document: one.to_string(), ..Basis::default() });
            } else if let Some(keys) = self.keys(node, &["document", "issuer", "number", "year", "clause", "url"]) {
                let word = |key| keys.scalar(key).map(str::to_string);
                all.push(Basis {
                    document: word("document").unwrap_or_default(),
                    issuer: word("issuer"),
                    number: word("number"),
                    year: word("year"),
                    clause: word("clause"),
                    url: word("url"),
                });
            }
        }
        all
    }

    /// `a..b`, either end open.
    fn dates(&mut self, node: &Node) -> (Option<Date>, Option<Date>) {
        let written = node.scalar().unwrap_or("");
        let Some((from, until)) = written.split_once("..") else {
            self.refuse(
                node,
                "policy.measure.in_force",
                text!("有效期写作 `2021-01-01..2023-12-31`", "a span is written `2021-01-01..2023-12-31`"),
                text!("没有终止日时写 `2021-01-01..`", "write `2021-01-01..` when there is no end"),
            );
            return (None, None);
        };
        let from = self.date(node, from).map(Date::first_day);
        let until = self.date(node, until).map(Date::last_day);
        if matches!((from, until), (Some(from), Some(until)) if from > until) {
            self.refuse(node, "policy.measure.in_force", text!("起始日晚于终止日", "the span ends before it begins"), text!("交换两个日期", "swap the dates"));
        }
        (from, until)
    }

    fn date(&mut self, node: &Node, written: &str) -> Option<Date> {
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        match Date::parse(written) {
            Ok(date) => Some(date),
            Err(_) => {
                self.refuse(
                    node,
                    "policy.measure.date",
                    text!("日期 `{written}` 不存在或写法有误", "`{written}` is no date that exists"),
                    text!("写作 2021-06-30", "write it as 2021-06-30"),
                );
                None
            }
        }
    }

    fn window(&mut self, node: &Node) -> Option<Window> {
        let (written, same_year) = match node.map() {
            Some(_) => {
                let keys = self.keys(node, &["from", "until", "to", "year"])?;
                let until = keys.scalar("until").or_else(|| keys.scalar("to")).unwrap_or("");
                (format!("{}..{until}", keys.scalar("from").unwrap_or("")), matches!(keys.scalar("year"), Some("same" | "当年")))
            }
            None => (node.scalar().unwrap_or("").to_string(), false),
        };
        let halves = written.split_once("..").map(|(from, until)| (from.trim().to_string(), until.trim().to_string()));
        let read = halves.as_ref().and_then(|(from, until)| {
            // 2024 has a 29 February, so that every day of any year is a day.
            let day = |text: &str| Date::parse(&format!("2024-{text}")).ok().and_then(|date| Some((date.month()?, date.day()?)));
            match (day(from), day(until)) {
                (Some(from), Some(until)) => Some(Window::Yearly { from, until, same_year }),
                _ => {
                    let (from, until) = (Date::parse(from).ok()?.first_day(), Date::parse(until).ok()?.last_day());
                    (from <= until).then_some(Window::Dates { from, until })
                }
            }
        });
        if read.is_none() {
            let is_day = |text: &str| text.len() == 5 && text.as_bytes()[2] == b'-' && text.bytes().filter(u8::is_ascii_digit).count() == 4;
            let missing = halves.iter().flat_map(|(from, until)| [from, until]).find(|day| is_day(day) && Date::parse(&format!("2024-{day}")).is_err());
            self.refuse(
                node,
                "policy.measure.window",
                match missing {
                    Some(day) => text!("没有 `{day}` 这一天", "the day `{day}` does not exist"),
                    None => text!("申报时间 `{written}` 写法有误", "`{written}` is no window"),
                },
                text!("写作 `03-01..04-30` 或两个完整日期", "write `03-01..04-30` or two full dates"),
            );
        }
        read
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let Some(at) = RuleText::of(node, self.source) else {
            self.refuse(
                node,
                "policy.rule.missing",
                text!("此处应为规则", "a rule is wanted here"),
                text!("写一个表达式；以 `{{` 或引号开头时整体加引号", "write an expression; put all of it in quotes when it begins with a bracket or a quote"),
            );
            return None;
        };
        match parse_rule(&at.text) {
            Ok(expr) => Some(Rule { expr, text: at.text.clone(), at }),
            Err(fault) => {
                self.faults.push(rule_diagnostic(&fault, &at, self.source, true));
                None
            }
        }
    }

    fn rule_under(&mut self, keys: &KeysOf<'_>, key: &str) -> Option<Rule> {
        keys.get(key).and_then(|node| self.rule(node))
    }

    fn conditions(&mut self, node: &Node, depth: usize) -> Vec<Condition> {
        let items = self.items(node);
        if items.is_empty() {
            self.refuse(node, "policy.measure.when", text!("没有条件", "there are no conditions"), text!("至少写一个条件", "write at least one condition"));
        }
        items.iter().filter_map(|item| self.condition(item, depth)).collect()
    }

    fn condition(&mut self, node: &Node, depth: usize) -> Option<Condition> {
        if node.scalar().is_some() {
            let rule = self.rule(node)?;
            return Some(Condition { label: Text::new(rule.text.clone(), rule.text.clone()), clause: None, test: Test::Rule(rule) });
        }
        let keys = self.keys(node, &["label", "clause", "rule", "attest", "any_of", "all_of", "none_of", "note"])?;
        let tests: Vec<&str> = ["rule", "attest", "any_of", "all_of", "none_of"].into_iter().filter(|key| keys.get(key).is_some()).collect();
        let [test] = tests.as_slice() else {
            self.refuse(
                node,
                "policy.measure.condition",
                text!("条件须有且仅有 rule、attest、any_of、all_of、none_of 之一", "a condition has exactly one of rule, attest, any_of, all_of, none_of"),
                text!("留下一个", "keep one of them"),
            );
            return None;
        };
        let inner = keys.get(test)?;
        let test = match *test {
            "rule" => Test::Rule(self.rule(inner)?),
            "attest" => Test::Attest(inner.scalar().unwrap_or("经办人核验").to_string()),
            group => {
                let conditions = self.conditions(inner, depth + 1);
                match group {
                    "any_of" => Test::AnyOf(conditions),
                    "all_of" => Test::AllOf(conditions),
                    _ => Test::NoneOf(conditions),
                }
            }
        };
        let label = match keys.get("label") {
            Some(label) => self.text(label)?,
            None => default_label(&test),
        };
        Some(Condition { label, clause: keys.scalar("clause").map(str::to_string), test })
    }

    fn benefit(&mut self, node: &Node) -> Option<Benefit> {
        let keys = self.keys(node, &["kind", "amount", "rate", "base", "cap", "floor", "rounding", "note"])?;
        Some(Benefit {
            kind: keys.get("kind").and_then(|node| benefit_kind::read(node, self.source, &mut self.faults)),
            amount: self.rule_under(&keys, "amount"),
            rate: self.rule_under(&keys, "rate"),
            base: self.rule_under(&keys, "base"),
            cap: self.rule_under(&keys, "cap"),
            floor: self.rule_under(&keys, "floor"),
            rounding: keys.get("rounding").map_or(Some(Rounding::default()), |node| self.rounding(node))?,
            note: keys.get("note").and_then(|node| self.text(node)),
        })
    }

    fn rounding(&mut self, node: &Node) -> Option<Rounding> {
        let keys = self.keys(node, &["to", "mode"])?;
        let mode = match keys.get("mode") {
            None => RoundingMode::HalfUp,
            Some(node) => keys::choice(node, self.source, &mut self.faults, "half_up half_even down up", |word| match word {
                "half_up" | "四舍五入" => Some(RoundingMode::HalfUp),
                "half_even" => Some(RoundingMode::HalfEven),
                "down" | "舍去" => Some(RoundingMode::Down),
                "up" | "进位" => Some(RoundingMode::Up),
                _ => None,
            })?,
        };
        let step_fen = match keys.get("to") {
            None => 1,
            Some(node) => {
                let written = node.scalar().unwrap_or("");
                let number = if written.starts_with(|c: char| c.is_ascii_digit()) { written.to_string() } else { format!("1{written}") };
                match crate::vocabulary::read_number(&number, &crate::Dimension::Money(crate::Currency::Cny), Fraction::whole(100))
                    .and_then(Fraction::to_i64)
                    .filter(|&step| step > 0)
                {
                    Some(step) => step,
                    None => {
                        self.refuse(
                            node,
                            "policy.measure.rounding",
                            text!("`{written}` 不是取整的单位", "`{written}` is nothing to round to"),
                            text!("例如 `元`、`100元`、`万元`", "for example `元`, `100元`, `万元`"),
                        );
                        return None;
                    }
                }
            }
        };
        Some(Rounding { step_fen, mode })
    }

    fn budget(&mut self, node: &Node) -> Option<Budget> {
        if let Some(pool) = node.scalar() {
            return Some(Budget { pool: pool.to_string(), order: PoolOrder::FirstCome, amount: None });
        }
        let keys = self.keys(node, &["pool", "order", "amount", "note"])?;
        let order = match keys.get("order") {
            None => PoolOrder::FirstCome,
            Some(node) => keys::choice(node, self.source, &mut self.faults, "first_come highest_first pro_rata", |word| match word {
                "first_come" => Some(PoolOrder::FirstCome),
                "highest_first" => Some(PoolOrder::HighestFirst),
                "pro_rata" => Some(PoolOrder::ProRata),
                _ => None,
            })?,
        };
        let amount = match keys.get("amount") {
            None => None,
            Some(node) => Some(self.money(node)?),
        };
        Some(Budget { pool: keys.scalar("pool").unwrap_or_default().to_string(), order, amount })
    }

    fn shared_cap(&mut self, node: &Node) -> Option<SharedCap> {
        let keys = Keys::read(node, &["group", "cap"], self.source, &mut self.faults)?;
        let (Some(group), Some(cap)) = (keys.scalar("group"), keys.get("cap")) else {
            self.faults.push(keys.lacks(
                if keys.scalar("group").is_some() { "cap" } else { "group" },
                text!("共同上限要写组名和金额", "a shared limit names its group and the amount"),
            ));
            return None;
        };
        Some(SharedCap { group: group.to_string(), cap: self.money(cap)? })
    }

    /// An amount written with its unit.
    fn money(&mut self, node: &Node) -> Option<Fen> {
        let written = node.scalar().unwrap_or("");
        let amount = Fen::parse(written, None).ok();
        if amount.is_none() {
            self.refuse(
                node,
                "policy.measure.money",
                text!("`{written}` 不是带单位的金额", "`{written}` is no amount with a unit"),
                text!("例如 `2000万元`", "for example `2000万元`"),
            );
        }
        amount
    }

    fn parameters(&mut self, node: &Node) -> Vec<ParameterSource> {
        let Some(entries) = node.map() else {
            self.keys(node, &[]);
            return Vec::new();
        };
        let mut parameters = Vec::new();
        for (key, lines) in entries {
            let Some(name) = key.scalar().map(str::to_string) else { continue };
            let lines = match lines.list() {
                Some(items) => items.iter().filter_map(|item| self.parameter_row(item)).collect(),
                None => self.rule(lines).map(|value| ParameterRow { from: None, until: None, when: None, value, clause: None }).into_iter().collect(),
            };
            parameters.push(ParameterSource { name, lines });
        }
        parameters
    }

    fn parameter_row(&mut self, node: &Node) -> Option<ParameterRow> {
        let keys = self.keys(node, &["value", "when", "from", "to", "until", "clause", "note"])?;
        let end = |reader: &mut Self, key: &str| keys.get(key).and_then(|node| reader.date(node, node.scalar().unwrap_or("")));
        let from = end(self, "from").map(Date::first_day);
        let until = end(self, "to").or_else(|| end(self, "until")).map(Date::last_day);
        let Some(value) = self.rule_under(&keys, "value") else {
            // A value that cannot be read was told already.
            if keys.get("value").is_some() {
                return None;
            }
            self.refuse(
                node,
                "policy.measure.parameter",
                text!("参数行没有 `value`", "this line has no `value`"),
                text!("写作 `{{value: 75%, from: 2018-01-01}}`", "write `{{value: 75%, from: 2018-01-01}}`"),
            );
            return None;
        };
        Some(ParameterRow { from, until, when: self.rule_under(&keys, "when"), value, clause: keys.scalar("clause").map(str::to_string) })
    }

    fn examples(&mut self, node: &Node) -> Vec<Example> {
        let items = self.items(node);
        items.iter().filter_map(|item| self.example(item)).collect()
    }

    fn example(&mut self, node: &Node) -> Option<Example> {
        let keys = self.keys(node, &["name", "facts", "region_facts", "region", "period", "on", "attested", "expect", "amount", "together", "note"])?;
        let period = keys.get("period").and_then(|node| {
            let written = node.scalar().unwrap_or("");
            let period = Period::parse(written).ok();
            if period.is_none() {
                self.refuse(
                    node,
                    "policy.example.period",
                    text!("`{written}` 不是期间", "`{written}` is not a period"),
                    text!("写 2021、2021Q3 或 2021-07", "write 2021, 2021Q3 or 2021-07"),
                );
            }
            period
        });
        let region = keys.get("region").and_then(|node| self.region(node));
        let on = keys.get("on").and_then(|node| self.date(node, node.scalar().unwrap_or("")));
        let Some(expect) = keys.scalar("expect") else {
            self.refuse(
                node,
                "policy.example.expect",
                text!("示例没有 `expect`", "the example has no `expect`"),
                text!("写 eligible、not_eligible、unknown 等", "write eligible, not_eligible, unknown …"),
            );
            return None;
        };
        Some(Example {
            name: keys.get("name").and_then(|name| self.text(name)).map_or_else(|| expect.to_string(), |name| name.zh),
            region,
            period,
            on: on.map(Date::first_day),
            expect: expect.to_string(),
            amount: keys.scalar("amount").map(str::to_string),
            facts: keys.get("facts").map(|node| self.example_facts(node)).unwrap_or_default(),
            region_facts: keys.get("region_facts").map(|node| self.example_facts(node)).unwrap_or_default(),
            attested: keys.get("attested").map(|node| self.attested(node)).unwrap_or_default(),
            together: keys.get("together").map(amounts_by_id).unwrap_or_default(),
            range: node.range.clone(),
        })
    }

    fn attested(&mut self, node: &Node) -> Vec<(String, bool)> {
        let entries = node.map().unwrap_or_default();
        entries
            .iter()
            .filter_map(|(label, answer)| Some((label.scalar()?.to_string(), matches!(answer.scalar()?, "yes" | "true" | "是" | "True" | "Yes"))))
            .collect()
    }

    fn example_facts(&mut self, node: &Node) -> Vec<ExampleFact> {
        let Some(entries) = node.map() else {
            self.refuse(
                node,
                "policy.example.facts",
                text!("示例的指标应为键值表", "the facts of an example are a mapping"),
                text!("写作 `研发费用: 200万元`", "write `rd_expense: 200万元`"),
            );
            return Vec::new();
        };
        let mut facts = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.scalar().map(str::to_string) else { continue };
            let Some(periods) = value.map() else {
                facts.extend(example_fact(&name, None, key, value));
                continue;
            };
            for (period, value) in periods {
                let written = period.scalar().unwrap_or("");
                match Period::parse(written) {
                    Ok(period) => facts.extend(example_fact(&name, Some(period), key, value)),
                    Err(_) => self.refuse(
                        period,
                        "policy.example.period",
                        text!("`{written}` 不是期间", "`{written}` is not a period"),
                        text!("写 2021、2021Q3 或 2021-07", "write 2021, 2021Q3 or 2021-07"),
                    ),
                }
            }
        }
        facts
    }
}

fn amounts_by_id(node: &Node) -> Vec<(String, String)> {
    let entries = node.map().unwrap_or_default();
    entries.iter().filter_map(|(id, amount)| Some((id.scalar()?.to_string(), amount.scalar()?.to_string()))).collect()
}

fn example_fact(name: &str, period: Option<Period>, key: &Node, value: &Node) -> Option<ExampleFact> {
    (value.list().is_some() || value.scalar().is_some()).then(|| ExampleFact {
        name: name.to_string(),
        period,
        values: keys::words(value),
        is_list: value.list().is_some(),
        range: key.range.start..value.range.end,
    })
}

fn default_label(test: &Test) -> Text {
    match test {
        Test::Rule(rule) => Text::new(rule.text.clone(), rule.text.clone()),
        Test::Attest(who) => text!("{who}", "{who}"),
        Test::AnyOf(_) => text!("符合下列之一", "one of the following"),
        Test::AllOf(_) => text!("同时符合下列各项", "all of the following"),
        Test::NoneOf(_) => text!("不存在下列情形", "none of the following"),
    }
}

/// Keys that were checked already, by name.
struct KeysOf<'n>(&'n Node);

impl<'n> KeysOf<'n> {
    fn get(&self, key: &str) -> Option<&'n Node> {
        self.0.map()?.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    fn scalar(&self, key: &str) -> Option<&'n str> {
        self.get(key).and_then(Node::scalar)
    }
}

/// A fault in a rule as a diagnostic of its file.
pub(crate) fn rule_diagnostic(fault: &RuleFault, at: &RuleText, source: &Source, is_error: bool) -> Diagnostic {
    let diagnostic = if is_error { Diagnostic::error(fault.code, fault.message.clone()) } else { Diagnostic::warning(fault.code, fault.message.clone()) };
    let mut place = source.place(at.in_file(fault.span.clone()));
    // The words of the rule itself, which a folded or escaped scalar does not show in one piece.
    if let Some(words) = at.text.get(fault.span.clone()).map(str::trim).filter(|words| !words.is_empty() && place.excerpt.is_none()) {
        place.excerpt = Some(words.chars().take(60).collect());
    }
    let diagnostic = diagnostic.at(place);
    match &fault.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    }
}
