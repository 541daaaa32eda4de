//! The vocabulary of facts: what can be known about an enterprise or a region, under which names,
//! in which unit and period, and whom to ask.

use crate::keys::{self, Keys};
use crate::period::Cycle;
use crate::source::Source;
use crate::suggest::closest;
use crate::unit::{Currency, Dimension, KNOWN_UNITS, Unit};
use crate::yaml::{Node, read_yaml};
use crate::{Fraction, lexer};
use duijie_vocab::{Date, Decimal, Diagnostic, Lang, Place, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What kind of value a fact has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    Money,
    /// A share, shown as percent.
    Ratio,
    /// A whole number of things.
    Count,
    /// A pure number or a measured quantity.
    Number,
    /// A length of time.
    Length,
    Date,
    /// One word of a list.
    Code,
    Text,
    /// Several words of a list.
    Set,
    Bool,
}

/// Whose fact it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactScope {
    #[default]
    Subject,
    Region,
}

/// Who may see a fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidentiality {
    Public,
    Registered,
    /// The enterprise itself and its officers.
    #[default]
    Parties,
    Office,
}

/// One fact of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactDef {
    /// The English key, such as `rd_expense`.
    pub key: Arc<str>,
    /// The Chinese name, such as 研发费用.
    pub zh: String,
    /// The English name for people.
    pub en: String,
    pub aliases: Vec<String>,
    pub kind: FactKind,
    /// The unit as written: 万元, 人, 年.
    pub unit: Option<String>,
    pub period: Cycle,
    pub scope: FactScope,
    /// The systems that know the fact.
    pub source: Vec<String>,
    pub confidentiality: Confidentiality,
    /// The question to ask a person.
    pub question: Text,
    /// Bounds that every value keeps, in the dimension's base unit (Fen, months, days).
    pub min: Option<Fraction>,
    pub max: Option<Fraction>,
    /// The words a code or a set may take; empty when it may take any.
    pub values: Vec<String>,
    /// The rule of a derived fact, as written.
    pub rule: Option<String>,
    pub(crate) dimension: Dimension,
    /// How many of the dimension's base one written unit is.
    pub(crate) factor: Fraction,
    pub(crate) rule_at: Option<RuleText>,
    /// Where it stands in the file.
    pub(crate) range: std::ops::Range<usize>,
}

/// The text of a rule and where it stands, so that faults in it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleText {
    pub(crate) text: String,
    /// The file offset of each byte of `text` and of its end, where the file does not hold the text as it is.
    offsets: Vec<u32>,
    /// The whole scalar in the file, quotes included.
    pub(crate) scalar: std::ops::Range<usize>,
    /// Whether it is a block (`|` or `>`), in which quotes would be part of the text.
    pub(crate) block: bool,
}

impl RuleText {
    pub(crate) fn of(node: &Node, source: &Source) -> Option<RuleText> {
        let text = node.scalar()?.to_string();
        // Very long rules are refused later by their length; mapping them exactly would be wasted.
        let offsets = if text.len() > lexer::MAX_RULE_BYTES {
            vec![u32::try_from(node.range.start).unwrap_or(u32::MAX); 1]
        } else if source.text.get(node.range.clone()) == Some(text.as_str()) {
            Vec::new()
        } else {
            node.offsets(source).into_iter().map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        };
        Some(RuleText { text, offsets, scalar: node.range.clone(), block: node.is_block() })
    }

    /// The range in the file of a range in the rule.
    pub(crate) fn in_file(&self, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let at = |offset: usize| match self.offsets.last() {
            None => self.scalar.start + offset.min(self.text.len()),
            Some(&last) => self.offsets.get(offset).copied().unwrap_or(last) as usize,
        };
        at(span.start)..at(span.end).max(at(span.start))
    }
}

impl FactDef {
    /// The name in `lang`.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    pub fn text(&self) -> Text {
        Text::new(self.zh.clone(), self.en.clone())
    }

    /// Whether its values are numbers or dates.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.kind, FactKind::Money | FactKind::Ratio | FactKind::Count | FactKind::Number | FactKind::Length | FactKind::Date)
    }

    pub fn is_derived(&self) -> bool {
        self.rule.is_some()
    }
}

/// Every fact that rules may name, by key, Chinese name and alias.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    facts: Vec<FactDef>,
    names: HashMap<String, usize>,
    source: Option<Arc<Source>>,
}

