//! Tables about money as files: for people at `/export/NAME.xlsx`, for programs at `/api/exports/NAME.xlsx`.

use super::export::{format, send};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::response::Response;
use duijie_app::{AccountId, App, AppError, ExportFormat, Viewer};
use duijie_vocab::{Date, Diagnostic, Lang, Text, text};
use std::io::Write;

/// A table about money.
#[derive(Clone, Copy)]
enum MoneyTable {
    Payouts,
    Preview,
    Published,
    Vouchers,
    Orders,
    Agencies,
    Clearing,
    Settlement,
    Balances,
    Statement,
    Payments,
}

/// The file that `name` names, such as `payouts.xlsx`; nothing if it is no table about money.
pub(crate) async fn money_file(portal: &Portal, visit: &Visit, name: &str) -> Result<Option<Response>, Fault> {
    let Some((word, ending)) = name.split_once('.') else { return Ok(None) };
    let Some(table) = MoneyTable::named(word) else { return Ok(None) };
    let (format, mime) = format(ending).filter(|(format, _)| matches!(format, ExportFormat::Xlsx | ExportFormat::Csv)).ok_or_else(Fault::not_found)?;
    let (viewer, query, lang) = (visit.viewer.clone(), visit.query.clone(), visit.lang);
    let bytes = portal.ask(move |app| table.bytes(app, &viewer, &query, (format, lang))).await?;
    send(bytes, &format!("{}.{ending}", table.title().get(visit.lang)), mime).map(Some)
}

impl MoneyTable {
    fn named(word: &str) -> Option<MoneyTable> {
        Some(match word {
            "payouts" => MoneyTable::Payouts,
            "preview" => MoneyTable::Preview,
            "published" => MoneyTable::Published,
            "vouchers" => MoneyTable::Vouchers,
            "orders" => MoneyTable::Orders,
            "agencies" => MoneyTable::Agencies,
            "clearing" => MoneyTable::Clearing,
            "settlement" => MoneyTable::Settlement,
            "balances" => MoneyTable::Balances,
            "statement" => MoneyTable::Statement,
            "payments" => MoneyTable::Payments,
            _ => return None,
        })
    }

    fn title(self) -> Text {
        match self {
            MoneyTable::Payouts => text!("政策兑付", "payouts"),
            MoneyTable::Preview => text!("兑付预览", "preview"),
            MoneyTable::Published => text!("兑付公示", "published"),
            MoneyTable::Vouchers => text!("创新券", "vouchers"),
            MoneyTable::Orders => text!("服务订单", "orders"),
            MoneyTable::Agencies => text!("服务机构", "agencies"),
            MoneyTable::Clearing => text!("区域清算", "settlements"),
            MoneyTable::Settlement => text!("清算单", "settlement statement"),
            MoneyTable::Balances => text!("账户余额", "balances"),
            MoneyTable::Statement => text!("账户流水", "statement"),
            MoneyTable::Payments => text!("付款文件", "payments"),
        }
    }

    /// The table, on disk: memory does not grow with what is sent.
    fn bytes(self, app: &App, viewer: &Viewer, query: &Pairs, (format, lang): (ExportFormat, Lang)) -> Result<std::fs::File, AppError> {
        let inside = |error: std::io::Error| AppError::Internal(error.into());
        let mut out = std::io::BufWriter::new(tempfile::tempfile().map_err(inside)?);
        let named = |name: &str| query.filled(name).ok_or(AppError::NotFound);
        match self {
            MoneyTable::Payouts => app.export_entitlements(viewer, &super::payouts::wanted(query), format, lang, &mut out),
            MoneyTable::Preview => {
                let preview = app.payout_preview(viewer, named("measure")?, named("period")?, &mut |_| {})?;
                app.export_preview(&preview, format, lang, &mut out)
            }
            MoneyTable::Published => app.export_published(named("list")?, format, lang, &mut out),
            MoneyTable::Vouchers => app.export_vouchers(viewer, format, lang, &mut out),
            MoneyTable::Orders => app.export_orders(viewer, format, lang, &mut out),
            MoneyTable::Agencies => app.export_agencies(viewer, format, lang, &mut out),
            MoneyTable::Clearing => app.export_clearing(viewer, format, lang, &mut out),
            MoneyTable::Settlement => app.export_settlement(viewer, query.filled("run"), format, lang, &mut out),
            MoneyTable::Balances => app.export_balances(viewer, format, lang, &mut out),
            MoneyTable::Statement => {
                let account = AccountId::parse(named("account")?).map_err(|_| AppError::NotFound)?;
                app.export_statement(viewer, &account, (day(query, "from")?, day(query, "until")?), format, lang, &mut out)
            }
            MoneyTable::Payments => app.write_payments(viewer, named("payments")?, format, &mut out),
        }?;
        out.flush().map_err(inside)?;
        out.into_inner().map_err(|fault| inside(fault.into_error()))
    }
}

fn day(query: &Pairs, name: &str) -> Result<Option<Date>, AppError> {
    let read = query.filled(name).map(Date::parse).transpose();
    read.map_err(|why| AppError::Invalid(vec![Diagnostic::error("day", text!("日期有误：{why}", "no date: {why}"))]))
}
