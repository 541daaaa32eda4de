//! The files between the treasury and its bank: what is to be paid goes out, what became of it comes
//! back and moves every entitlement in it.

use crate::ledger::rows_of;
use crate::payout::{EntitlementRequest, Promised};
use crate::promise::{Promise, concerning, for_all, in_office};
use crate::{Action, App, AppError, ExportFormat, ManySteps, Target, Viewer};
use duijie_payout::{Act, PAYMENT_HEADER, Payment, Returned, read_return};
use duijie_sheet::{About, Column, ColumnKind, Storage, Table, Value, WriteFault, write_csv, write_workbook};
use duijie_vocab::{Diagnostic, Fen, RecordId, Text, Timestamp, text};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Write;

/// A payment file and what is in it.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentFile {
    pub file: String,
    pub payments: usize,
    pub total: Text,
    /// Those that could not be put in, and why.
    pub refused: Vec<(RecordId, Text)>,
}

/// What a return file did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReturnReport {
    pub paid: usize,
    pub paid_amount: Fen,
    pub returned: usize,
    /// Rows that were not taken, each with its line.
    pub diagnostics: Vec<Diagnostic>,
    /// Payments of the file of which the bank says nothing.
    pub open: Vec<String>,
}

impl App {
    /// Puts every published entitlement whose time for objections is over into a new payment file.
    pub fn payment_file(&self, viewer: &Viewer) -> Result<PaymentFile, AppError> {
        in_office(viewer)?;
        let request = EntitlementRequest { state: Some("published".into()), ..EntitlementRequest::default() };
        let ids = self.entitlement_ids(viewer, &request)?;
        let now = self.now();
        let ready = self.store().read(|view| {
            let mut ready = Vec::new();
            for id in ids {
                let stored = crate::promise::load::<Promised>(view, &id)?;
                let open = stored.value.entitlement.list().and_then(|(_, until)| until);
                if open.is_some_and(|until| until <= now) {
                    ready.push(id);
                }
            }
            Ok::<_, AppError>(ready)
        })?;
        let file = format!("{}-{}", now.china_date(), now.micros() % 86_400_000_000);
        let ManySteps { done, amount, refused } = self.payout_steps(viewer, &ready, &Act::Order { file: file.clone() })?;
        if done == 0 && refused.is_empty() {
            return Err(AppError::Conflict(text!("没有公示期满、可付款的兑付", "nothing is ready to be paid: no list's time for objections is over")));
        }
        Ok(PaymentFile { file, payments: done, total: amount.text(), refused })
    }

    /// The payments of a file that the bank has not answered yet.
    pub fn payments(&self, viewer: &Viewer, file: &str) -> Result<Vec<Payment>, AppError> {
        in_office(viewer)?;
        let (mut payments, mut regions) = (Vec::new(), BTreeSet::new());
        self.store().read(|view| {
            for_all::<Promised>(view, &concerning("file", file), |stored| {
                regions.insert(stored.value.region());
                payments.extend(Payment::of(&stored.value.entitlement));
            })
        })?;
        for region in regions {
            viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        }
        payments.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(payments)
    }

    /// Writes the payment file as the bank reads it.
    pub fn write_payments(&self, viewer: &Viewer, file: &str, format: ExportFormat, out: &mut dyn Write) -> Result<usize, AppError> {
        let payments = self.payments(viewer, file)?;
        let columns = PAYMENT_HEADER.map(|header| Column::new(header, ColumnKind::Text)).to_vec();
        let rows: Vec<Vec<Value>> = payments.iter().map(|payment| payment.cells().map(Value::from).to_vec()).collect();
        write_table(format, "付款文件", columns, rows, self.now(), out)?;
        Ok(payments.len())
    }

    /// Reads the bank's answer to a payment file. Rows that fit are taken even if others do not.
    pub fn read_payment_return(&self, viewer: &Viewer, file: &str, name: &str, bytes: &[u8]) -> Result<ReturnReport, AppError> {
        let sent = self.payments(viewer, file)?;
        if sent.is_empty() {
            return Err(AppError::Conflict(text!("没有待回盘的付款文件 {file}", "no payment of the file {file} waits for the bank's answer")));
        }
        let (results, diagnostics) = read_return(&rows_of(name, bytes)?, &sent);
        if results.is_empty() && !diagnostics.is_empty() {
            return Err(AppError::Invalid(diagnostics));
        }
        let mut report = ReturnReport { diagnostics, ..ReturnReport::default() };
        report.open = sent.iter().map(|payment| payment.id.clone()).filter(|id| !results.contains_key(id)).collect();
        for (id, result) in results {
            let id = RecordId::parse(&id).ok_or_else(|| AppError::Internal(anyhow::anyhow!("a payment without the id of an entitlement")))?;
            let act = match result {
                Returned::Paid { serial } => Act::Settle { bank_serial: serial },
                Returned::Failed { reason } => Act::Bounce { reason },
            };
            let paid = matches!(act, Act::Settle { .. });
            let steps = self.payout_steps(viewer, &[id], &act)?;
            if paid {
                report.paid += steps.done;
                report.paid_amount.0 = report.paid_amount.0.saturating_add(steps.amount.0);
            } else {
                report.returned += steps.done;
            }
            report.diagnostics.extend(steps.refused.into_iter().map(|(_, why)| Diagnostic::error("return.step", why)));
        }
        Ok(report)
    }
}

/// Writes one table as xlsx or csv; amounts of money carry their unit in the header.
pub(crate) fn write_table(
    format: ExportFormat,
    title: &str,
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), AppError> {
    let internal = |fault: WriteFault| AppError::Internal(fault.into());
    let table = Table::new(title, columns, rows.into_iter());
    match format {
        ExportFormat::Csv => write_csv(table, out).map_err(internal),
        ExportFormat::Xlsx => {
            let about = About { title: title.to_string(), creator: "Duijie 对接".to_string(), created: now };
            let written = write_workbook(vec![table], &about, Storage::Memory).map_err(internal)?;
            out.write_all(&written.bytes).map_err(|fault| AppError::Internal(fault.into()))
        }
        ExportFormat::Json | ExportFormat::Jsonl => {
            Err(AppError::Invalid(vec![Diagnostic::error("export.format", text!("请选择 xlsx 或 csv", "choose xlsx or csv"))]))
        }
    }
}
