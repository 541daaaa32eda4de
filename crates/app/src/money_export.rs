//! Lists about money as workbooks and csv: entitlements, orders, and the statement of an account.

use crate::payout_files::write_table;
use crate::{App, AppError, EntitlementRequest, ExportFormat, Viewer};
use duijie_ledger::AccountId;
use duijie_sheet::{Column, ColumnKind, Value};
use duijie_vocab::{Date, Fen, Lang, MoneyUnit};
use std::io::Write;

fn columns(names: &[(&str, &str)], money: &[usize], lang: Lang) -> Vec<Column> {
    let kind = |at: usize| if money.contains(&at) { ColumnKind::Money(MoneyUnit::Yuan) } else { ColumnKind::Text };
    names.iter().enumerate().map(|(at, (zh, en))| Column::new(if lang == Lang::Zh { *zh } else { *en }, kind(at))).collect()
}

impl App {
    /// Writes the entitlements that `request` asks for and the viewer may see; how many there were.
    pub fn export_entitlements(
        &self,
        viewer: &Viewer,
        request: &EntitlementRequest,
        format: ExportFormat,
        lang: Lang,
        out: &mut dyn Write,
    ) -> Result<usize, AppError> {
        let mut request = request.clone();
        let mut rows: Vec<Vec<Value>> = Vec::new();
        loop {
            let (page, next) = self.entitlements(viewer, &request)?;
            rows.extend(page.into_iter().map(|row| {
                let texts = [row.id.to_string(), row.firm_name, row.measure_name.get(lang).to_string(), row.period];
                let ends = [
                    row.state_name.get(lang).to_string(),
                    row.list.unwrap_or_default(),
                    row.file.unwrap_or_default(),
                    row.reason.unwrap_or_default(),
                    row.updated,
                ];
                texts.into_iter().map(Value::from).chain([Value::Money(row.amount_fen)]).chain(ends.into_iter().map(Value::from)).collect()
            }));
            request.after = next;
            if request.after.is_none() {
                break;
            }
        }
        let names = [
            ("编号", "Number"),
            ("企业", "Enterprise"),
            ("条款", "Measure"),
            ("年度", "Period"),
            ("金额", "Amount"),
            ("状态", "State"),
            ("公示", "List"),
            ("付款文件", "Payment file"),
            ("说明", "Reason"),
            ("更新", "Updated"),
        ];
        let count = rows.len();
        write_table(format, if lang == Lang::Zh { "政策兑付" } else { "Payouts" }, columns(&names, &[4], lang), rows, self.now(), out)?;
        Ok(count)
    }

    /// Writes the orders that the viewer may see; how many there were.
    pub fn export_orders(&self, viewer: &Viewer, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (page, next) = self.orders(viewer, None, after.as_deref())?;
            rows.extend(page.into_iter().map(|row| {
                let texts = [row.contract, row.holder_name, row.home_name, row.agency_name, row.agency_region_name, row.service.get(lang).to_string()];
                let money = [Value::Money(row.amount_fen), Value::Money(row.share_fen)];
                let ends = [row.state_name.get(lang).to_string(), row.batch.unwrap_or_default(), row.updated];
                texts.into_iter().map(Value::from).chain(money).chain(ends.into_iter().map(Value::from)).collect()
            }));
            after = next;
            if after.is_none() {
                break;
            }
        }
        let names = [
            ("合同编号", "Contract"),
            ("持券企业", "Holder"),
            ("持券地区", "Holder's region"),
            ("服务机构", "Agency"),
            ("服务地区", "Agency's region"),
            ("业态", "Class"),
            ("合同金额", "Amount"),
            ("券抵用", "Paid by voucher"),
            ("状态", "State"),
            ("批次", "Batch"),
            ("更新", "Updated"),
        ];
        let count = rows.len();
        write_table(format, if lang == Lang::Zh { "服务订单" } else { "Orders" }, columns(&names, &[6, 7], lang), rows, self.now(), out)?;
        Ok(count)
    }

    /// Writes the statement of an account between two days.
    pub fn export_statement(
        &self,
        viewer: &Viewer,
        account: &AccountId,
        (from, until): (Option<Date>, Option<Date>),
        format: ExportFormat,
        lang: Lang,
        out: &mut dyn Write,
    ) -> Result<usize, AppError> {
        let statement = self.statement(viewer, account, from, until)?;
        let names = [
            ("时间", "Time"),
            ("划转", "Transfer"),
            ("事由", "Code"),
            ("对方账户", "Counter account"),
            ("借方", "Debit"),
            ("贷方", "Credit"),
            ("余额", "Balance"),
        ];
        let count = statement.lines.len();
        let zero = |amount: Fen| if amount == Fen::ZERO { Value::Empty } else { Value::Money(amount) };
        let rows = statement.lines.into_iter().map(|line| {
            let texts = [line.at.china_minute(), line.transfer, line.code, line.counter.to_string()];
            texts.into_iter().map(Value::from).chain([zero(line.debit), zero(line.credit), Value::Money(line.balance)]).collect()
        });
        write_table(format, account.name(), columns(&names, &[4, 5, 6], lang), rows.collect(), self.now(), out)?;
        Ok(count)
    }
}