pub(crate) const FACT_KEYS: [&str; 18] = [
    "key",
    "name",
    "zh",
    "en",
    "aliases",
    "kind",
    "type",
    "unit",
    "period",
    "scope",
    "source",
    "confidentiality",
    "question",
    "min",
    "max",
    "values",
    "rule",
    "note",
];

impl Vocabulary {
    /// The facts declared in a `facts.yaml`, and what is wrong with it; a faulty fact is left out.
    pub fn parse(file: &str, text: &str) -> (Vocabulary, Vec<Diagnostic>) {
        let source = Arc::new(Source::new(file, text));
        let (documents, mut faults) = read_yaml(&source);
        let mut vocabulary = Vocabulary { source: Some(source.clone()), ..Vocabulary::default() };
        for document in &documents {
            for (key, node) in fact_nodes(document, &source, &mut faults) {
                if let Some(fact) = read_fact(key, node, &source, &mut faults) {
                    vocabulary.add(fact, node, &source, &mut faults);
                }
            }
        }
        (vocabulary, faults)
    }

    /// The fact that a name, key or alias means.
    pub fn fact(&self, name: &str) -> Option<&FactDef> {
        self.names.get(name).map(|&at| &self.facts[at])
    }

    /// Where in the file a fact of this vocabulary is declared.
    pub fn place(&self, fact: &FactDef) -> Place {
        self.source.as_ref().map_or_else(Place::default, |source| source.place(fact.range.clone()))
    }

    /// All facts in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &FactDef> {
        self.facts.iter()
    }

    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(crate) fn at(&self, index: usize) -> &FactDef {
        &self.facts[index]
    }

    pub(crate) fn source(&self) -> Option<&Source> {
        self.source.as_deref()
    }

    /// The known name nearest to a mistyped one.
    pub(crate) fn suggestion(&self, name: &str) -> Option<&str> {
        closest(name, self.names.keys().map(String::as_str))
    }

    fn add(&mut self, fact: FactDef, node: &Node, source: &Source, faults: &mut Vec<Diagnostic>) {
        let names: Vec<String> = [fact.key.to_string(), fact.zh.clone()].into_iter().chain(fact.aliases.iter().cloned()).collect();
        if let Some(taken) = names.iter().find(|name| self.names.contains_key(*name)) {
            let other = &self.facts[self.names[taken]].key;
            faults.push(
                Diagnostic::error(
                    "policy.fact.duplicate",
                    text!("名称 `{taken}` 已属于指标 `{other}`", "the name `{taken}` already belongs to the fact `{other}`"),
                )
                .at(source.place(node.range.clone()))
                .help(text!("每个名称只能声明一次", "declare each name once")),
            );
            return;
        }
        let at = self.facts.len();
        self.names.extend(names.into_iter().map(|name| (name, at)));
        self.facts.push(fact);
    }
}

/// The facts of a document: `facts:` (or the document itself) as a mapping by key or a list with `key:`.
fn fact_nodes<'n>(document: &'n Node, source: &Source, faults: &mut Vec<Diagnostic>) -> Vec<(Option<&'n Node>, &'n Node)> {
    let inner = document.map().and_then(|entries| entries.iter().find(|(key, _)| key.scalar() == Some("facts"))).map_or(document, |(_, inner)| inner);
    if let Some(entries) = inner.map() {
        return entries.iter().map(|(key, node)| (Some(key), node)).collect();
    }
    if let Some(items) = inner.list() {
        return items.iter().map(|node| (None, node)).collect();
    }
    if !inner.is_empty() {
        faults.push(
            Diagnostic::error("policy.vocabulary.form", text!("指标表应为 `facts:` 下的键值表", "a vocabulary is a mapping under `facts:`"))
                .at(source.place(inner.range.clone()))
                .help(text!("写作 `facts:`，下面每个指标一项", "write `facts:` with one entry per fact below it")),
        );
    }
    Vec::new()
}

