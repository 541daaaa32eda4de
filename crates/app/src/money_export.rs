//! Lists about money as workbooks and csv: entitlements, a preview, published lists, vouchers, orders,
//! agencies, what regions owe one another, balances, and the statement of an account.

use crate::books::words;
use crate::every_page::every_page;
use crate::payout_files::write_table;
use crate::{App, AppError, EntitlementRequest, ExportFormat, RunPreview, Viewer};
use duijie_ledger::AccountId;
use duijie_sheet::{Column, ColumnKind, Value};
use duijie_vocab::{Date, Fen, Lang, MoneyUnit, Text};
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
        let found = every_page(|after| {
            request.after = after;
            self.entitlements(viewer, &request)
        })?;
        let rows: Vec<Vec<Value>> = found
            .into_iter()
            .map(|row| {
                let texts = [row.id.to_string(), row.firm_name, row.measure_name.get(lang).to_string(), row.period];
                let ends = [
                    row.state_name.get(lang).to_string(),
                    row.list.unwrap_or_default(),
                    row.file.unwrap_or_default(),
                    row.reason.unwrap_or_default(),
                    row.updated,
                ];
                texts.into_iter().map(Value::from).chain([Value::Money(row.amount_fen)]).chain(ends.into_iter().map(Value::from)).collect()
            })
            .collect();
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
        let found = every_page(|after| self.orders(viewer, None, after.as_deref()))?;
        let rows: Vec<Vec<Value>> = found
            .into_iter()
            .map(|row| {
                let texts = [row.contract, row.holder_name, row.home_name, row.agency_name, row.agency_region_name, row.service.get(lang).to_string()];
                let money = [Value::Money(row.amount_fen), Value::Money(row.share_fen)];
                let ends = [row.state_name.get(lang).to_string(), row.batch.unwrap_or_default(), row.updated];
                texts.into_iter().map(Value::from).chain(money).chain(ends.into_iter().map(Value::from)).collect()
            })
            .collect();
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

    /// Writes the rows of a preview; how many there were.
    pub fn export_preview(&self, preview: &RunPreview, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let rows = preview.rows.iter().map(|row| {
            let money = [Value::Money(row.asked), Value::Money(row.pays)];
            let verdict = preview.outcomes.iter().find(|outcome| outcome.verdict == row.verdict).map(|outcome| outcome.name.get(lang).to_string());
            let ends = [verdict.unwrap_or_default(), row.reason.get(lang).to_string()];
            let texts = [row.firm.to_string(), row.name.clone()];
            texts.into_iter().map(Value::from).chain(money).chain(ends.into_iter().map(Value::from)).collect()
        });
        let names = [("编号", "Number"), ("企业", "Enterprise"), ("应付", "Asked"), ("本次支付", "Paid now"), ("结果", "Outcome"), ("说明", "Reason")];
        let title = if lang == Lang::Zh { "兑付预览" } else { "Preview" };
        write_table(format, title, columns(&names, &[2, 3], lang), rows.collect(), self.now(), out)?;
        Ok(preview.rows.len())
    }

    /// Writes everybody on a published list; how many there were.
    pub fn export_published(&self, list: &str, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let found = every_page(|after| self.published_list(list, after.as_deref()).map(|part| (part.rows, part.next)))?;
        let state = |row: &crate::PublishedRow| Value::from(row.state_name.get(lang).to_string());
        let rows: Vec<Vec<Value>> = found.iter().map(|row| vec![Value::from(row.firm_name.clone()), Value::Money(row.amount_fen), state(row)]).collect();
        let count = rows.len();
        let names = [("企业", "Enterprise"), ("金额", "Amount"), ("状态", "State")];
        write_table(format, if lang == Lang::Zh { "公示" } else { "Published" }, columns(&names, &[1], lang), rows, self.now(), out)?;
        Ok(count)
    }

    /// Writes the vouchers that the viewer may see; how many there were.
    pub fn export_vouchers(&self, viewer: &Viewer, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let found = every_page(|after| self.vouchers(viewer, None, after.as_deref()))?;
        let rows: Vec<Vec<Value>> = found
            .into_iter()
            .map(|row| {
                let texts = [row.number, row.scheme, row.holder_name, row.region_name, row.service.get(lang).to_string()];
                let ends = [row.use_by, row.redeem_by, row.state_name.get(lang).to_string(), row.updated];
                texts.into_iter().map(Value::from).chain([Value::Money(row.value_fen)]).chain(ends.into_iter().map(Value::from)).collect()
            })
            .collect();
        let names = [
            ("券号", "Number"),
            ("方案", "Scheme"),
            ("持券企业", "Holder"),
            ("地区", "Region"),
            ("业态", "Class"),
            ("面额", "Value"),
            ("使用截止", "Use by"),
            ("兑付截止", "Redeem by"),
            ("状态", "State"),
            ("更新", "Updated"),
        ];
        let count = rows.len();
        write_table(format, if lang == Lang::Zh { "创新券" } else { "Vouchers" }, columns(&names, &[5], lang), rows, self.now(), out)?;
        Ok(count)
    }

    /// Writes the catalogue of agencies; how many there were.
    pub fn export_agencies(&self, viewer: &Viewer, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let agencies = self.agencies(viewer)?;
        let joined = |texts: &[Text]| texts.iter().map(|text| text.get(lang)).collect::<Vec<_>>().join("、");
        let rows = agencies.iter().map(|row| {
            let texts = [row.name.clone(), row.region_name.clone(), joined(&row.classes), joined(&row.best_in)];
            texts.into_iter().map(Value::from).collect()
        });
        let names = [("服务机构", "Agency"), ("地区", "Region"), ("业态", "Classes"), ("绩优十强", "Among the ten best in")];
        write_table(format, if lang == Lang::Zh { "服务机构" } else { "Agencies" }, columns(&names, &[], lang), rows.collect(), self.now(), out)?;
        Ok(agencies.len())
    }

    /// Writes what regions owed one another in each settlement, and owe now; how many pairs there were.
    pub fn export_clearing(&self, viewer: &Viewer, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let pairs: Vec<_> = self.clearing(viewer)?.into_iter().chain(self.settlements(viewer)?).collect();
        let rows = pairs.iter().map(|pair| {
            let texts = [pair.run.clone(), pair.a.clone(), pair.b.clone(), pair.payer.clone(), pair.payee.clone(), pair.orders.to_string()];
            let money = [pair.a_owes_fen, pair.b_owes_fen, pair.net_fen].map(Value::Money);
            texts.into_iter().map(Value::from).chain(money).collect()
        });
        let names = [
            ("清算批次", "Run"),
            ("甲地区", "Region A"),
            ("乙地区", "Region B"),
            ("付款方", "Payer"),
            ("收款方", "Payee"),
            ("订单数", "Orders"),
            ("甲应付", "A owes"),
            ("乙应付", "B owes"),
            ("轧差", "Net"),
        ];
        write_table(format, if lang == Lang::Zh { "区域清算" } else { "Settlement" }, columns(&names, &[6, 7, 8], lang), rows.collect(), self.now(), out)?;
        Ok(pairs.len())
    }

    /// Writes the balances of the viewer's region; how many accounts there were.
    pub fn export_balances(&self, viewer: &Viewer, format: ExportFormat, lang: Lang, out: &mut dyn Write) -> Result<usize, AppError> {
        let accounts = self.account_balances(viewer, None)?;
        let rows = accounts.iter().map(|row| {
            let texts = [row.account.clone(), row.kind.get(lang).to_string(), row.region_name.clone(), row.name.clone()];
            texts.into_iter().map(Value::from).chain([Value::Money(row.balance), Value::Money(row.reserved)]).collect()
        });
        let names = [("账户", "Account"), ("类别", "Kind"), ("地区", "Region"), ("名称", "Name"), ("余额", "Balance"), ("预留", "Reserved")];
        write_table(format, if lang == Lang::Zh { "账户余额" } else { "Balances" }, columns(&names, &[4, 5], lang), rows.collect(), self.now(), out)?;
        Ok(accounts.len())
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
            ("事由", "Reason"),
            ("对方", "Counterparty"),
            ("对方账户", "Counter account"),
            ("借方", "Debit"),
            ("贷方", "Credit"),
            ("余额", "Balance"),
        ];
        let count = statement.lines.len();
        let said = self.store().read(|view| words(view, &statement))?;
        let zero = |amount: Fen| if amount == Fen::ZERO { Value::Empty } else { Value::Money(amount) };
        let rows = statement.lines.into_iter().map(|line| {
            let counter = line.counter.to_string();
            let [code, whose] = [&said.codes[&line.code], &said.names[&counter]].map(|words| words.get(lang).to_string());
            let texts = [line.at.china_minute(), line.transfer, code, whose, counter];
            texts.into_iter().map(Value::from).chain([zero(line.debit), zero(line.credit), Value::Money(line.balance)]).collect()
        });
        write_table(format, account.name(), columns(&names, &[5, 6, 7], lang), rows.collect(), self.now(), out)?;
        Ok(count)
    }
}
