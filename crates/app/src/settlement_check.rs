//! The statement of a settlement line by line, as a table, and ours beside the one that the other side
//! sends: neither side has to believe the other.

use crate::ledger::rows_of;
use crate::payout_files::write_table;
use crate::{App, AppError, ExportFormat, Viewer};
use duijie_payout::{ClearingLine, Pair};
use duijie_sheet::{Column, ColumnKind, Value};
use duijie_vocab::{Date, Diagnostic, Fen, Lang, MoneyUnit, Place, RegionCode, Text, Timestamp, text};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// How the other side's statement compares with ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SettlementCheck {
    /// Lines that both sides have.
    pub agreed: usize,
    /// What one side has and the other has not, and sums that differ.
    pub differences: Vec<Text>,
    /// Rows that cannot be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// The columns of a statement, in both languages; the amount is the last one.
const COLUMNS: [(&str, &str); 6] =
    [("日期", "Date"), ("订单", "Order"), ("券", "Voucher"), ("应付地区", "Debtor"), ("应收地区", "Creditor"), ("金额", "Amount")];

impl App {
    /// Writes the lines of the statements under `run`, or of what is owed now, that concern the viewer's
    /// region; how many there were.
    pub fn export_settlement(&self, viewer: &Viewer, run: Option<&str>, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let pairs = self.settlement_pairs(viewer, run)?;
        let rows: Vec<Vec<Value>> = pairs.iter().flat_map(|pair| &pair.lines).map(row).collect();
        let count = rows.len();
        let kind = |at: usize| if at == COLUMNS.len() - 1 { ColumnKind::Money(MoneyUnit::Yuan) } else { ColumnKind::Text };
        let columns = COLUMNS.iter().enumerate().map(|(at, (zh, en))| Column::new(if lang == Lang::Zh { *zh } else { *en }, kind(at)));
        write_table(format, if lang == Lang::Zh { "清算单" } else { "Statement" }, columns.collect(), rows, self.now(), out)?;
        Ok(count)
    }

    /// Compares the statements under `run`, or what is owed now, with a table that the other side sent;
    /// of the pairs that it names. Nothing is kept.
    pub fn check_settlement(&self, viewer: &Viewer, run: Option<&str>, file: &str, bytes: &[u8]) -> Result<SettlementCheck, AppError> {
        let own = self.settlement_pairs(viewer, run)?;
        let (theirs, diagnostics) = read_lines(file, bytes)?;
        let mut check = SettlementCheck { diagnostics, ..SettlementCheck::default() };
        for (regions, lines) in by_pair(theirs) {
            let theirs = pair_of(regions, lines);
            let nothing = || pair_of(regions, Vec::new());
            let ours = own.iter().find(|pair| (pair.a, pair.b) == regions).cloned().unwrap_or_else(nothing);
            let same = |line: &ClearingLine| (line.order.clone(), line.debtor, line.creditor, line.amount);
            check.agreed += ours.lines.iter().filter(|line| theirs.lines.iter().any(|other| same(other) == same(line))).count();
            check.differences.extend(ours.differences(&theirs));
        }
        Ok(check)
    }
}

fn row(line: &ClearingLine) -> Vec<Value> {
    let texts = [line.at.china_date().to_string(), line.order.clone(), line.voucher.clone(), line.debtor.path(), line.creditor.path()];
    texts.into_iter().map(Value::from).chain([Value::Money(line.amount)]).collect()
}

fn by_pair(lines: Vec<ClearingLine>) -> BTreeMap<(RegionCode, RegionCode), Vec<ClearingLine>> {
    let mut pairs: BTreeMap<(RegionCode, RegionCode), Vec<ClearingLine>> = BTreeMap::new();
    for line in lines {
        pairs.entry((line.debtor.min(line.creditor), line.debtor.max(line.creditor))).or_default().push(line);
    }
    pairs
}

fn pair_of((a, b): (RegionCode, RegionCode), lines: Vec<ClearingLine>) -> Pair {
    let owed = |by: RegionCode| lines.iter().filter(|line| line.debtor == by).fold(0i64, |sum, line| sum.saturating_add(line.amount.0));
    let (a_owes, b_owes) = (owed(a), owed(b));
    Pair { a, b, a_owes: Fen(a_owes), b_owes: Fen(b_owes), a_pays: Fen(a_owes.saturating_sub(b_owes)), lines }
}

