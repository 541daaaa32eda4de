//! Vouchers and orders from a table, row by row through the same steps as on a page. A row that is
//! refused is told with its line; the others go on.

use crate::ledger::rows_of;
use crate::order::Ordered;
use crate::promise::{concerning, list, load};
use crate::{App, AppError, OrderAct, RedeemReport, Viewer, VoucherAct};
use duijie_ledger::BankRow;
use duijie_payout::{Application, Contract, Evidence, Filing, ServiceClass, Voucher};
use duijie_store::MatterFilter;
use duijie_vocab::{Date, Diagnostic, Digest, Fen, MoneyUnit, Place, RecordId, RegionCode, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where the files are that a table names; nothing where it names them by digest alone.
pub type TableFiles<'a> = Option<&'a dyn Fn(&str) -> std::io::Result<Vec<u8>>>;

/// How a table's rows fared.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TableReport {
    pub done: usize,
    pub diagnostics: Vec<Diagnostic>,
}

/// The header of a table of vouchers and orders; each step reads the columns that it needs.
pub const VOUCHER_COLUMNS: [&str; 18] = [
    "券号",
    "企业",
    "企业类型",
    "业态",
    "面额",
    "服务机构",
    "服务地区",
    "合同编号",
    "合同金额",
    "签订日期",
    "合同文件",
    "发票号",
    "发票金额",
    "发票文件",
    "报告文件",
    "交付日期",
    "批次",
    "联合企业",
];

struct Line {
    line: u32,
    cells: BTreeMap<String, String>,
}

impl App {
    /// Files agencies with their regions; with `accept` each is listed at once.
    pub fn agencies_from_table(&self, viewer: &Viewer, file: &str, bytes: &[u8], accept: bool) -> Result<TableReport, AppError> {
        self.each_row(file, bytes, |row| {
            let agency = self.organization_in_row(row.cell("服务机构")?)?;
            let region = row.region("服务地区")?;
            let classes = row.cell("业态")?.split('、').map(|word| class(word.trim())).collect::<Result<Vec<_>, _>>()?;
            let filed = self.file_agency(viewer, &agency, region, classes)?;
            if accept {
                self.filing_step(viewer, &filed.id, &crate::FilingAct::List)?;
            }
            Ok(())
        })
    }

    /// Applies for the vouchers of a table.
    pub fn apply_from_table(&self, viewer: &Viewer, scheme: &str, file: &str, bytes: &[u8]) -> Result<TableReport, AppError> {
        self.each_row(file, bytes, |row| {
            let partners = row.cells.get("联合企业").into_iter().flat_map(|names| names.split('、')).filter(|name| !name.trim().is_empty());
            let asked = Application {
                number: row.cell("券号")?.to_string(),
                holder: self.organization_in_row(row.cell("企业")?)?,
                partners: partners.map(|name| self.organization_in_row(name.trim())).collect::<Result<_, _>>()?,
                holder_class: row.cell("企业类型")?.to_string(),
                service: class(row.cell("业态")?)?,
                value: row.money("面额")?,
            };
            self.apply_voucher(viewer, scheme, asked).map(drop)
        })
    }

    /// Places the orders of a table. A document is named by its digest, or by the name of a file in `files`.
    pub fn order_from_table(&self, viewer: &Viewer, scheme: &str, file: &str, bytes: &[u8], files: TableFiles<'_>) -> Result<TableReport, AppError> {
        self.each_row(file, bytes, |row| {
            let voucher = Voucher::id_of(scheme, row.cell("券号")?);
            let filing = self.filing_named(row.cell("服务机构")?)?;
            let contract = Contract {
                number: row.cell("合同编号")?.to_string(),
                amount: row.money("合同金额")?,
                signed: row.date("签订日期")?,
                document: self.document_in_row(viewer, row, "合同文件", files)?,
            };
            self.place_order(viewer, &voucher, &filing, contract).map(drop)
        })
    }

