//! Settlement 清算 between regions: what each pair owes one another is netted to one payment, and a
//! statement lists every order, so that both sides can check it against their own books.

use crate::step::Refused;
use duijie_ledger::{AccountId, AccountKind, Act as Move, Code, Line, Links, Statement, Transfer, TransferId};
use duijie_vocab::{Fen, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one pair of regions owes one another, and who pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The region with the smaller code.
    pub a: RegionCode,
    pub b: RegionCode,
    pub a_owes: Fen,
    pub b_owes: Fen,
    /// Positive where `a` pays `b`.
    pub a_pays: Fen,
    pub lines: Vec<ClearingLine>,
}

/// One redemption between two regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearingLine {
    pub at: Timestamp,
    pub order: String,
    pub voucher: String,
    pub debtor: RegionCode,
    pub creditor: RegionCode,
    pub amount: Fen,
}

/// A settlement run over all pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub run: String,
    pub pairs: Vec<Pair>,
    /// For each pair that owes something one chain of two, in the order of the pairs.
    #[serde(skip)]
    pub transfers: Vec<Transfer>,
}

/// The code of transfers that settle; what came before the last one is settled.
pub const SETTLED: &str = "clearing.settle";

/// Nets what the clearing accounts show. `statements` are those of all clearing accounts, each with
/// its mirror; `banks` names the account that pays for each region.
pub fn settle(run: &str, statements: &[Statement], banks: &BTreeMap<RegionCode, AccountId>) -> Result<Settlement, Refused> {
    let by_account: BTreeMap<&AccountId, &Statement> = statements.iter().map(|statement| (&statement.account, statement)).collect();
    let mut pairs = Vec::new();
    let mut transfers = Vec::new();
    for (account, statement) in &by_account {
        let (own, other) = regions_of(account)?;
        let mirror = by_account.get(&AccountId::clearing(other, own));
        let mirrored = mirror.map_or(Fen::ZERO, |mirror| mirror.closing);
        if mirrored.0 != -statement.closing.0 {
            let (own_name, other_name) = (own.name(), other.name());
            return Err(Refused::Rule(
                "settlement.mirror",
                text!("{own_name} 与 {other_name} 的清算账不一致", "the books of {own_name} and {other_name} do not agree"),
            ));
        }
        // The account of the smaller code speaks for the pair; without one its mirror does.
        let speaks = own < other || mirror.is_none();
        if !speaks {
            continue;
        }
        let pair = if own < other { pair(own, other, statement) } else { pair_of_mirror(other, own, statement) };
        if !pair.lines.is_empty() || pair.a_pays != Fen::ZERO {
            transfers.extend(payment(run, &pair, banks)?);
            pairs.push(pair);
        }
    }
    Ok(Settlement { run: run.to_string(), pairs, transfers })
}

fn regions_of(account: &AccountId) -> Result<(RegionCode, RegionCode), Refused> {
    let other = RegionCode::parse(account.name()).ok().filter(|other| account.kind() == AccountKind::Clearing && *other != account.region());
    let fault =
        || Refused::Rule("settlement.region", text!("`{account}` 不是两个地区之间的清算账户", "`{account}` is no clearing account between two regions"));
    Ok((account.region(), other.ok_or_else(fault)?))
}

/// The lines since the last settlement.
fn open_lines(statement: &Statement) -> &[Line] {
    let settled = statement.lines.iter().rposition(|line| line.code == SETTLED).map_or(0, |at| at + 1);
    &statement.lines[settled..]
}

fn pair(a: RegionCode, b: RegionCode, statement: &Statement) -> Pair {
    let lines: Vec<ClearingLine> = open_lines(statement).iter().map(|line| clearing_line(a, b, line)).collect();
    let owed = |by: RegionCode| Fen(lines.iter().filter(|line| line.debtor == by).map(|line| line.amount.0).sum());
    Pair { a, b, a_owes: owed(a), b_owes: owed(b), a_pays: statement.closing, lines }
}

/// The pair as the books of `b` show it.
fn pair_of_mirror(a: RegionCode, b: RegionCode, statement: &Statement) -> Pair {
    let seen = pair(b, a, statement);
    Pair { a, b, a_owes: seen.b_owes, b_owes: seen.a_owes, a_pays: Fen(-seen.a_pays.0), lines: seen.lines }
}