fn read_fact(key_node: Option<&Node>, node: &Node, source: &Source, faults: &mut Vec<Diagnostic>) -> Option<FactDef> {
    let before = faults.len();
    let keys = Keys::read(node, &FACT_KEYS, source, faults)?;
    let key = match key_node.or_else(|| keys.get("key")).and_then(Node::scalar) {
        Some(key) => key.to_string(),
        None => {
            faults.push(keys.lacks("key", text!("指标没有英文键", "the fact has no key")));
            return None;
        }
    };
    let (zh, en) = match keys.get("name") {
        Some(name) => {
            let name = keys::text(name, source, faults)?;
            (name.zh, name.en)
        }
        None => (keys.scalar("zh").unwrap_or(&key).to_string(), keys.scalar("en").map_or_else(|| key.replace('_', " "), str::to_string)),
    };
    let kind = read_kind(&keys, source, faults)?;
    let unit = keys.scalar("unit").map(str::to_string);
    let (dimension, factor) = read_unit(kind, unit.as_deref(), &keys, source, faults)?;
    let period = match keys.get("period") {
        None => Cycle::Instant,
        Some(node) => keys::choice(node, source, faults, "year quarter month instant", Cycle::parse)?,
    };
    let scope = match keys.get("scope") {
        None => FactScope::Subject,
        Some(node) => keys::choice(node, source, faults, "subject region", |word| match word {
            "subject" | "企业" => Some(FactScope::Subject),
            "region" | "区域" | "地区" => Some(FactScope::Region),
            _ => None,
        })?,
    };
    let confidentiality = match keys.get("confidentiality") {
        None => Confidentiality::default(),
        Some(node) => keys::choice(node, source, faults, "public registered parties office", |word| match word {
            "public" | "公开" => Some(Confidentiality::Public),
            "registered" | "登记" => Some(Confidentiality::Registered),
            "parties" | "当事人" => Some(Confidentiality::Parties),
            "office" | "内部" => Some(Confidentiality::Office),
            _ => None,
        })?,
    };
    let question = match keys.get("question") {
        Some(node) => keys::text(node, source, faults)?,
        None => text!("{zh}是多少？", "What is the {en}?"),
    };
    let bound = |name: &str, faults: &mut Vec<Diagnostic>| keys.get(name).and_then(|node| read_bound(node, &dimension, factor, source, faults));
    let min = bound("min", faults);
    let max = bound("max", faults);
    let rule_at = keys.get("rule").and_then(|node| RuleText::of(node, source));
    let fact = FactDef {
        key: Arc::from(key),
        zh,
        en,
        aliases: keys.words("aliases"),
        kind,
        unit,
        period,
        scope,
        source: keys.words("source"),
        confidentiality,
        question,
        min,
        max,
        values: keys.words("values"),
        rule: rule_at.as_ref().map(|rule| rule.text.clone()),
        dimension,
        factor,
        rule_at,
        range: key_node.map_or_else(|| node.range.clone(), |key| key.range.clone()),
    };
    (!faults[before..].iter().any(Diagnostic::is_error)).then_some(fact)
}

fn read_kind(keys: &Keys<'_>, source: &Source, faults: &mut Vec<Diagnostic>) -> Option<FactKind> {
    let Some(node) = keys.get("kind").or_else(|| keys.get("type")) else {
        faults.push(keys.lacks("kind", text!("指标没有 `kind`", "the fact has no `kind`")));
        return None;
    };
    keys::choice(node, source, faults, "money ratio count number length date code text set bool", |word| match word {
        "money" | "金额" => Some(FactKind::Money),
        "ratio" | "比例" | "percent" => Some(FactKind::Ratio),
        "count" | "数量" => Some(FactKind::Count),
        "number" | "数值" => Some(FactKind::Number),
        "length" | "时长" | "duration" => Some(FactKind::Length),
        "date" | "日期" => Some(FactKind::Date),
        "code" | "代码" => Some(FactKind::Code),
        "text" | "文本" => Some(FactKind::Text),
        "set" | "集合" => Some(FactKind::Set),
        "bool" | "是否" | "boolean" => Some(FactKind::Bool),
        _ => None,
    })
}

