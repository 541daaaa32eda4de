//! The facts that a region declares in its vocabulary, as fields of the records that keep them: facts by
//! period in the enterprise facts, facts of the day with the organization itself. A declared fact whose key
//! the product keeps already is that field; any other widens the schema.

use crate::{App, PolicyFiles};
use duijie_policy::{Confidentiality, Cycle, FactDef, FactKind, FactScope, FactValue, Vocabulary};
use duijie_record::{Choice, Field, FieldType, Group, Schema, Value, Visibility, schema, schemas, widened};
use duijie_vocab::{Diagnostic, MoneyUnit, Text, name_key, text};
use std::collections::BTreeMap;

/// The code of a declared fact that would be mistaken for another one in a data directory.
pub(crate) const MISTAKEN: &str = "policy.fact.stored";

const ORGANIZATION: &str = "organization";
const FACTS: &str = "facts";
/// The titles that an enterprise holds come from their own register.
const TITLES: (&str, &str) = ("titles", "称号");
/// Names that a JSON object of a record has beside its fields.
const RESERVED: [&str; 4] = ["kind", "id", "body", "version"];

/// The kinds that hold facts, widened by what a vocabulary declares.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    organization: &'static Schema,
    facts: &'static Schema,
    /// The facts that no built-in field holds, by key.
    own: BTreeMap<String, FactDef>,
}

impl Default for Declared {
    fn default() -> Declared {
        Declared { organization: built_in(ORGANIZATION), facts: built_in(FACTS), own: BTreeMap::new() }
    }
}

fn built_in(kind: &str) -> &'static Schema {
    schema(kind).expect("BUG: the kind is built in")
}

impl Declared {
    /// What `vocabulary` adds to the records, and which of its facts would be mistaken for another.
    pub(crate) fn of(vocabulary: &Vocabulary) -> (Declared, Vec<Diagnostic>) {
        let (mut faults, mut own) = (Vec::new(), BTreeMap::new());
        let mut groups = [Vec::new(), Vec::new()];
        let kept = |fact: &&FactDef| !fact.is_derived() && fact.scope == FactScope::Subject && *fact.key != *TITLES.0;
        for fact in vocabulary.iter().filter(kept) {
            let home = home(fact);
            let fault = misplaced(fact).or_else(|| mistaken(fact, built_in(home)));
            if let Some(fault) = fault {
                faults.push(fault.at(vocabulary.place(fact)));
            } else if built_in(home).field(&fact.key).is_none() {
                groups[usize::from(home == FACTS)].push(field(fact));
                own.insert(fact.key.to_string(), fact.clone());
            }
        }
        let [of_organization, of_period] = groups;
        let wide = |kind: &str, fields| widened(kind, Group { name: text!("本地指标", "Facts declared here"), fields }).expect("BUG: the kind is built in");
        (Declared { organization: wide(ORGANIZATION, of_organization), facts: wide(FACTS, of_period), own }, faults)
    }

    /// The schema of a kind, with the declared facts.
    pub(crate) fn schema(&self, kind: &str) -> Option<&'static Schema> {
        match kind {
            ORGANIZATION => Some(self.organization),
            FACTS => Some(self.facts),
            _ => schema(kind),
        }
    }

    /// The value of a declared fact that is stored as a plain number in the fact's own unit.
    pub(crate) fn measured(&self, key: &str, value: &Value) -> Option<FactValue> {
        let fact = self.own.get(key).filter(|fact| matches!(field_type(fact), FieldType::Decimal | FieldType::Integer))?;
        let written = match value {
            Value::Int(number) => number.to_string(),
            Value::Text(digits) => digits.clone(),
            _ => return None,
        };
        fact.read(&written).ok()
    }
}

impl PolicyFiles {
    /// The schema of a kind with the facts that the vocabulary declares.
    pub(crate) fn schema(&self, kind: &str) -> Option<&'static Schema> {
        self.declared.schema(kind)
    }

    /// The kind that a word of a person names, as [`PolicyFiles::schema`].
    pub(crate) fn kind_named(&self, word: &str) -> Option<&'static Schema> {
        schemas().get(word).or_else(|| schemas().named(word)).and_then(|schema| self.schema(&schema.kind))
    }

    /// All kinds, as [`PolicyFiles::schema`].
    pub(crate) fn kinds(&self) -> Vec<&'static Schema> {
        schemas().iter().filter_map(|schema| self.schema(&schema.kind)).collect()
    }
}

