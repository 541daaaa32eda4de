//! The files of an order – contract, invoice, report. Whoever sends one gets its SHA-256, which the order
//! then names; the file is shown to both sides and to the officers of their regions, and to nobody else.

use crate::case_document::{DocumentBytes, acceptable};
use crate::order::Ordered;
use crate::promise::{for_each, keep, load};
use crate::sessions::{DAY, later};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_payout::{Did, Order};
use duijie_store::{MatterFilter, Tx};
use duijie_vocab::{Diagnostic, Digest, Place, RecordId, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFile {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    pub name: String,
    pub bytes: usize,
}

/// A document that an order names, and the file if it is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderDocument {
    /// `contract`, `invoice` or `report`.
    pub part: &'static str,
    pub part_name: Text,
    pub digest: String,
    /// What the file is called; nothing where the order has the digest alone.
    pub name: Option<String>,
}

/// Where files wait for the order that names them.
const SPACE: &str = "order-file";

impl App {
    /// Takes a file for an order that the viewer places or delivers within a day.
    pub fn keep_order_file(&self, viewer: &Viewer, name: &str, bytes: &[u8]) -> Result<OrderFile, AppError> {
        viewer.may(Action::Hold, &Target { region: None, organization: viewer.organization.clone() })?;
        let file = self.take_file(name, bytes)?;
        let (key, kept) = (waiting(viewer, &file.digest), serde_json::to_string(&file).map_err(|fault| AppError::Internal(fault.into()))?);
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.keep(SPACE, &key, &kept, later(tx.now(), DAY))?))?;
        Ok(file)
    }

    /// Takes the file of a document that the order names by its digest; another file is refused.
    pub fn attach_order_file(&self, viewer: &Viewer, id: &RecordId, name: &str, bytes: &[u8]) -> Result<(), AppError> {
        // Nobody makes us look at a file before we know that it is their order.
        self.order(viewer, id)?;
        let file = self.take_file(name, bytes)?;
        let id = id.clone();
        self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Ordered>(&mut tx.view(), &id)?;
            if !named(&stored.value.order).iter().any(|(_, _, digest)| *digest == file.digest) {
                let digest = file.digest.to_string();
                let why = text!("该订单没有摘要为 {digest} 的文件", "the order names no document with the digest {digest}");
                return Err(AppError::Invalid(vec![Diagnostic::error("order.file", why).at(Place::field("file"))]));
            }
            let mut ordered = stored.value;
            if add(&mut ordered.files, [file.clone()]) == 0 {
                return Ok(());
            }
            let name = &file.name;
            let did = Did { act: "attach".into(), words: text!("补交文件 {name}", "file {name} sent"), details: BTreeMap::new() };
            keep(tx, &ordered, stored.version, &stored.title, &did, &[]).map(drop)
        })
    }

    /// A file of an order, for those who see the order.
    pub fn order_file(&self, viewer: &Viewer, id: &RecordId, digest: &str) -> Result<DocumentBytes, AppError> {
        let digest = Digest::parse(digest).map_err(|_| AppError::NotFound)?;
        self.order(viewer, id)?;
        let stored = self.store().read(|view| load::<Ordered>(view, id))?;
        let file = stored.value.files.iter().find(|file| file.digest == digest).ok_or(AppError::NotFound)?;
        self.read_document(&file.name, &digest)
    }

    /// Files that orders name and that are not in the data directory, or are others.
    pub(crate) fn order_file_faults(&self) -> Result<Vec<Diagnostic>, AppError> {
        let mut files: Vec<(RecordId, OrderFile)> = Vec::new();
        let mut note = |id: &RecordId, some: Vec<OrderFile>| files.extend(some.into_iter().map(|file| (id.clone(), file)));
        self.store().read(|view| for_each::<Ordered>(view, &MatterFilter::default(), |stored| note(&stored.value.order.id, stored.value.files)))?;
        let mut faults = Vec::new();
        for (id, file) in files {
            if let Err(fault) = self.documents().read(&file.digest) {
                let name = &file.name;
                let why = text!("{id} 的文件“{name}”读不出：{fault}", "the document `{name}` of {id} cannot be read: {fault}");
                faults.push(Diagnostic::error("check.document", why).help(text!("从备份恢复 files 目录", "restore the folder `files` from a backup")));
            }
        }
        Ok(faults)
    }

    fn take_file(&self, name: &str, bytes: &[u8]) -> Result<OrderFile, AppError> {
        let name = acceptable(name, bytes)?;
        let digest = self.documents().keep(bytes).map_err(|fault| AppError::Internal(fault.into()))?;
        Ok(OrderFile { digest, name, bytes: bytes.len() })
    }
}

/// Adds to `files` those that the viewer sent for the documents that `order` names now.
pub(crate) fn gather(tx: &mut Tx<'_>, viewer: &Viewer, order: &Order, files: &mut Vec<OrderFile>) -> Result<(), AppError> {
    let now = tx.now();
    for (_, _, digest) in named(order) {
        let Some(kept) = tx.view().kept(SPACE, &waiting(viewer, &digest), now)? else { continue };
        let file: OrderFile = serde_json::from_str(&kept).map_err(|fault| AppError::Internal(fault.into()))?;
        add(files, [file]);
    }
    Ok(())
}

/// What an order names, each with its file if that is here.
pub(crate) fn documents(order: &Order, files: &[OrderFile]) -> Vec<OrderDocument> {
    let found = |digest: &Digest| files.iter().find(|file| file.digest == *digest).map(|file| file.name.clone());
    named(order).into_iter().map(|(part, part_name, digest)| OrderDocument { part, part_name, name: found(&digest), digest: digest.to_string() }).collect()
}

fn named(order: &Order) -> Vec<(&'static str, Text, Digest)> {
    let mut named = vec![("contract", text!("合同", "Contract"), order.contract.document)];
    if let Some(evidence) = &order.evidence {
        named.push(("invoice", text!("发票", "Invoice"), evidence.invoice_document));
        named.push(("report", text!("报告", "Report"), evidence.report_document));
    }
    named
}

/// Adds those that are not there; how many there were.
fn add(files: &mut Vec<OrderFile>, new: impl IntoIterator<Item = OrderFile>) -> usize {
    let before = files.len();
    for file in new {
        if files.iter().all(|known| known.digest != file.digest) {
            files.push(file);
        }
    }
    files.len() - before
}

fn waiting(viewer: &Viewer, digest: &Digest) -> String {
    format!("{}:{digest}", viewer.login.as_deref().unwrap_or_default())
}
