//! A simulation as a workbook: totals, classes, steps, and everybody whose decision or payment differs.

use crate::{AppError, MoneyBounds, SimulationView, TotalsView};
use duijie_sheet::{About, Column, ColumnKind, Storage, Table, Value, write_workbook};
use duijie_vocab::{Fen, Lang, MoneyUnit, Text, Timestamp, text};

/// The workbook of one or several simulated measures.
pub fn simulation_workbook(found: &[SimulationView], lang: Lang, created: Timestamp) -> Result<Vec<u8>, AppError> {
    let mut tables = Vec::new();
    for (at, one) in found.iter().enumerate() {
        let numbered = |name: Text| if found.len() == 1 { name.get(lang).to_string() } else { format!("{} {}", name.get(lang), at + 1) };
        tables.push(totals(one, lang, numbered(text!("汇总", "Totals"))));
        tables.push(changes(one, lang, numbered(text!("变化名单", "Changes"))));
        if !one.steps.is_empty() {
            tables.push(steps(one, lang, numbered(text!("界限试算", "Thresholds"))));
        }
    }
    let about = About { title: text!("政策模拟", "Simulation").get(lang).to_string(), creator: "Duijie 对接".to_string(), created };
    write_workbook(tables, &about, Storage::Memory).map(|written| written.bytes).map_err(|fault| AppError::Internal(fault.into()))
}

fn column(lang: Lang, name: Text, kind: ColumnKind) -> Column {
    Column::new(name.get(lang), kind)
}

/// The two columns of an amount between bounds.
fn bounds(lang: Lang, name: &Text) -> [Column; 2] {
    let money = ColumnKind::Money(MoneyUnit::Wan);
    [column(lang, text!("{} 至少", "{} at least", name.get(lang)), money), column(lang, text!("{} 至多", "{} at most", name.get(lang)), money)]
}

/// The cells of [`bounds`]; what has no bound is empty.
fn cells(amount: &MoneyBounds) -> [Value; 2] {
    let least = if amount.least_fen == i64::MIN { Value::Empty } else { Value::Money(Fen(amount.least_fen)) };
    [least, amount.most_fen.map_or(Value::Empty, |most| Value::Money(Fen(most)))]
}

fn totals<'a>(one: &SimulationView, lang: Lang, name: String) -> Table<'a> {
    let count = |name: Text| column(lang, name, ColumnKind::Integer);
    let mut columns = vec![column(lang, text!("分类", "Class"), ColumnKind::Text), column(lang, text!("名称", "Name"), ColumnKind::Text)];
    columns.extend([
        count(text!("主体数", "Subjects")),
        count(text!("原享受", "Eligible before")),
        count(text!("现享受", "Eligible after")),
        count(text!("新增", "Gain")),
        count(text!("失去", "Lose")),
        count(text!("未定", "Open")),
    ]);
    for name in [text!("原支出", "Cost before"), text!("现支出", "Cost after"), text!("差额", "Difference")] {
        columns.extend(bounds(lang, &name));
    }
    let row = |class: &str, name: &str, totals: &TotalsView| {
        let mut row = vec![Value::from(class), Value::from(name)];
        let counts = [totals.subjects, totals.eligible_before, totals.eligible_after, totals.gain, totals.lose, totals.open];
        row.extend(counts.map(|count| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))));
        row.extend([&totals.cost_before, &totals.cost_after, &totals.difference].into_iter().flat_map(cells));
        row
    };
    let mut rows = vec![row(text!("合计", "Total").get(lang), "", &one.totals)];
    for class in &one.classes {
        rows.extend(class.rows.iter().map(|line| row(class.name.get(lang), line.name.get(lang), &line.totals)));
    }
    let mut table = Table::new(name, columns, rows.into_iter());
    table.titles = vec![one.name.get(lang).to_string(), format!("{}  {}  {}", one.measure, one.period, one.on)];
    if let Some(pool) = &one.pool {
        let (name, amount) = (&pool.pool, pool.amount.get(lang));
        table.titles.push(text!("资金池 {name}：{amount}", "Pool {name}: {amount}").get(lang).to_string());
    }
    table
}

/// `yes` and the like in the reader's words.
fn verdict(word: &str) -> Text {
    match word {
        "yes" => text!("享受", "eligible"),
        "no" => text!("不享受", "not eligible"),
        "unknown" => text!("未定", "open"),
        _ => text!("无法计算", "cannot be computed"),
    }
}

fn changes<'a>(one: &SimulationView, lang: Lang, name: String) -> Table<'a> {
    let texts = [text!("编号", "Id"), text!("名称", "Name"), text!("地区", "Region"), text!("原", "Before"), text!("现", "After")];
    let mut columns: Vec<Column> = texts.into_iter().map(|name| column(lang, name, ColumnKind::Text)).collect();
    columns.extend(bounds(lang, &text!("原金额", "Paid before")));
    columns.extend(bounds(lang, &text!("现金额", "Paid after")));
    let row = |change: &crate::ChangeView| {
        let words =
            [change.id.as_str(), &change.name, change.region.get(lang), verdict(change.before).get(lang), verdict(change.after).get(lang)].map(Value::from);
        words.into_iter().chain(cells(&change.paid_before)).chain(cells(&change.paid_after)).collect::<Vec<Value>>()
    };
    let rows: Vec<Vec<Value>> = one.changes.iter().map(row).collect();
    Table::new(name, columns, rows.into_iter())
}

fn steps<'a>(one: &SimulationView, lang: Lang, name: String) -> Table<'a> {
    let mut columns = vec![
        column(lang, text!("取值", "Value"), ColumnKind::Text),
        column(lang, text!("享受", "Eligible"), ColumnKind::Integer),
        column(lang, text!("未定", "Open"), ColumnKind::Integer),
    ];
    columns.extend(bounds(lang, &text!("支出", "Cost")));
    let count = |count: u64| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    let row = |step: &crate::StepView| {
        [Value::from(step.value.as_str()), count(step.eligible), count(step.open)].into_iter().chain(cells(&step.cost)).collect::<Vec<Value>>()
    };
    let rows: Vec<Vec<Value>> = one.steps.iter().map(row).collect();
    Table::new(name, columns, rows.into_iter())
}
