//! Rewrites the rules of a measure file in one spelling. Everything else of the file, comments and
//! layout included, stays as it is.

use crate::book::rules;
use crate::measure::{Rule, parse_measure};
use crate::print::{Style, print_rule};
use crate::vocabulary::Vocabulary;
use crate::{Expr, ExprKind};
use duijie_vocab::{Diagnostic, has_errors, text};

/// The text of a measure file with its rules in `style`, or the faults that keep it from being read.
pub fn format_measure(file: &str, text: &str, style: Style, vocabulary: &Vocabulary) -> Result<String, Vec<Diagnostic>> {
    let (source, faults) = parse_measure(file, text);
    if has_errors(&faults) {
        return Err(faults);
    }
    let Some(source) = source else { return Ok(text.to_string()) };
    let mut edits: Vec<(&Rule, String)> = source.versions.iter().flat_map(rules).map(|rule| (rule, print_rule(&rule.expr, style, vocabulary))).collect();
    edits.sort_by_key(|(rule, _)| rule.at.scalar.start);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (rule, printed) in &edits {
        let range = &rule.at.scalar;
        // A block scalar's span reaches over the line break behind it, which stays.
        let raw = text.get(range.clone()).unwrap_or("");
        let end = range.start + raw.trim_end().len();
        out.push_str(&text[copied..range.start]);
        out.push_str(&if rule.at.block { printed.clone() } else { quoted_like(raw, printed) });
        copied = end;
    }
    out.push_str(&text[copied..]);
    match same_rules(file, &out, &edits, vocabulary) {
        true => Ok(out),
        false => {
            let fault = Diagnostic::error("policy.format", text!("`{file}` 不能保真地重写", "`{file}` cannot be rewritten without changing its meaning"));
            Err(vec![fault.help(text!("给规则整体加双引号后再试", "put double quotes around the rules and try again"))])
        }
    }
}

/// Plain where the original was plain and the words allow it, else in quotes.
fn quoted_like(raw: &str, printed: &str) -> String {
    let original_plain = !raw.starts_with(['"', '\'', '|', '>']);
    let brackets = |text: &str| text.contains(['{', '}', '[', ']', ',']);
    let unsafe_anywhere = printed.contains(": ")
        || printed.contains(" #")
        || printed.contains('"')
        || printed.starts_with(['!', '{', '[', '"', '\'', '`', '-', '*', '&', '%', '@', '>', '|', '?', '#', ',']);
    if !unsafe_anywhere && (!brackets(printed) || (original_plain && brackets(raw))) {
        return printed.to_string();
    }
    if printed.contains('\'') {
        return serde_json::Value::String(printed.to_string()).to_string();
    }
    format!("'{printed}'")
}

fn same_rules(file: &str, out: &str, edits: &[(&Rule, String)], vocabulary: &Vocabulary) -> bool {
    let (Some(source), faults) = parse_measure(file, out) else { return edits.is_empty() };
    let mut found: Vec<&Rule> = source.versions.iter().flat_map(rules).collect();
    found.sort_by_key(|rule| rule.at.scalar.start);
    !has_errors(&faults)
        && found.len() == edits.len()
        && found.iter().zip(edits).all(|(found, (rule, _))| canonical(&found.expr, vocabulary) == canonical(&rule.expr, vocabulary))
}

/// The tree with every name of a fact replaced by its key, so that spellings compare equal.
pub(crate) fn canonical(expr: &Expr, vocabulary: &Vocabulary) -> Expr {
    let mut copy = expr.clone();
    rename(&mut copy, &|name| vocabulary.fact(name).map(|fact| fact.key.to_string()));
    copy
}

