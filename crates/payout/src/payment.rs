//! The payment file that goes to the bank and the return file that comes back. Both are tables of
//! our own with the header in the first row:
//!
//! payment: `付款编号, 户名, 开户行, 账号, 金额（元）, 用途`
//! return:  `付款编号, 结果, 金额（元）, 银行流水号, 原因` – the result is `成功` or `失败`.

use crate::course::AnyEntitlement;
use duijie_ledger::BankRow;
use duijie_vocab::{Diagnostic, Fen, MoneyUnit, Place, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The header of a payment file.
pub const PAYMENT_HEADER: [&str; 6] = ["付款编号", "户名", "开户行", "账号", "金额（元）", "用途"];
/// The header of a return file.
pub const RETURN_HEADER: [&str; 5] = ["付款编号", "结果", "金额（元）", "银行流水号", "原因"];

/// One payment that the bank is to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub id: String,
    pub name: String,
    pub bank: String,
    pub account: String,
    pub amount: Fen,
    pub purpose: String,
}

impl Payment {
    /// The payment of an entitlement that is ordered, and nothing for any other.
    pub fn of(entitlement: &AnyEntitlement) -> Option<Payment> {
        let AnyEntitlement::Ordered(ordered) = entitlement else { return None };
        let payee = ordered.at.payee.payee.clone();
        Some(Payment {
            id: ordered.claim.id.to_string(),
            name: payee.name,
            bank: payee.bank,
            account: payee.account,
            amount: ordered.claim.amount,
            purpose: format!("{} {}", ordered.claim.measure, ordered.claim.period),
        })
    }

    /// The cells of its row.
    pub fn cells(&self) -> [String; 6] {
        let amount = self.amount.in_unit(MoneyUnit::Yuan).to_string();
        [self.id.clone(), self.name.clone(), self.bank.clone(), self.account.clone(), amount, self.purpose.clone()]
    }
}

/// What the bank says became of one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Returned {
    Paid { serial: String },
    Failed { reason: String },
}

/// Reads a return file against the payments that were sent: what became of each, and a diagnostic
/// for each row that does not fit. A row for an unknown payment, a second row for the same one, a
/// serial number used twice and another amount than was ordered are refused.
pub fn read_return(rows: &[BankRow], sent: &[Payment]) -> (BTreeMap<String, Returned>, Vec<Diagnostic>) {
    let mut results = BTreeMap::new();
    let mut diagnostics = Vec::new();
    let header_fits = rows.first().is_some_and(|header| header.cells.iter().map(|cell| cell.trim()).eq(RETURN_HEADER));
    if !header_fits {
        let wanted = RETURN_HEADER.join("、");
        diagnostics
            .push(Diagnostic::error("return.header", text!("这不是回盘文件：首行须为 {wanted}", "this is no return file: the first row has to be {wanted}")));
        return (results, diagnostics);
    }
    let by_id: BTreeMap<&str, &Payment> = sent.iter().map(|payment| (payment.id.as_str(), payment)).collect();
    let mut serials = BTreeSet::new();
    for row in rows[1..].iter().filter(|row| row.cells.iter().any(|cell| !cell.trim().is_empty())) {
        match read_row(row, &by_id) {
            Ok((id, _)) if results.contains_key(&id) => diagnostics.push(fault(row, text!("`{id}` 出现两次", "`{id}` occurs twice"))),
            Ok((_, Returned::Paid { serial })) if !serials.insert(serial.clone()) => {
                diagnostics.push(fault(row, text!("银行流水号 `{serial}` 出现两次", "the bank's number `{serial}` occurs twice")));
            }
            Ok((id, result)) => {
                results.insert(id, result);
            }
            Err(message) => diagnostics.push(fault(row, message)),
        }
    }
    (results, diagnostics)
}

fn fault(row: &BankRow, message: Text) -> Diagnostic {
    Diagnostic::error("return.row", message).at(Place { line: Some(row.line), ..Place::default() })
}

fn read_row(row: &BankRow, sent: &BTreeMap<&str, &Payment>) -> Result<(String, Returned), Text> {
    let cell = |at: usize| row.cells.get(at).map_or("", |cell| cell.trim());
    let id = cell(0);
    let payment = sent.get(id).ok_or_else(|| text!("付款文件中没有 `{id}`", "the payment file has no `{id}`"))?;
    let written = cell(2);
    let amount = Fen::parse(written, Some(MoneyUnit::Yuan)).map_err(|fault| text!("`{written}` 不是金额", "`{written}` is not an amount: {fault}"))?;
    if amount != payment.amount {
        let (bank, ours) = (amount.text(), payment.amount.text());
        return Err(Text::new(
            format!("`{id}` 回盘金额为 {}，付款文件为 {}", bank.zh, ours.zh),
            format!("`{id}` was paid with {}, ordered were {}", bank.en, ours.en),
        ));
    }
    match cell(1) {
        "成功" if cell(3).is_empty() => Err(text!("`{id}` 成功但没有银行流水号", "`{id}` was paid but has no number of the bank")),
        "成功" => Ok((id.to_string(), Returned::Paid { serial: cell(3).to_string() })),
        "失败" => {
            let reason = if cell(4).is_empty() { "银行未说明" } else { cell(4) };
            Ok((id.to_string(), Returned::Failed { reason: reason.to_string() }))
        }
        other => Err(text!("结果 `{other}` 不是 成功 或 失败", "the result `{other}` is neither 成功 nor 失败")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<BankRow> {
        text.lines().zip(1..).map(|(row, line)| BankRow { line, cells: row.split(',').map(str::to_string).collect() }).collect()
    }

    #[test]
    fn a_return_file_is_read_row_by_row() {
        let payment = |id: &str| Payment {
            id: id.into(),
            name: "甲".into(),
            bank: "乙".into(),
            account: "12345678".into(),
            amount: Fen(123_450),
            purpose: "m 2021".into(),
        };
        let sent = ["ent-1", "ent-2", "ent-3", "ent-4"].map(payment);
        assert_eq!(sent[0].cells()[4], "1234.5");
        let header = RETURN_HEADER.join(",");
        let text = format!(
            "{header}\nent-1,成功,1234.50,S1,\nent-2,失败,1234.5,,账号不符\nent-1,成功,1234.5,S2,\nent-3,成功,1234.51,S3,\nent-3,成功,1234.5,S1,\nent-4,成功,1234.5,,\nent-9,成功,1,S9,"
        );
        let (results, diagnostics) = read_return(&rows(&text), &sent);
        assert_eq!(
            results.into_iter().collect::<Vec<_>>(),
            [("ent-1".to_string(), Returned::Paid { serial: "S1".into() }), ("ent-2".to_string(), Returned::Failed { reason: "账号不符".into() })]
        );
        assert_eq!(diagnostics.iter().filter_map(|d| d.place.line).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
        for wrong in ["", "a,b\n1,2"] {
            assert_eq!(read_return(&rows(wrong), &sent).1[0].code, "return.header", "{wrong}");
        }
    }
}
