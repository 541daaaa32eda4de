//! Settlement runs between regions: net every pair, pay, and keep the statement.

use crate::promise::{Promise, find, keep, list, post, refused};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_ledger::{AccountId, AccountKind, statement};
use duijie_payout::{Did, Pair, settle};
use duijie_store::{MatterFilter, View};
use duijie_vocab::{Fen, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SettlementKept {
    id: RecordId,
    run: String,
    pairs: Vec<Pair>,
}

impl Promise for SettlementKept {
    const KIND: &'static str = "settlement";

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn state(&self) -> &str {
        "settled"
    }

    fn region(&self) -> RegionCode {
        let regions = self.pairs.iter().flat_map(|pair| [pair.a, pair.b]);
        regions.reduce(RegionCode::common).unwrap_or(RegionCode::NATION)
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        self.pairs.iter().flat_map(|pair| [("region", pair.a.to_string()), ("region", pair.b.to_string())]).collect()
    }
}

/// One pair of a settlement.
#[derive(Clone, Debug, Serialize)]
pub struct PairView {
    pub run: String,
    pub a: String,
    pub b: String,
    pub a_owes: Text,
    pub b_owes: Text,
    pub payer: String,
    pub payee: String,
    pub net: Text,
    pub a_owes_fen: Fen,
    pub b_owes_fen: Fen,
    pub net_fen: Fen,
    pub orders: usize,
    /// The statement that both sides check.
    pub statement: Text,
}

impl App {
    /// What every pair of regions owes one another now.
    pub fn clearing(&self, viewer: &Viewer) -> Result<Vec<PairView>, AppError> {
        Ok(self.settlement_pairs(viewer, None)?.iter().map(|pair| shown("open", pair)).collect())
    }

    /// The pairs that concern the viewer's region: those of a settlement, or as they stand now.
    pub(crate) fn settlement_pairs(&self, viewer: &Viewer, run: Option<&str>) -> Result<Vec<Pair>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?;
        let pairs = self.store().read(|view| match run {
            Some(run) => Ok(find::<SettlementKept>(view, &RecordId::derive("set", run))?.ok_or(AppError::NotFound)?.value.pairs),
            None => {
                let (statements, banks) = open(view)?;
                Ok::<_, AppError>(settle("open", &statements, &banks).map_err(refused)?.pairs)
            }
        })?;
        Ok(pairs.into_iter().filter(|pair| viewer.region.contains(pair.a) || viewer.region.contains(pair.b)).collect())
    }

    /// Nets and pays what all pairs owe one another, and keeps the statements under `run`.
    pub fn settle_regions(&self, viewer: &Viewer, run: &str) -> Result<Vec<PairView>, AppError> {
        viewer.may(Action::Administer, &Target::default())?;
        let name = run.to_string();
        let pairs = self.write(&self.actor(viewer)?, move |tx| {
            let id = RecordId::derive("set", &name);
            if find::<SettlementKept>(&mut tx.view(), &id)?.is_some() {
                return Err(AppError::Conflict(text!("清算批次 {name} 已经办理", "there was a settlement {name} already")));
            }
            let (statements, banks) = open(&mut tx.view())?;
            let settlement = settle(&name, &statements, &banks).map_err(refused)?;
            if settlement.pairs.is_empty() {
                return Err(AppError::Conflict(text!("各地区之间没有应清算的款项", "no region owes another anything")));
            }
            post(tx, &settlement.transfers)?;
            let kept = SettlementKept { id, run: name.clone(), pairs: settlement.pairs };
            let did = Did { act: "settle".into(), words: text!("区域间清算", "regions settled"), details: BTreeMap::new() };
            keep(tx, &kept, 0, &name, &did, &[])?;
            Ok(kept.pairs)
        })?;
        Ok(pairs.iter().map(|pair| shown(run, pair)).collect())
    }

    /// The settlements that concern the viewer's region.
    pub fn settlements(&self, viewer: &Viewer) -> Result<Vec<PairView>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None })?;
        let all = self.store().read(|view| list::<SettlementKept>(view, &MatterFilter::default()))?;
        let concerns = |pair: &&Pair| viewer.region.contains(pair.a) || viewer.region.contains(pair.b);
        Ok(all.iter().flat_map(|stored| stored.value.pairs.iter().filter(concerns).map(|pair| shown(&stored.value.run, pair))).collect())
    }
}

/// The statements of all clearing accounts, and the banks of the regions in them.
fn open(view: &mut View<'_>) -> Result<(Vec<duijie_ledger::Statement>, BTreeMap<RegionCode, AccountId>), AppError> {
    const ACCOUNTS: usize = 100_000;
    const LINES: usize = 1_000;
    let accounts = view.ledger_accounts(&format!("{}:", AccountKind::Clearing.as_str()), "", ACCOUNTS)?;
    let mut statements = Vec::with_capacity(accounts.len());
    for account in &accounts {
        let mut entries = Vec::new();
        let mut after = -1;
        loop {
            let page = view.ledger_transfers(Some(&account.id), after, LINES)?;
            let Some(last) = page.last() else { break };
            after = last.number;
            entries.extend(page.into_iter().map(|found| found.entry));
        }
        statements.push(statement(&account.id, &entries, None, None));
    }
    let banks = accounts.iter().map(|account| (account.id.region(), crate::ledger::treasury(account.id.region()))).collect();
    Ok((statements, banks))
}

fn shown(run: &str, pair: &Pair) -> PairView {
    let (payer, payee, net) = if pair.a_pays.0 >= 0 { (pair.a, pair.b, pair.a_pays) } else { (pair.b, pair.a, Fen(-pair.a_pays.0)) };
    PairView {
        run: run.to_string(),
        a: pair.a.path(),
        b: pair.b.path(),
        a_owes: pair.a_owes.text(),
        b_owes: pair.b_owes.text(),
        payer: payer.path(),
        payee: payee.path(),
        net: net.text(),
        a_owes_fen: pair.a_owes,
        b_owes_fen: pair.b_owes,
        net_fen: net,
        orders: pair.lines.len(),
        statement: pair.statement(),
    }
}