impl App {
    /// The schema of a kind with the facts that the measures of this data directory declare.
    pub(crate) fn schema(&self, kind: &str) -> Option<&'static Schema> {
        self.policies().schema(kind)
    }
}

/// The kind of record that keeps a fact.
fn home(fact: &FactDef) -> &'static str {
    if fact.period == Cycle::Instant { ORGANIZATION } else { FACTS }
}

/// Why a fact would never be found: its key is kept for periods and it says none, or the other way round.
fn misplaced(fact: &FactDef) -> Option<Diagnostic> {
    let key = &*fact.key;
    let elsewhere = if home(fact) == FACTS { ORGANIZATION } else { FACTS };
    let stored = built_in(elsewhere).field(key).filter(|_| built_in(home(fact)).field(key).is_none())?;
    let known = &stored.name.zh;
    let (message, help) = match elsewhere {
        FACTS => (
            text!(
                "“{known}”（`{key}`）按期间登记，这里没有写期间，永远取不到值",
                "`{known}` (`{key}`) is kept by period, and without one it never has a value"
            ),
            text!("写上 `period: year`，或换一个键", "write `period: year`, or choose another key"),
        ),
        _ => (
            text!(
                "“{known}”（`{key}`）随机构登记，没有期间，按期间永远取不到值",
                "`{known}` (`{key}`) is kept with the enterprise, and by period it never has a value"
            ),
            text!("去掉 `period`，或换一个键", "leave `period` out, or choose another key"),
        ),
    };
    Some(Diagnostic::error(MISTAKEN, message).help(help))
}

/// Why a fact would be mistaken for another one, if it would.
fn mistaken(fact: &FactDef, home: &Schema) -> Option<Diagnostic> {
    let (key, zh) = (&*fact.key, fact.zh.as_str());
    let refuse = |message: Text, help: Text| Some(Diagnostic::error(MISTAKEN, message).help(help));
    if RESERVED.contains(&key) {
        return refuse(text!("`{key}` 不能作指标的键", "`{key}` cannot be the key of a fact"), text!("换一个键", "choose another key"));
    }
    if zh == TITLES.1 {
        let (key, name) = (TITLES.0, TITLES.1);
        return refuse(
            text!("{name}取自称号资质登记，其键是 `{key}`", "`{name}` comes from the register of titles, under the key `{key}`"),
            text!("把键写作 `{key}`", "write the key `{key}`"),
        );
    }
    let own_names: Vec<String> = [zh].into_iter().chain(fact.aliases.iter().map(String::as_str)).map(name_key).collect();
    let calls = |field: &Field| [&field.name.zh].into_iter().chain(&field.aliases).any(|name| own_names.contains(&name_key(name)));
    if let Some(stored) = home.field(key) {
        let (kind, known) = (&home.name.zh, &stored.name.zh);
        if !calls(stored) {
            return refuse(
                text!("键 `{key}` 在“{kind}”中是“{known}”，不是“{zh}”", "the key `{key}` is `{known}` in {kind}, not `{zh}`"),
                text!("换一个键；如果是同一指标，把“{known}”写进 aliases", "choose another key, or add `{known}` to aliases if both mean the same"),
            );
        }
        if !holds(stored.ty, fact.kind) {
            let ty = crate::record::type_word(stored.ty);
            return refuse(
                text!("“{known}”（`{key}`）登记为另一类值（{ty}）", "`{known}` (`{key}`) is kept as {ty}, which does not fit this kind"),
                text!("改用相符的 kind，或换一个键", "use a kind that fits, or another key"),
            );
        }
        return None;
    }
    let stored = home.fields().find(|field| calls(field))?;
    let (known, right) = (&stored.name.zh, &stored.key);
    refuse(
        text!("“{zh}”在导入时读作“{known}”，其键是 `{right}`，不是 `{key}`", "`{zh}` is imported as `{known}`, whose key is `{right}`, not `{key}`"),
        text!("把键写作 `{right}`，或换一个名称", "write the key `{right}`, or choose another name"),
    )
}

