//! Whatever is written is read back equal.

use crate::writing::{about, csv_of, xlsx_of};
use duijie_sheet::{Column, ColumnKind, Limits, Row, Table, Value, read};
use duijie_vocab::{Date, Decimal, Fen, MoneyUnit};
use proptest::prelude::*;

fn kinds() -> [ColumnKind; 6] {
    [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Decimal, ColumnKind::Money(MoneyUnit::Wan), ColumnKind::Date, ColumnKind::Text]
}

fn columns() -> Vec<Column> {
    kinds().iter().enumerate().map(|(index, kind)| Column::new(format!("列{index}"), *kind)).collect()
}

fn text() -> impl Strategy<Value = String> {
    // What a spreadsheet could take for something else, and what XML and csv must escape.
    prop_oneof!["[=+@'\"<>&,;|\t\n\r -]{0,6}[a-z0-9涂层_x]{0,6}", "_x[0-9A-F]{4}_", "\\PC{0,12}", "[\u{1}-\u{1f}]{0,3}a", " {0,2}[a涂]{1,3} {0,2}\n?"]
}

fn row() -> impl Strategy<Value = Vec<Value>> {
    let decimal = (any::<i64>(), 0u32..8).prop_map(|(digits, scale)| Value::Decimal(Decimal::new(i128::from(digits), scale)));
    let date = (-30_000i32..80_000).prop_filter_map("in range", |days| Date::from_days_since_epoch(days).map(Value::Date));
    let text_value = || text().prop_map(|text| Value::from(text.as_str()));
    (text_value(), any::<i64>().prop_map(Value::Integer), decimal, any::<i64>().prop_map(|fen| Value::Money(Fen(fen))), date, text_value())
        .prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f])
}

/// What a cell is expected to show.
fn expected(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(whole) => whole.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Money(amount) => amount.in_unit(MoneyUnit::Wan).to_string(),
        Value::Date(date) => date.to_string(),
        _ => String::new(),
    }
}

fn check(bytes: Vec<u8>, rows: &[Vec<Value>]) -> Result<(), TestCaseError> {
    let mut workbook = read("表", bytes, &Limits::default()).unwrap();
    let read: Vec<Row> = workbook.rows(0).unwrap().map(Result::unwrap).skip(1).collect();
    prop_assert_eq!(read.len(), rows.len());
    for (row, written) in read.iter().zip(rows) {
        for (index, value) in written.iter().enumerate() {
            prop_assert_eq!(row.text(index), expected(value), "{:?}", value);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_table_survives_xlsx(rows in proptest::collection::vec(row(), 0..6)) {
        check(xlsx_of(Table::new("表", columns(), rows.clone().into_iter())), &rows)?;
    }

    #[test]
    fn a_table_survives_csv(rows in proptest::collection::vec(row(), 0..6)) {
        check(csv_of(Table::new("表", columns(), rows.clone().into_iter())), &rows)?;
    }

    #[test]
    fn the_same_table_makes_the_same_bytes(rows in proptest::collection::vec(row(), 0..4)) {
        let table = || Table::new("表", columns(), rows.clone().into_iter());
        prop_assert_eq!(xlsx_of(table()), xlsx_of(table()));
        prop_assert!(!about().title.is_empty());
    }
}