    /// Delivers and claims the orders of a table; documents as with orders.
    pub fn deliver_from_table(&self, viewer: &Viewer, scheme: &str, file: &str, bytes: &[u8], files: TableFiles<'_>) -> Result<TableReport, AppError> {
        self.each_row(file, bytes, |row| {
            let order = self.order_of(&Voucher::id_of(scheme, row.cell("券号")?))?;
            let evidence = Evidence {
                invoice: row.cell("发票号")?.to_string(),
                invoice_amount: row.money("发票金额")?,
                invoice_document: self.document_in_row(viewer, row, "发票文件", files)?,
                report_document: self.document_in_row(viewer, row, "报告文件", files)?,
                on: row.date("交付日期")?,
            };
            self.order_step(viewer, &order, &OrderAct::Deliver { evidence })?;
            self.order_step(viewer, &order, &OrderAct::Claim).map(drop)
        })
    }

    /// Redeems the orders of a table in the batches that it names.
    pub fn redeem_from_table(&self, viewer: &Viewer, scheme: &str, file: &str, bytes: &[u8], despite: Option<&str>) -> Result<Vec<RedeemReport>, AppError> {
        let mut batches: BTreeMap<String, Vec<RecordId>> = BTreeMap::new();
        for row in lines(file, bytes)? {
            let order = self.order_of(&Voucher::id_of(scheme, row.cell("券号")?))?;
            batches.entry(row.cell("批次")?.to_string()).or_default().push(order);
        }
        batches.iter().map(|(batch, orders)| self.redeem_batch(viewer, batch, orders, despite)).collect()
    }