/// Whether a stored field can hold values of a kind of fact.
fn holds(ty: FieldType, kind: FactKind) -> bool {
    match ty {
        FieldType::Money => kind == FactKind::Money,
        FieldType::Integer | FieldType::Decimal | FieldType::Ratio => {
            matches!(kind, FactKind::Count | FactKind::Number | FactKind::Ratio | FactKind::Length)
        }
        FieldType::Date => kind == FactKind::Date,
        FieldType::Bool => kind == FactKind::Bool,
        FieldType::Choices | FieldType::List => kind == FactKind::Set,
        _ => matches!(kind, FactKind::Code | FactKind::Text),
    }
}

/// A declared fact as a field of a record.
fn field(fact: &FactDef) -> Field {
    let (ty, unit) = (field_type(fact), fact.unit.clone());
    let in_unit = unit.as_deref().map_or_else(Text::default, |unit| text!("（单位：{unit}）", " (in {unit})"));
    let help = Text::new(format!("{}{}", fact.question.zh, in_unit.zh), format!("{}{}", fact.question.en, in_unit.en));
    let choice = |word: &String| Choice { zh: word.clone(), en: word.clone(), aliases: Vec::new() };
    Field {
        key: fact.key.to_string(),
        name: fact.text(),
        ty,
        aliases: fact.aliases.clone(),
        help: Some(help),
        example: None,
        required: false,
        options: fact.values.iter().map(choice).collect(),
        open: false,
        to: None,
        max: None,
        signed: fact.min.is_none_or(duijie_policy::Fraction::is_negative),
        unit: unit.or_else(|| (ty == FieldType::Money).then(|| "元".to_string())),
        visibility: visibility(fact.confidentiality),
        personal: false,
        search: 0,
        facet: false,
        listed: false,
    }
}

fn field_type(fact: &FactDef) -> FieldType {
    match fact.kind {
        // Foreign money is kept as the number that was written, because records hold Fen.
        FactKind::Money if fact.unit.as_deref().is_some_and(|unit| MoneyUnit::parse(unit).is_none()) => FieldType::Decimal,
        FactKind::Money => FieldType::Money,
        FactKind::Ratio => FieldType::Ratio,
        FactKind::Count => FieldType::Integer,
        FactKind::Number | FactKind::Length => FieldType::Decimal,
        FactKind::Date => FieldType::Date,
        FactKind::Code if !fact.values.is_empty() => FieldType::Choice,
        FactKind::Code | FactKind::Text => FieldType::Text,
        FactKind::Set if !fact.values.is_empty() => FieldType::Choices,
        FactKind::Set => FieldType::List,
        FactKind::Bool => FieldType::Bool,
    }
}