fn rename(expr: &mut Expr, new: &dyn Fn(&str) -> Option<String>) {
    use crate::syntax::BandTest;
    match &mut expr.kind {
        ExprKind::Name(name) => *name = new(name).unwrap_or_else(|| name.clone()),
        ExprKind::Access { name, periods } => {
            *name = new(name).unwrap_or_else(|| name.clone());
            periods.iter_mut().for_each(|period| rename(period, &|word| Some(new(word).unwrap_or_else(|| crate::print::one_period_word(word)))));
        }
        ExprKind::Set(items) | ExprKind::Apply { arguments: items, .. } => items.iter_mut().for_each(|item| rename(item, new)),
        ExprKind::Region { inner, .. } | ExprKind::Negate(inner) | ExprKind::Not(inner) => rename(inner, new),
        ExprKind::Binary { left, right, .. } => {
            rename(left, new);
            rename(right, new);
        }
        ExprKind::Between { value, low, high } => [value, low, high].into_iter().for_each(|part| rename(part, new)),
        ExprKind::If { condition, then, otherwise } => [condition, then, otherwise].into_iter().for_each(|part| rename(part, new)),
        ExprKind::Table { subject, bands, .. } => {
            rename(subject, new);
            for band in bands {
                match &mut band.test {
                    BandTest::Range { low, high, .. } => low.iter_mut().chain(high.iter_mut()).for_each(|end| rename(end, new)),
                    BandTest::Compare { bound, .. } | BandTest::Is(bound) => rename(bound, new),
                    BandTest::Else => {}
                }
                rename(&mut band.value, new);
            }
        }
        ExprKind::Number { .. } | ExprKind::Date(_) | ExprKind::Text(_) | ExprKind::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Band, BandTest, Binary, EndOwner, Function, RegionWord};
    use duijie_vocab::{Date, Decimal};
    use proptest::prelude::*;

    fn leaf() -> impl Strategy<Value = ExprKind> {
        let unit = prop_oneof![Just(None), Just(Some("%")), Just(Some("万元")), Just(Some("年")), Just(Some("人"))];
        prop_oneof![
            (0i64..100_000, 0u32..3, unit)
                .prop_map(|(digits, scale, unit)| ExprKind::Number { digits: Decimal::new(i128::from(digits), scale), unit: unit.map(str::to_string) }),
            (2000i16..2030, 1u8..13, 1u8..29).prop_map(|(y, m, d)| ExprKind::Date(Date::new(y, Some(m), Some(d)).unwrap())),
            prop_oneof![Just("研发费用"), Just("rd_expense"), Just("研发人员占比（%）"), Just("且"), Just("未声明"), Just("min")]
                .prop_map(|name| ExprKind::Name(name.to_string())),
            prop_oneof![Just("在业"), Just("a\"b"), Just(""), Just("＂"), Just("'＂」"), Just("\"＇”"), Just("＇\"」")]
                .prop_map(|text| ExprKind::Text(text.to_string())),
            any::<bool>().prop_map(ExprKind::Bool),
            prop_oneof![Just(RegionWord::City), Just(RegionWord::Own)]
                .prop_map(|level| ExprKind::Region { level, inner: Box::new(tree(ExprKind::Name("研发费用".into()))) }),
        ]
    }

    fn tree(kind: ExprKind) -> Expr {
        Expr { kind, span: 0..0, depth: 1 }
    }

    fn expr() -> impl Strategy<Value = Expr> {
        leaf().prop_map(tree).prop_recursive(4, 40, 4, |inner| {
            let boxed = inner.clone().prop_map(Box::new);
            let op = prop_oneof![
                Just(Binary::Or),
                Just(Binary::And),
                Just(Binary::Equal),
                Just(Binary::NotEqual),
                Just(Binary::Less),
                Just(Binary::GreaterEqual),
                Just(Binary::In),
                Just(Binary::NotIn),
                Just(Binary::Begins),
                Just(Binary::ContainsAny),
                Just(Binary::ContainsNone),
                Just(Binary::Add),
                Just(Binary::Subtract),
                Just(Binary::Multiply),
                Just(Binary::Divide)
            ];
            let band = (
                proptest::option::of(inner.clone()),
                proptest::option::of(inner.clone()),
                prop_oneof![Just(EndOwner::Unsaid), Just(EndOwner::This), Just(EndOwner::Next)],
                inner.clone(),
            )
                .prop_map(|(low, high, owner, value)| Band { test: BandTest::Range { low, high, owner }, value, span: 0..0 });
            let other_band = prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(bound, value)| Band {
                    test: BandTest::Compare { op: Binary::GreaterEqual, bound },
                    value,
                    span: 0..0
                }),
                inner.clone().prop_map(|value| Band { test: BandTest::Else, value, span: 0..0 }),
            ];
            prop_oneof![
                (op, boxed.clone(), boxed.clone()).prop_map(|(op, left, right)| ExprKind::Binary { op, left, right }),
                boxed.clone().prop_map(ExprKind::Not),
                boxed.clone().prop_map(ExprKind::Negate),
                (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(value, low, high)| ExprKind::Between { value, low, high }),
                (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(condition, then, otherwise)| ExprKind::If { condition, then, otherwise }),
                proptest::collection::vec(inner.clone(), 0..3).prop_map(ExprKind::Set),
                proptest::collection::vec(inner.clone(), 0..3).prop_map(|periods| ExprKind::Access { name: "研发费用".into(), periods }),
                proptest::collection::vec(inner.clone(), 0..3).prop_map(|arguments| ExprKind::Apply { function: Function::Max, arguments }),
                proptest::collection::vec(inner.clone(), 0..2).prop_map(|arguments| ExprKind::Apply { function: Function::YearEnd, arguments }),
                (boxed, proptest::collection::vec(prop_oneof![band, other_band], 1..3)).prop_map(|(subject, bands)| ExprKind::Table {
                    function: Function::Tiers,
                    subject,
                    bands
                }),
            ]
            .prop_map(tree)
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_as_the_same_tree(expr in expr()) {
            let (vocabulary, faults) = Vocabulary::parse("f", "rd_expense: {zh: 研发费用, kind: money}\nshare: {zh: 研发人员占比（%）, kind: ratio}\n");
            prop_assert!(faults.is_empty());
            for style in [Style::Zh, Style::Cel] {
                let printed = print_rule(&expr, style, &vocabulary);
                let read = crate::parse_rule(&printed).map_err(|fault| TestCaseError::fail(format!("{printed}: {fault:?}")))?;
                prop_assert_eq!(canonical(&read, &vocabulary), canonical(&expr, &vocabulary), "{}", printed);
                prop_assert_eq!(print_rule(&read, style, &vocabulary), printed);
            }
        }
    }

    #[test]
    fn a_file_keeps_its_layout_and_comments() {
        let (vocabulary, _) = Vocabulary::parse("f", "rd_expense: {zh: 研发费用, kind: money}\ntitles: {zh: 称号, kind: set}\n");
        let text = "id: a # 编号\nname: 名\nwhen:\n  - rule: 研发费用>=500万元 and rd_expense<1亿元   # 说明\n  - {label: 名单, rule: \"称号 contains_any {甲, 乙}\"}\n  - rule: >-\n      研发费用 != 3万元\n      && true\nbenefit: {amount: 研发费用*50%}\n";
        let zh = format_measure("a.yaml", text, Style::Zh, &vocabulary).unwrap();
        assert_eq!(
            zh,
            "id: a # 编号\nname: 名\nwhen:\n  - rule: 研发费用 ≥ 500万元 且 研发费用 < 1亿元   # 说明\n  - {label: 名单, rule: '称号 含任一 {甲, 乙}'}\n  - rule: >-\n      研发费用 ≠ 3万元 且 真\nbenefit: {amount: 研发费用 × 50%}\n"
        );
        let cel = format_measure("a.yaml", &zh, Style::Cel, &vocabulary).unwrap();
        assert!(cel.contains("rule: rd_expense >= 500万元 && rd_expense < 1亿元   # 说明"), "{cel}");
        assert_eq!(format_measure("a.yaml", &cel, Style::Zh, &vocabulary).unwrap(), zh);
    }
}
