//! Values as people read them, and as a spreadsheet holds them.

use duijie_record::{Field, FieldType, Value};
use duijie_sheet::{Column, ColumnKind, Value as Cell};
use duijie_vocab::{Date, Decimal, Fen, Lang, MoneyUnit, Point, RegionCode, Text};

/// The value of a field as a page shows it.
pub(crate) fn shown(field: &Field, value: &Value) -> Text {
    let same = |text: &str| Text::new(text, text);
    match (field.ty, value) {
        (FieldType::Money, Value::Int(fen)) => Fen(*fen).text(),
        (FieldType::Integer, Value::Int(number)) => match &field.unit {
            Some(unit) => Text::new(format!("{number} {unit}"), number.to_string()),
            None => same(&number.to_string()),
        },
        (FieldType::Ratio, Value::Text(text)) => same(&percent(text)),
        (FieldType::Decimal, Value::Text(text)) => match &field.unit {
            Some(unit) => Text::new(format!("{text} {unit}"), text.clone()),
            None => same(text),
        },
        (FieldType::Date, Value::Text(text)) => Date::parse(text).map_or_else(|_| same(text), |date| Text::new(date.chinese(), date.to_string())),
        (FieldType::Region, Value::Text(text)) => RegionCode::parse(text).map_or_else(|_| same(text), |code| same(&code.path())),
        (FieldType::Point, Value::Text(text)) => Point::parse(text).map_or_else(|_| same(text), |point| Text::new(point.chinese(), point.english())),
        (FieldType::Industry, Value::Text(text)) => {
            duijie_vocab::industry(text).map_or_else(|| same(text), |class| same(&format!("{} {}", class.code, class.name)))
        }
        (FieldType::Choice, Value::Text(text)) => Text::new(text, field.choice_name(text, Lang::En)),
        (FieldType::Choices, Value::List(items)) => {
            let english: Vec<&str> = items.iter().map(|item| field.choice_name(item, Lang::En)).collect();
            Text::new(items.join("、"), english.join(", "))
        }
        (_, Value::Bool(truth)) => match truth {
            true => Text::new("是", "yes"),
            false => Text::new("否", "no"),
        },
        (_, Value::List(items)) => Text::new(items.join("、"), items.join(", ")),
        (_, Value::Int(number)) => same(&number.to_string()),
        (_, Value::Text(text)) => same(text),
    }
}

/// `0.0385` as `3.85%`.
fn percent(ratio: &str) -> String {
    match Decimal::parse(ratio) {
        Ok(ratio) => match ratio.digits().checked_mul(100) {
            Some(digits) => format!("{}%", Decimal::new(digits, ratio.scale())),
            None => ratio.to_string(),
        },
        Err(_) => ratio.to_string(),
    }
}

/// The value as a form field holds it: what a person would type to get the same value again.
pub(crate) fn typed(field: &Field, value: &Value) -> String {
    match (field.ty, value) {
        (FieldType::Money, Value::Int(fen)) => match field.unit.as_deref().and_then(MoneyUnit::parse) {
            Some(unit) => Fen(*fen).in_unit(unit).to_string(),
            None => format!("{}元", Fen(*fen).in_unit(MoneyUnit::Yuan)),
        },
        (FieldType::Ratio, Value::Text(text)) => percent(text),
        (FieldType::Region, Value::Text(text)) => text.clone(),
        (_, Value::List(items)) => items.join("；"),
        (_, Value::Bool(truth)) => if *truth { "是" } else { "否" }.to_string(),
        (_, Value::Int(number)) => number.to_string(),
        (_, Value::Text(text)) => text.clone(),
    }
}

/// The columns of a list of this kind, as a workbook has them.
pub(crate) fn sheet_columns<'a>(fields: impl Iterator<Item = &'a Field>, lang: Lang) -> Vec<Column> {
    fields.map(|field| Column::new(field.name.get(lang), column_kind(field))).collect()
}

fn column_kind(field: &Field) -> ColumnKind {
    match field.ty {
        FieldType::Integer => ColumnKind::Integer,
        FieldType::Decimal => ColumnKind::Decimal,
        FieldType::Money => ColumnKind::Money(field.unit.as_deref().and_then(MoneyUnit::parse).unwrap_or(MoneyUnit::Yuan)),
        FieldType::Ratio => ColumnKind::Percent,
        FieldType::Date => ColumnKind::Date,
        FieldType::Url => ColumnKind::Link,
        _ => ColumnKind::Text,
    }
}

/// The value in a cell. Regions and classes carry their code, so that the sheet can be read back.
pub(crate) fn cell(field: &Field, value: Option<&Value>, lang: Lang) -> Cell {
    let Some(value) = value else { return Cell::Empty };
    match (field.ty, value) {
        (FieldType::Money, Value::Int(fen)) => Cell::Money(Fen(*fen)),
        (FieldType::Integer, Value::Int(number)) => Cell::Integer(*number),
        (FieldType::Decimal, Value::Text(text)) => Decimal::parse(text).map_or_else(|_| Cell::Text(text.clone()), Cell::Decimal),
        (FieldType::Ratio, Value::Text(text)) => Decimal::parse(text).map_or_else(|_| Cell::Text(text.clone()), Cell::Ratio),
        (FieldType::Date, Value::Text(text)) => match Date::parse(text) {
            Ok(date) if date.day().is_some() => Cell::Date(date),
            _ => Cell::Text(text.clone()),
        },
        (FieldType::Url, Value::Text(text)) => Cell::Link { url: text.clone(), text: text.clone() },
        (FieldType::Choice | FieldType::Choices | FieldType::Bool, _) => Cell::Text(shown(field, value).get(lang).to_string()),
        _ => Cell::Text(typed(field, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use duijie_record::{Raw, Units, read_field, schema};

    #[test]
    fn what_a_form_shows_reads_back_as_the_same_value() {
        let cases = [
            ("need", "budget", Value::Int(1_234_500)),
            ("finance", "rate", Value::text("0.0385")),
            ("need", "region", Value::text("320402")),
            ("need", "keywords", Value::List(vec!["锂电池".into(), "防爆".into()])),
            ("offer", "maturity", Value::text("通过中试")),
            ("instrument", "shared", Value::Bool(true)),
            ("need", "until", Value::text("2021-03")),
        ];
        for (kind, key, value) in cases {
            let field = schema(kind).unwrap().field(key).unwrap();
            let units = Units { money: field.unit.as_deref().and_then(MoneyUnit::parse), percent: false };
            let again = read_field(field, &Raw::text(typed(field, &value)), &units).unwrap();
            assert_eq!(again, Some(value), "{kind}.{key}");
        }
    }

    #[test]
    fn values_are_shown_in_both_languages() {
        let show = |kind: &str, key: &str, value: Value| {
            let text = shown(schema(kind).unwrap().field(key).unwrap(), &value);
            format!("{} | {}", text.zh, text.en)
        };
        assert_eq!(show("need", "budget", Value::Int(500_000_000)), "500万元 | CNY 5,000,000.00");
        assert_eq!(show("offer", "maturity", Value::text("通过中试")), "通过中试 | Passed pilot");
        assert_eq!(show("need", "region", Value::text("320402")), "江苏省常州市天宁区 | 江苏省常州市天宁区");
        assert_eq!(show("need", "until", Value::text("2021-03")), "2021年3月 | 2021-03");
        assert_eq!(show("finance", "rate", Value::text("0.0385")), "3.85% | 3.85%");
    }
}
