//! What a missing fact would have to be for a measure to hold: the values, and their words.

use crate::Truth;
use crate::range::Range;
use crate::shown::{kind_of_fact, shown_number, shown_value};
use crate::value::Value;
use crate::vocabulary::FactDef;
use duijie_vocab::{Text, text};

/// Words of a list that are named, at most.
const MAX_NAMED: usize = 6;

/// The values that leave a measure able to hold; never none and never all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Needed {
    /// Within one of these, of what is known to be possible.
    Within {
        ranges: Vec<Range>,
        possible: Range,
    },
    Truth(bool),
    Words(Vec<Value>),
}

impl Needed {
    /// What the fitting cases of a fact have in common; nothing when it cannot be said shortly.
    pub(super) fn of(fitting: &[&Value], known: &Value) -> Option<Needed> {
        match (fitting.first()?, known) {
            (Value::Number(_), Value::Number(possible)) => Some(Needed::Within { ranges: joined_ranges(fitting), possible: *possible }),
            (Value::Truth(truth), _) => Some(Needed::Truth(*truth == Truth::Yes)),
            (Value::Word(_), _) if fitting.len() <= MAX_NAMED => Some(Needed::Words(fitting.iter().map(|&value| value.clone()).collect())),
            _ => None,
        }
    }

    /// In words: `≥ 500万元`, `为是`.
    pub(super) fn shown(&self, fact: &FactDef, is_growth: bool) -> Text {
        let kind = kind_of_fact(fact, is_growth);
        let parts: Vec<Text> = match self {
            Needed::Within { ranges, possible } => ranges.iter().map(|range| shown_needed(range, possible, &kind)).collect(),
            Needed::Truth(true) => vec![text!("为是", "yes")],
            Needed::Truth(false) => vec![text!("为否", "no")],
            Needed::Words(values) => values.iter().map(|value| shown_value(value, &kind)).collect(),
        };
        let list = |pick: fn(&Text) -> &str, or: &str| parts.iter().map(pick).collect::<Vec<_>>().join(or);
        Text::new(list(|text| &text.zh, " 或 "), list(|text| &text.en, " or "))
    }
}

/// Neighbouring cells as one range.
fn joined_ranges(cells: &[&Value]) -> Vec<Range> {
    let mut joined: Vec<Range> = Vec::new();
    for cell in cells {
        let Value::Number(range) = cell else { continue };
        let touches = joined.last().is_some_and(|last| matches!((last.high, range.low), (Some(high), Some(low)) if high.at == low.at && high.open != low.open));
        match joined.last_mut().filter(|_| touches) {
            Some(last) => last.high = range.high,
            None => joined.push(*range),
        }
    }
    joined
}

/// A range in words; ends that are known anyway are left out.
fn shown_needed(range: &Range, known: &Range, kind: &crate::lower::Type) -> Text {
    if let Some(point) = range.point() {
        let point = shown_number(point, kind);
        return Text::new(format!("= {}", point.zh), format!("= {}", point.en));
    }
    let side = |bound: Option<crate::range::Bound>, closed: &str, open: &str| {
        bound.map(|bound| (if bound.open { open.to_string() } else { closed.to_string() }, shown_number(bound.at, kind)))
    };
    let low = side(range.low.filter(|_| range.low != known.low), "≥", ">");
    let high = side(range.high.filter(|_| range.high != known.high), "≤", "<");
    let parts: Vec<(String, Text)> = low.into_iter().chain(high).collect();
    let zh: Vec<String> = parts.iter().map(|(sign, number)| format!("{sign} {}", number.zh)).collect();
    let en: Vec<String> = parts.iter().map(|(sign, number)| format!("{sign} {}", number.en)).collect();
    Text::new(zh.join(" 且 "), en.join(" and "))
}