/// A credit of `own`'s account is a debt of `own`; a debit is one of the other.
fn clearing_line(own: RegionCode, other: RegionCode, line: &Line) -> ClearingLine {
    let owes = line.credit.0 > 0;
    ClearingLine {
        at: line.at,
        order: line.links.order.clone().unwrap_or_else(|| line.transfer.clone()),
        voucher: line.links.voucher.clone().unwrap_or_default(),
        debtor: if owes { own } else { other },
        creditor: if owes { other } else { own },
        amount: if owes { line.credit } else { line.debit },
    }
}

/// The debtor's bank pays, the creditor's bank receives, both clearing accounts are even.
fn payment(run: &str, pair: &Pair, banks: &BTreeMap<RegionCode, AccountId>) -> Result<Vec<Transfer>, Refused> {
    let (debtor, creditor, amount) = match pair.a_pays.0 {
        0 => return Ok(Vec::new()),
        1.. => (pair.a, pair.b, pair.a_pays),
        _ => (pair.b, pair.a, Fen(-pair.a_pays.0)),
    };
    let bank = |region: RegionCode| {
        banks.get(&region).cloned().ok_or_else(|| {
            let name = region.path();
            Refused::Rule("settlement.bank", text!("{name} 没有登记清算银行账户", "{name} has no bank account to settle with"))
        })
    };
    let out = Move::Posted { debit: AccountId::clearing(debtor, creditor), credit: bank(debtor)?, amount };
    let received = Move::Posted { debit: bank(creditor)?, credit: AccountId::clearing(creditor, debtor), amount };
    let transfer = |word: &str, act| {
        let id = TransferId::parse(&format!("settle/{run}/{debtor}-{creditor}/{word}"))?;
        Ok::<_, Refused>(Transfer::new(id, Code::parse(SETTLED)?, act).with(Links::default()))
    };
    let mut chain = vec![transfer("pay", out)?, transfer("receive", received)?];
    Transfer::chain(&mut chain);
    Ok(chain)
}

impl Pair {
    /// The statement as text: who owes for which order, the sums, and who pays.
    pub fn statement(&self) -> Text {
        let (a, b) = (self.a.name(), self.b.name());
        let (payer, payee, net) = if self.a_pays.0 >= 0 { (a, b, self.a_pays) } else { (b, a, Fen(-self.a_pays.0)) };
        let line = |line: &ClearingLine| {
            format!("{}\t{}\t{}\t{} → {}\t{}\n", line.at.china_date(), line.order, line.voucher, line.debtor.name(), line.creditor.name(), line.amount)
        };
        let lines: String = self.lines.iter().map(line).collect();
        let (a_owes, b_owes) = (self.a_owes, self.b_owes);
        text!(
            "{a} 与 {b} 创新券清算单\n{lines}{a} 应付 {a_owes}，{b} 应付 {b_owes}，轧差后 {payer} 付 {payee} {net}\n",
            "Settlement of vouchers between {a} and {b}\n{lines}{a} owes {a_owes}, {b} owes {b_owes}; net, {payer} pays {payee} {net}\n"
        )
    }

    /// What the other side's view of the same pair says otherwise; empty where both agree.
    pub fn differences(&self, other: &Pair) -> Vec<Text> {
        let key = |line: &ClearingLine| (line.order.clone(), line.debtor, line.creditor, line.amount);
        let own: Vec<_> = self.lines.iter().map(key).collect();
        let theirs: Vec<_> = other.lines.iter().map(key).collect();
        let mut differences = Vec::new();
        for line in own.iter().filter(|line| !theirs.contains(line)) {
            let (order, amount, amount_zh) = (&line.0, line.3, line.3.chinese());
            differences.push(text!("对方没有订单 {order}（{amount_zh}）", "the other side does not have order {order} ({amount})"));
        }
        for line in theirs.iter().filter(|line| !own.contains(line)) {
            let (order, amount, amount_zh) = (&line.0, line.3, line.3.chinese());
            differences.push(text!("我方没有订单 {order}（{amount_zh}）", "we do not have order {order} ({amount})"));
        }
        if (self.a, self.b, self.a_pays) != (other.a, other.b, other.a_pays) {
            differences.push(text!("轧差金额不一致", "the net amounts differ"));
        }
        differences
    }
}