/// The lines of a statement, and what is wrong with those that are none.
fn read_lines(file: &str, bytes: &[u8]) -> Result<(Vec<ClearingLine>, Vec<Diagnostic>), AppError> {
    let rows = rows_of(file, bytes)?;
    let header = rows.first().map(|row| row.cells.as_slice()).unwrap_or_default();
    let names: Vec<&str> = header.iter().map(|cell| cell.split(['（', '(']).next().unwrap_or_default().trim()).collect();
    let mut places = [0; COLUMNS.len()];
    for (place, (zh, en)) in places.iter_mut().zip(COLUMNS) {
        *place = names.iter().position(|name| *name == zh || *name == en).ok_or_else(|| {
            let message = text!("首行缺少“{zh}”列，这不是清算单", "the first row has no column {en}; this is no statement of a settlement");
            AppError::Invalid(vec![Diagnostic::error("settlement.header", message).at(Place::file(file))])
        })?;
    }
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for row in rows.iter().skip(1).filter(|row| row.cells.iter().any(|cell| !cell.trim().is_empty())) {
        let cells = places.map(|place| row.cells.get(place).map(|cell| cell.trim()).unwrap_or_default());
        match read_line(cells) {
            Ok(line) => lines.push(line),
            Err(why) => faults.push(Diagnostic::error("settlement.row", why).at(Place { row: Some(row.line), ..Place::file(file) })),
        }
    }
    Ok((lines, faults))
}

fn read_line([on, order, voucher, debtor, creditor, amount]: [&str; 6]) -> Result<ClearingLine, Text> {
    let region = |written: &str| RegionCode::find(written).map_err(|why| text!("`{written}` 不是行政区划：{why}", "`{written}` is no region: {why}"));
    let day = Date::parse(on).map_err(|why| text!("`{on}` 不是日期：{why}", "`{on}` is no date: {why}"))?;
    let amount = Fen::parse(amount, Some(MoneyUnit::Yuan)).map_err(|why| text!("`{amount}` 不是金额：{why}", "`{amount}` is no amount: {why}"))?;
    let (debtor, creditor) = (region(debtor)?, region(creditor)?);
    if debtor == creditor || amount.0 <= 0 || order.is_empty() {
        return Err(text!("须写明订单、两个不同地区和大于零的金额", "name an order, two different regions and an amount above zero"));
    }
    let at = Timestamp::from_micros(i64::from(day.days_since_epoch()) * 86_400_000_000)
        .map_err(|why| text!("`{on}` 不是日期：{why}", "`{on}` is no date: {why}"))?;
    Ok(ClearingLine { at, order: order.to_string(), voucher: voucher.to_string(), debtor, creditor, amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "日期,订单,券,应付地区,应收地区,金额（元）\n";

    #[test]
    fn a_statement_that_was_written_reads_back() {
        let line = "2026-03-05,ord-1,vou-1,江苏省常州市武进区,上海市杨浦区,110.00";
        let (lines, faults) = read_lines("x.csv", format!("{HEADER}{line}\n\n").as_bytes()).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!((lines[0].amount, lines[0].debtor.to_string().as_str(), lines[0].creditor.name()), (Fen(11_000), "320412", "杨浦区"));
        let written: Vec<String> = row(&lines[0]).iter().map(|value| format!("{value:?}")).collect();
        assert!(written[3].contains("武进区") && written[0].contains("2026-03-05"), "{written:?}");
        let pairs = by_pair(lines);
        let pair = pair_of(*pairs.keys().next().unwrap(), pairs.into_values().next().unwrap());
        assert_eq!((pair.a.to_string().as_str(), pair.b_owes, pair.a_pays), ("310110", Fen(11_000), Fen(-11_000)));
    }

    #[test]
    fn rows_that_are_none_are_told_with_their_line() {
        for bad in ["x,o,v,320412,310110,1", "2026-03-05,o,v,999999,310110,1", "2026-03-05,o,v,320412,320412,1", "2026-03-05,o,v,320412,310110,-1"] {
            let (lines, faults) = read_lines("x.csv", format!("{HEADER}{bad}\n").as_bytes()).unwrap();
            assert!(lines.is_empty() && faults.len() == 1 && faults[0].place.row == Some(2), "{bad}: {faults:?}");
        }
        assert!(matches!(read_lines("x.csv", "姓名,电话\n甲,1\n".as_bytes()), Err(AppError::Invalid(_))));
    }
}
