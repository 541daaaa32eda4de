//! Values in words, in both languages: `2.8%`, `500万元`, `10 年`, `至少 2,000万元`.

use crate::lower::Type;
use crate::range::Range;
use crate::unit::{Currency, Dimension};
use crate::value::{Value, WordSet};
use crate::vocabulary::{FactDef, FactKind};
use crate::{Fraction, Truth};
use duijie_vocab::{Fen, Text, text};

/// Decimals that a share or a mean is shown with at most.
const PLACES: u32 = 4;

/// The kind of a fact's values, for showing them.
pub(crate) fn kind_of_fact(def: &FactDef, is_growth: bool) -> Type {
    match def.kind {
        _ if is_growth => Type::Quantity { dimension: Dimension::None, percent: true },
        FactKind::Ratio => Type::Quantity { dimension: Dimension::None, percent: true },
        FactKind::Money | FactKind::Count | FactKind::Number | FactKind::Length => Type::Quantity { dimension: def.dimension.clone(), percent: false },
        FactKind::Date => Type::Date,
        FactKind::Code | FactKind::Text => Type::Word(None),
        FactKind::Set => Type::Words(None),
        FactKind::Bool => Type::Truth,
    }
}

pub(crate) fn shown_value(value: &Value, kind: &Type) -> Text {
    match value {
        Value::Number(range) => shown_range(range, kind),
        Value::Word(Some(words)) if words.len() == 1 => shown_words(words, "、", ", "),
        Value::Word(Some(words)) => shown_words(words, "或", " or "),
        Value::Word(None) => unknown(),
        Value::Words { must, may } if may.as_ref() == Some(must) && must.is_empty() => text!("无", "none"),
        Value::Words { must, may } if may.as_ref() == Some(must) => shown_words(must, "、", ", "),
        Value::Words { .. } => unknown(),
        Value::Truth(Truth::Yes) => text!("是", "yes"),
        Value::Truth(Truth::No) => text!("否", "no"),
        Value::Truth(Truth::Unknown) => unknown(),
        Value::Truth(Truth::Error) => text!("无法计算", "cannot be computed"),
        Value::Undefined(why) => why.described(),
        Value::Fault(fault) => fault.described(),
    }
}

fn unknown() -> Text {
    text!("未知", "not known")
}

fn shown_words(words: &WordSet, zh: &str, en: &str) -> Text {
    let all: Vec<&str> = words.iter().map(|word| &**word).collect();
    Text::new(all.join(zh), all.join(en))
}

fn shown_range(range: &Range, kind: &Type) -> Text {
    if let Some(point) = range.point() {
        return shown_number(point, kind);
    }
    match (range.low, range.high) {
        (Some(low), Some(high)) => {
            let (low, high) = (shown_number(low.at, kind), shown_number(high.at, kind));
            Text::new(format!("{}至{}", low.zh, high.zh), format!("{} to {}", low.en, high.en))
        }
        // A lower bound of zero says nothing to a reader.
        (Some(low), None) if !low.at.is_zero() => {
            let low = shown_number(low.at, kind);
            Text::new(format!("至少 {}", low.zh), format!("at least {}", low.en))
        }
        (None, Some(high)) => {
            let high = shown_number(high.at, kind);
            Text::new(format!("至多 {}", high.zh), format!("at most {}", high.en))
        }
        _ => unknown(),
    }
}

/// A number of a kind in words; shares are rounded to two decimals of a percent for reading only.
pub(crate) fn shown_number(number: Fraction, kind: &Type) -> Text {
    match kind {
        Type::Date => {
            let day = crate::evaluate::from_days(number);
            day.map_or_else(unknown, |day| text!("{day}", "{day}"))
        }
        Type::Quantity { dimension: Dimension::Money(currency), .. } => shown_money(number, *currency),
        Type::Quantity { dimension: Dimension::Months, .. } => shown_months(number),
        Type::Quantity { dimension: Dimension::Days, .. } => {
            let days = number.decimal(0);
            text!("{days} 天", "{days} days")
        }
        Type::Quantity { dimension: Dimension::Count(of), .. } => {
            let count = number.decimal(2);
            let en = if *of == crate::unit::PEOPLE { format!("{count} people") } else { count.clone() };
            Text::new(format!("{count} {of}"), en)
        }
        Type::Quantity { dimension: Dimension::Quantity(of), .. } => {
            let amount = number.decimal(2);
            text!("{amount} {of}", "{amount} {of}")
        }
        Type::Quantity { percent: true, .. } => {
            let percent = number.times(Fraction::whole(100)).map_or_else(|| number.to_string(), |percent| percent.decimal(percent_places(percent)));
            text!("{percent}%", "{percent}%")
        }
        _ => {
            let number = number.decimal(PLACES);
            text!("{number}", "{number}")
        }
    }
}

/// Enough decimals that a share that is not a round one does not look like it: 4.999 % is not 5 %.
fn percent_places(percent: Fraction) -> u32 {
    (2..8)
        .find(|&places| {
            percent
                .decimal(places)
                .parse::<Fraction>()
                .is_ok_and(|shown| shown == percent || shown != Fraction::new(percent.rounded(crate::RoundingMode::HalfUp), 1).unwrap_or(percent))
        })
        .unwrap_or(2)
}

fn shown_money(number: Fraction, currency: Currency) -> Text {
    let fen = Fen(i64::try_from(number.rounded(crate::RoundingMode::HalfUp)).unwrap_or(i64::MAX));
    match currency {
        Currency::Cny => Text::new(fen.chinese(), fen.to_string()),
        Currency::Usd => {
            let zh = fen.chinese().replace('元', "美元");
            Text::new(zh, fen.to_string().replace("CNY", "USD"))
        }
    }
}

fn shown_months(months: Fraction) -> Text {
    let whole = months.rounded(crate::RoundingMode::Down);
    let (years, rest) = (whole / 12, (whole % 12).abs());
    match (years, rest) {
        (0, _) => {
            let months = months.decimal(1);
            text!("{months} 个月", "{months} months")
        }
        (_, 0) if Fraction::new(whole, 1) == Some(months) => text!("{years} 年", "{years} years"),
        (_, 0) => text!("{years} 年多", "over {years} years"),
        _ => text!("{years} 年 {rest} 个月", "{years} years {rest} months"),
    }
}

/// How far a value is from a bound, in words: shares in percentage points.
pub(crate) fn shown_distance(by: Fraction, kind: &Type) -> Text {
    match kind {
        Type::Quantity { dimension: Dimension::None, percent: true } => {
            let points = by.times(Fraction::whole(100)).map_or_else(|| by.to_string(), |points| points.decimal(percent_places(points)));
            text!("{points} 个百分点", "{points} percentage points")
        }
        Type::Date => {
            let days = by.decimal(0);
            text!("{days} 天", "{days} days")
        }
        _ => shown_number(by, kind),
    }
}