fn read_unit(kind: FactKind, unit: Option<&str>, keys: &Keys<'_>, source: &Source, faults: &mut Vec<Diagnostic>) -> Option<(Dimension, Fraction)> {
    let known = unit.map(Unit::named);
    let mut refuse = |message: Text, help: Text| {
        let place = keys.get("unit").map_or_else(|| source.place(keys.range()), |node| source.place(node.range.clone()));
        faults.push(Diagnostic::error("policy.fact.unit", message).at(place).help(help));
        None
    };
    let word = unit.unwrap_or("");
    match (kind, known) {
        (FactKind::Money, None) => Some((Dimension::Money(Currency::Cny), Fraction::whole(100))),
        (FactKind::Money, Some(Some(unit))) if matches!(unit.dimension, Dimension::Money(_)) => Some((unit.dimension, unit.factor)),
        (FactKind::Money, _) => {
            refuse(text!("`{word}` 不是货币单位", "`{word}` is not a unit of money"), text!("可用：元 千元 万元 亿元 美元", "use 元 千元 万元 亿元 美元"))
        }
        (FactKind::Ratio, None) => Some((Dimension::None, Fraction::ONE)),
        (FactKind::Ratio, Some(Some(unit))) if unit.dimension == Dimension::None => Some((Dimension::None, unit.factor)),
        (FactKind::Length, None) => Some((Dimension::Months, Fraction::whole(12))),
        (FactKind::Length, Some(Some(unit))) if matches!(unit.dimension, Dimension::Months | Dimension::Days) => Some((unit.dimension, unit.factor)),
        (FactKind::Count, None) => Some((Dimension::Count(crate::unit::GENERIC_COUNT), Fraction::ONE)),
        (FactKind::Count, Some(Some(unit))) if matches!(unit.dimension, Dimension::Count(_)) => Some((unit.dimension, unit.factor)),
        (FactKind::Count, Some(None)) => {
            let place = keys.get("unit").map_or_else(|| source.place(keys.range()), |node| source.place(node.range.clone()));
            let message = text!("不认识单位 `{word}`，规则中不能写在数字后", "the unit `{word}` is not known; rules cannot write it behind a number");
            faults.push(Diagnostic::warning("policy.fact.unit", message).at(place).help(text!("可用：人 件 项 个 家 台 次 篇", "use 人 件 项 个 家 台 次 篇")));
            Some((Dimension::Count(crate::unit::GENERIC_COUNT), Fraction::ONE))
        }
        (FactKind::Number, None) => Some((Dimension::None, Fraction::ONE)),
        (FactKind::Number, Some(Some(unit))) => Some((unit.dimension, unit.factor)),
        (FactKind::Date, _) => Some((Dimension::Days, Fraction::ONE)),
        (FactKind::Code | FactKind::Text | FactKind::Set | FactKind::Bool, _) => Some((Dimension::None, Fraction::ONE)),
        _ => refuse(
            text!("单位 `{word}` 与类型不符", "the unit `{word}` does not fit the kind"),
            text!("可用的单位：{KNOWN_UNITS}", "units that are known: {KNOWN_UNITS}"),
        ),
    }
}

/// A bound: a number in the fact's unit, a number with its own unit, or a date.
fn read_bound(node: &Node, dimension: &Dimension, factor: Fraction, source: &Source, faults: &mut Vec<Diagnostic>) -> Option<Fraction> {
    let written = node.scalar()?;
    let read = read_number(written, dimension, factor).or_else(|| Date::parse(written).ok().map(|day| Fraction::whole(i64::from(day.days_since_epoch()))));
    if read.is_none() {
        faults.push(
            Diagnostic::error("policy.fact.bound", text!("`{written}` 不是该指标单位下的数", "`{written}` is not a number in the unit of the fact"))
                .at(source.place(node.range.clone()))
                .help(text!("写一个数，如 0 或 100", "write a number such as 0 or 100")),
        );
    }
    read
}

/// `500`, `500万元`, `8%` as a number of the dimension's base; a bare number takes `factor`.
pub(crate) fn read_number(written: &str, dimension: &Dimension, factor: Fraction) -> Option<Fraction> {
    let folded = duijie_vocab::fold_width(written);
    let split = folded.char_indices().find(|(_, c)| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '−' | '+'))).map_or(folded.len(), |(at, _)| at);
    let (digits, unit) = folded.split_at(split);
    let number = Fraction::from_decimal(Decimal::parse(digits).ok()?)?;
    let unit = unit.trim();
    if unit.is_empty() {
        return number.times(factor);
    }
    let unit = Unit::named(unit)?;
    unit.dimension.goes_with(dimension).then(|| number.times(unit.factor)).flatten()
}

/// A view of the vocabulary as data for editors and pages: names by key.
impl Serialize for Vocabulary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names: BTreeMap<&str, Text> = self.facts.iter().map(|fact| (&*fact.key, fact.text())).collect();
        names.serialize(serializer)
    }
}