    /// Reviews every voucher of a scheme that waits for a review of this viewer.
    pub fn review_vouchers(&self, viewer: &Viewer, scheme: &str) -> Result<TableReport, AppError> {
        let filter = MatterFilter { states: vec!["applied".into(), "county_reviewed".into()], ..concerning("scheme", scheme) };
        let waiting = self.store().read(|view| list::<Voucher>(view, &filter))?;
        let mut report = TableReport::default();
        for stored in waiting {
            match self.voucher_step(viewer, &stored.value.id, &VoucherAct::Review) {
                Ok(_) => report.done += 1,
                Err(why @ (AppError::Refused(_) | AppError::Invalid(_) | AppError::Conflict(_))) => {
                    let number = &stored.value.number;
                    let told = why.message();
                    report
                        .diagnostics
                        .push(Diagnostic::error("voucher.review", duijie_vocab::Text::new(format!("{number}：{}", told.zh), format!("{number}: {}", told.en))));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(report)
    }

    fn each_row(&self, file: &str, bytes: &[u8], act: impl Fn(&Line) -> Result<(), AppError>) -> Result<TableReport, AppError> {
        let mut report = TableReport::default();
        for row in lines(file, bytes)? {
            let place = || Place { line: Some(row.line), ..Place::file(file) };
            match act(&row) {
                Ok(()) => report.done += 1,
                Err(AppError::Invalid(faults)) => report.diagnostics.extend(faults.into_iter().map(|fault| fault.at(place()))),
                Err(why @ (AppError::Refused(_) | AppError::Conflict(_) | AppError::NotFound)) => {
                    report.diagnostics.push(Diagnostic::error("row.refused", why.message()).at(place()));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(report)
    }

    fn document_in_row(&self, viewer: &Viewer, row: &Line, column: &str, files: TableFiles<'_>) -> Result<Digest, AppError> {
        let written = row.cell(column)?;
        let Some(files) = files.filter(|_| Digest::parse(written).is_err()) else { return row.digest(column) };
        let bytes =
            files(written).map_err(|why| fault("row.file", text!("{column} `{written}` 读不出：{why}", "{column} `{written}` cannot be read: {why}")))?;
        Ok(self.keep_order_file(viewer, written, &bytes)?.digest)
    }

    fn organization_in_row(&self, name: &str) -> Result<RecordId, AppError> {
        if let Some(id) = RecordId::parse(name) {
            return Ok(id);
        }
        let found = self.organization_named(name)?;
        found.ok_or_else(|| fault("row.organization", text!("没有或有多个机构叫 `{name}`", "no organization, or several, are called `{name}`")))
    }

    fn filing_named(&self, name: &str) -> Result<RecordId, AppError> {
        let agency = self.organization_in_row(name)?;
        let filings = self.store().read(|view| list::<Filing>(view, &concerning("agency", agency.as_str())))?;
        let listed = filings.into_iter().find(|stored| stored.value.state.as_str() == "listed");
        listed.map(|stored| stored.value.id).ok_or_else(|| fault("row.agency", text!("`{name}` 未备案", "`{name}` is not listed")))
    }

    fn order_of(&self, voucher: &RecordId) -> Result<RecordId, AppError> {
        self.store().read(|view| {
            load::<Voucher>(view, voucher)?;
            let orders = list::<Ordered>(view, &concerning("voucher", voucher.as_str()))?;
            let open = orders.into_iter().find(|stored| matches!(stored.value.order.state.as_str(), "placed" | "delivered" | "claimed"));
            open.map(|stored| stored.value.order.id).ok_or_else(|| fault("row.order", text!("该券没有进行中的订单", "the voucher has no open order")))
        })
    }
}

fn lines(file: &str, bytes: &[u8]) -> Result<Vec<Line>, AppError> {
    let rows: Vec<BankRow> = rows_of(file, bytes)?;
    let Some((header, rows)) = rows.split_first() else { return Err(fault("table.empty", text!("文件是空的", "the file is empty"))) };
    let names: Vec<&str> = header.cells.iter().map(|cell| cell.split(['（', '(']).next().unwrap_or_default().trim()).collect();
    if !names.contains(&"券号") && !names.contains(&"服务机构") {
        return Err(fault("table.header", text!("首行须有 券号 或 服务机构 列", "the first row has to name 券号 or 服务机构")));
    }
    let filled = rows.iter().filter(|row| row.cells.iter().any(|cell| !cell.trim().is_empty()));
    Ok(filled.map(|row| Line { line: row.line, cells: names.iter().map(|name| (*name).to_string()).zip(row.cells.iter().cloned()).collect() }).collect())
}

impl Line {
    fn cell(&self, name: &str) -> Result<&str, AppError> {
        let cell = self.cells.get(name).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        cell.ok_or_else(|| fault("row.missing", text!("缺少 {name}", "{name} is missing")))
    }

    fn money(&self, name: &str) -> Result<Fen, AppError> {
        let written = self.cell(name)?;
        Fen::parse(written, Some(MoneyUnit::Yuan))
            .map_err(|why| fault("row.amount", text!("{name} `{written}` 不是金额：{why}", "{name} `{written}` is no amount: {why}")))
    }

    fn date(&self, name: &str) -> Result<Date, AppError> {
        let written = self.cell(name)?;
        let day = Date::parse(written).ok().filter(|date| date.day().is_some());
        day.ok_or_else(|| fault("row.date", text!("{name} `{written}` 不是日期", "{name} `{written}` is no date")))
    }

    fn digest(&self, name: &str) -> Result<Digest, AppError> {
        let written = self.cell(name)?;
        Digest::parse(written).map_err(|why| fault("row.digest", text!("{name} 须为文件的 SHA-256：{why}", "{name} has to be the SHA-256 of the file: {why}")))
    }

    fn region(&self, name: &str) -> Result<RegionCode, AppError> {
        let written = self.cell(name)?;
        RegionCode::find(written).map_err(|why| fault("row.region", text!("{name} `{written}` 不是行政区划：{why}", "{name} `{written}` is no region: {why}")))
    }
}

fn class(word: &str) -> Result<ServiceClass, AppError> {
    ServiceClass::parse(word).ok_or_else(|| fault("row.class", text!("`{word}` 不是八类业态之一", "`{word}` is none of the eight classes")))
}

fn fault(code: &str, message: duijie_vocab::Text) -> AppError {
    AppError::Invalid(vec![Diagnostic::error(code, message)])
}