fn visibility(confidentiality: Confidentiality) -> Visibility {
    match confidentiality {
        Confidentiality::Public => Visibility::Public,
        Confidentiality::Registered => Visibility::Registered,
        Confidentiality::Parties => Visibility::Parties,
        Confidentiality::Office => Visibility::Office,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(facts: &str) -> (Declared, Vec<String>) {
        let (vocabulary, faults) = Vocabulary::parse("facts.yaml", &format!("facts:\n{facts}"));
        assert_eq!(faults, []);
        let (declared, faults) = Declared::of(&vocabulary);
        (declared, faults.iter().map(|fault| format!("{}: {}", fault.place.line.unwrap_or(0), fault.message.en)).collect())
    }

    #[test]
    fn declared_facts_become_fields_of_the_record_of_their_period() {
        let (declared, faults) = of(concat!(
            "  revenue: {name: {zh: 营业收入, en: revenue}, kind: money, period: year}\n",
            "  guarantee_fee: {name: {zh: 担保费支出, en: guarantee fee}, kind: money, unit: 万元, period: year, min: 0}\n",
            "  hightech_until: {zh: 高企证书有效期至, kind: date}\n",
            "  grade: {zh: 等级, kind: code, values: [甲, 乙], period: year}\n",
            "  share: {zh: 占比, kind: ratio, period: year, rule: 担保费支出 ÷ 营业收入}\n",
        ));
        assert_eq!(faults, [""; 0]);
        let facts = declared.schema("facts").unwrap();
        let fee = facts.field("guarantee_fee").unwrap();
        assert_eq!((fee.ty, fee.unit.as_deref(), fee.signed, fee.visibility), (FieldType::Money, Some("万元"), false, Visibility::Parties));
        assert_eq!(facts.field("grade").unwrap().options.len(), 2);
        assert_eq!(facts.fields().filter(|field| field.key == "revenue").count(), 1);
        assert!(facts.field("share").is_none() && facts.field("hightech_until").is_none());
        assert_eq!(declared.schema("organization").unwrap().field("hightech_until").unwrap().ty, FieldType::Date);
    }

    #[test]
    fn a_fact_that_would_be_mistaken_for_another_is_told() {
        let (declared, faults) = of(concat!(
            "  loan_interest: {zh: 贷款利息支出, kind: money, period: year}\n",
            "  fee: {zh: 购买科技服务支出, kind: money, period: year}\n",
            "  staff: {zh: 职工总数, kind: money, period: year}\n",
            "  honours: {zh: 称号, kind: set}\n",
            "  income: {zh: 收入, aliases: [销售收入], kind: money, period: year}\n",
            "  revenue: {zh: 营业收入, kind: money}\n",
            "  founded: {zh: 成立日期, kind: date, period: year}\n",
        ));
        assert_eq!(
            faults,
            [
                "2: the key `loan_interest` is `科技贷款利息` in 经营数据, not `贷款利息支出`",
                "3: `购买科技服务支出` is imported as `购买科技服务支出`, whose key is `service_spend`, not `fee`",
                "4: `职工总数` (`staff`) is kept as integer, which does not fit this kind",
                "5: `称号` comes from the register of titles, under the key `titles`",
                "6: `收入` is imported as `营业收入`, whose key is `revenue`, not `income`",
                "7: `营业收入` (`revenue`) is kept by period, and without one it never has a value",
                "8: `成立日期` (`founded`) is kept with the enterprise, and by period it never has a value",
            ]
        );
        assert!(declared.own.is_empty());
    }

    #[test]
    fn the_reference_lists_every_field_that_keeps_a_fact() {
        let reference = include_str!("../../../docs/policy/reference.md");
        let no_fact = ["organization", "period", "region", "invented", "remark", "name", "credit_code", "short_name", "contact", "phone", "email"];
        let no_fact = no_fact.into_iter().chain(["bank_account", "about", "website", "address", "zone", "coordinates"]).collect::<Vec<_>>();
        for field in [ORGANIZATION, FACTS].into_iter().flat_map(|kind| built_in(kind).fields()).filter(|field| !no_fact.contains(&field.key.as_str())) {
            let row = format!("| `{}` | {} |", field.key, field.name.zh);
            assert!(reference.contains(&row), "docs/policy/reference.md lacks the row {row}");
        }
    }

    #[test]
    fn numbers_are_read_in_the_unit_of_the_fact() {
        let (declared, _) = of(concat!(
            "  fund: {zh: 境外融资, kind: money, unit: 万美元, period: year}\n",
            "  crowd: {zh: 用户数, kind: count, unit: 万人, period: year}\n",
            "  rest: {zh: 期限, kind: length, unit: 年, period: year}\n",
        ));
        assert_eq!(declared.measured("fund", &Value::text("2.5")), Some(FactValue::Money(duijie_vocab::Fen(2_500_000))));
        assert_eq!(declared.measured("crowd", &Value::Int(3)), Some(FactValue::Count(30_000)));
        assert_eq!(declared.measured("rest", &Value::text("2")), Some(FactValue::Number(duijie_policy::Fraction::whole(24))));
        assert_eq!(declared.measured("revenue", &Value::Int(3)), None);
    }
}
