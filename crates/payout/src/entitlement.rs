//! The states of an entitlement 兑付, each a type of its own. A step exists only on the states from
//! which it may be taken: only what is ordered can be paid, only what was published for its time can
//! be ordered, and nothing leads from a rejected or appealed entitlement to any of them. What is
//! under review goes back to be approved and published again.

use crate::claim::Claim;
use crate::risk::Sampling;
use crate::state::*;
use crate::step::{By, Party, Refused, Step, needed, transfer};
use duijie_ledger::{AccountId, Act as Move, TransferId};
use duijie_vocab::{Fen, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

/// An entitlement in the state `S`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement<S> {
    pub claim: Claim,
    pub(crate) at: S,
}

/// The limits that a region sets for approving and publishing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Above this amount two people approve.
    pub two_above: Fen,
    /// How long a list is open to objections.
    pub objection_days: u32,
    /// Whom people check before anything is approved.
    #[serde(default)]
    pub sampling: Sampling,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { two_above: Fen(10_000_000), objection_days: 7, sampling: Sampling::default() }
    }
}

/// The longest that a list may be open to objections.
const MAX_OBJECTION_DAYS: u32 = 365;

impl Terms {
    /// The limits, if a region can work with them.
    pub fn check(self) -> Result<Terms, Refused> {
        if self.two_above.0 < 0 {
            return Err(Refused::Rule("payout.two_above", text!("双人审批的起点金额不能为负", "the amount above which two approve cannot be below zero")));
        }
        if self.objection_days > MAX_OBJECTION_DAYS {
            return Err(Refused::Rule(
                "payout.objection_days",
                text!("公示期至多 {MAX_OBJECTION_DAYS} 天", "a list is open to objections for {MAX_OBJECTION_DAYS} days at most"),
            ));
        }
        self.sampling.check()?;
        Ok(self)
    }
}

/// Either more approval is needed or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    Endorsed(Entitlement<Endorsed>),
    Approved(Entitlement<Approved>),
}

const DAY_MICROS: i64 = 86_400_000_000;

impl Payee {
    /// The payee, if its account can be written into a payment file.
    pub fn check(self) -> Result<Payee, Refused> {
        let plain = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
        if !plain(&self.name, 100) || !plain(&self.bank, 100) {
            return Err(Refused::Rule("payout.payee", text!("须写明户名和开户行", "name the holder of the account and the bank")));
        }
        let account = self.account.replace([' ', '-'], "");
        if !(8..=32).contains(&account.len()) || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refused::Rule("payout.account", text!("`{account}` 不是银行账号", "`{account}` is not the number of a bank account")));
        }
        Ok(Payee { name: self.name.trim().to_string(), bank: self.bank.trim().to_string(), account })
    }
}

impl<S> Entitlement<S> {
    fn go<T>(self, at: T, act: &str, words: Text) -> Step<Entitlement<T>> {
        Step::new(Entitlement { claim: self.claim, at }, act, words)
    }

    fn firm(&self) -> Party {
        Party::Organization(self.claim.firm.clone())
    }

    fn reserve_id(&self) -> Result<TransferId, Refused> {
        Ok(TransferId::parse(&format!("{}/{}/reserve", self.claim.id, self.claim.round))?)
    }

    fn move_money(&self, word: &str, act: Move) -> Result<duijie_ledger::Transfer, Refused> {
        let subject = format!("{}/{}", self.claim.id, self.claim.round);
        transfer(&subject, word, &format!("payout.{word}"), act, self.claim.links())
    }

    fn release(&self, word: &str) -> Result<duijie_ledger::Transfer, Refused> {
        self.move_money(word, Move::Void { pending: self.reserve_id()? })
    }

    fn into_rejected(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        let firm = self.firm();
        let reason = needed(reason)?;
        let words = text!("已驳回：{reason}", "rejected: {reason}");
        let at = Rejected { reason: reason.clone(), appeal_heard: false, by: by.clone() };
        let told = text!("您的兑付已被驳回：{reason}。可以申诉", "your payout was rejected: {reason}. You may appeal");
        Ok(self.go(at, "reject", words).tell(firm, told))
    }

    fn into_withdrawn(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        let reason = needed(reason)?;
        let words = text!("企业放弃：{reason}", "withdrawn by the firm: {reason}");
        Ok(self.go(Withdrawn { reason, by: by.clone() }, "withdraw", words))
    }

    /// Back to the state in which a person looks at it; the next approval reserves anew.
    fn into_review(self, payee: Named, by: &By, reason: &str, act: &str) -> Result<Step<Entitlement<UnderReview>>, Refused> {
        let reason = needed(reason)?;
        let words = text!("转人工核查：{reason}", "under review: {reason}");
        let office = Party::Office(self.claim.region);
        Ok(self.go(UnderReview { payee, reason, by: by.clone() }, act, words.clone()).tell(office, words))
    }
}

impl Entitlement<Matched> {
    /// A new entitlement out of a batch run.
    pub fn matched(claim: Claim, by: &By) -> Result<Step<Entitlement<Matched>>, Refused> {
        if claim.amount.0 <= 0 || claim.amount > duijie_ledger::MAX_AMOUNT {
            let amount = claim.amount;
            return Err(Refused::Rule("payout.amount", text!("金额 {amount} 不能兑付", "{amount} cannot be paid out")));
        }
        let (amount, amount_zh) = (claim.amount, claim.amount.chinese());
        let words = text!("系统匹配，应兑付 {amount_zh}", "matched, {amount} to be paid");
        Ok(Step::new(Entitlement { claim, at: Matched { by: by.clone() } }, "match", words))
    }

    pub fn push(self, by: &By) -> Result<Step<Entitlement<Pushed>>, Refused> {
        let (amount, amount_zh) = (self.claim.amount, self.claim.amount.chinese());
        let firm = self.firm();
        let told = text!("您可免申即享 {amount_zh}，请确认收款账户", "you are entitled to {amount}; confirm your bank account");
        Ok(self.go(Pushed { by: by.clone() }, "push", text!("已推送企业", "the firm was told")).tell(firm, told))
    }

    pub fn reject(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        self.into_rejected(by, reason)
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        self.into_withdrawn(by, reason)
    }
}

impl Entitlement<Pushed> {
    pub fn confirm(self, by: &By, payee: Payee) -> Result<Step<Entitlement<Confirmed>>, Refused> {
        let payee = Named { payee: payee.check()?, by: by.clone() };
        let at = Confirmed { payee, checked: None };
        Ok(self.go(at, "confirm", text!("企业确认收款账户", "the firm confirmed its bank account")))
    }

    pub fn reject(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        self.into_rejected(by, reason)
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        self.into_withdrawn(by, reason)
    }
}

impl Entitlement<Confirmed> {
    pub fn review(self, by: &By, reason: &str) -> Result<Step<Entitlement<UnderReview>>, Refused> {
        let payee = self.at.payee.clone();
        self.into_review(payee, by, reason, "review")
    }

    /// Approves, or endorses where a second person has to.
    pub fn approve(self, by: &By, terms: &Terms) -> Result<Step<Approval>, Refused> {
        if self.claim.risk.check && self.at.checked.is_none() {
            return Err(Refused::Rule("payout.unchecked", text!("已被抽中核查，须先核查后审批", "it was drawn for a check and has to be checked first")));
        }
        if by.person == self.at.payee.by.person {
            return Err(Refused::Rule("payout.own", text!("不能审批自己确认的兑付", "nobody approves what they confirmed themselves")));
        }
        let payee = self.at.payee.clone();
        if self.claim.amount > terms.two_above {
            let Text { zh, en } = terms.two_above.text();
            let words = text!("初审通过，金额超过 {zh}，须另一人复核", "endorsed; above {en} a second person has to approve");
            return Ok(self.go(Endorsed { payee, first: by.clone() }, "approve", words).map(Approval::Endorsed));
        }
        approved(self, payee, vec![by.clone()]).map(|step| step.map(Approval::Approved))
    }

    pub fn reject(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        self.into_rejected(by, reason)
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        self.into_withdrawn(by, reason)
    }
}

impl Entitlement<UnderReview> {
    /// Found right; it has to be approved like any other.
    pub fn clear(self, by: &By, opinion: &str) -> Result<Step<Entitlement<Confirmed>>, Refused> {
        let opinion = needed(opinion)?;
        let confirmed = Confirmed { payee: self.at.payee.clone(), checked: Some(Checked { opinion: opinion.clone(), by: by.clone() }) };
        Ok(self.go(confirmed, "clear", text!("核查通过：{opinion}", "checked and found right: {opinion}")))
    }

    pub fn reject(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        self.into_rejected(by, reason)
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        self.into_withdrawn(by, reason)
    }
}

impl Entitlement<Endorsed> {
    /// The second approval, by another person than the first.
    pub fn approve(self, by: &By) -> Result<Step<Entitlement<Approved>>, Refused> {
        if by.person == self.at.first.person || by.person == self.at.payee.by.person {
            return Err(Refused::Rule("payout.four_eyes", text!("复核须由另一人进行", "the second approval has to come from another person")));
        }
        let (payee, signed) = (self.at.payee.clone(), vec![self.at.first.clone(), by.clone()]);
        approved(self, payee, signed)
    }

    pub fn review(self, by: &By, reason: &str) -> Result<Step<Entitlement<UnderReview>>, Refused> {
        let payee = self.at.payee.clone();
        self.into_review(payee, by, reason, "review")
    }

    pub fn reject(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        self.into_rejected(by, reason)
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        self.into_withdrawn(by, reason)
    }
}

/// Reserves the money: without a pool that covers it there is no approval.
fn approved<S>(from: Entitlement<S>, payee: Named, signed: Vec<By>) -> Result<Step<Entitlement<Approved>>, Refused> {
    let act = Move::Pending { debit: from.claim.pool.clone(), credit: from.claim.payee()?, amount: from.claim.amount, expires: None };
    let reserve = from.move_money("reserve", act)?;
    Ok(from.go(Approved { payee, signed }, "approve", text!("审批通过，资金已预留", "approved, the money is reserved")).moving([reserve]))
}

impl Entitlement<Approved> {
    /// Puts it on the list `list`, open to objections for the days that the terms say.
    pub fn publish(self, by: &By, list: &str, terms: &Terms) -> Result<Step<Entitlement<Published>>, Refused> {
        let until = by.at.micros().saturating_add(i64::from(terms.objection_days).saturating_mul(DAY_MICROS));
        let until = Timestamp::from_micros(until).map_err(|_| Refused::Rule("payout.window", text!("公示期过长", "the time for objections is too long")))?;
        let at = Published { payee: self.at.payee.clone(), signed: self.at.signed.clone(), list: needed(list)?, until };
        Ok(self.go(at, "publish", text!("已公示，截止 {}", "published, open to objections until {}", until.china_minute())).detail("list", list))
    }

    pub fn reject(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        let released = self.release("release")?;
        Ok(self.into_rejected(by, reason)?.moving([released]))
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        let released = self.release("release")?;
        Ok(self.into_withdrawn(by, reason)?.moving([released]))
    }
}

impl Entitlement<Published> {
    /// Somebody objected in time. The reservation ends; an approval after the review reserves anew.
    pub fn object(mut self, by: &By, reason: &str) -> Result<Step<Entitlement<UnderReview>>, Refused> {
        if by.at >= self.at.until {
            return Err(Refused::Rule("payout.late_objection", text!("公示期已过", "the time for objections is over")));
        }
        let released = self.release("release")?;
        self.claim.round += 1;
        let payee = self.at.payee.clone();
        Ok(self.into_review(payee, by, reason, "object")?.moving([released]))
    }

    /// Puts it into the payment file `file`, once the time for objections is over.
    pub fn order(self, by: &By, file: &str) -> Result<Step<Entitlement<Ordered>>, Refused> {
        if by.at < self.at.until {
            let until = self.at.until.china_minute();
            return Err(Refused::Rule("payout.still_public", text!("公示至 {until}，期满前不能支付", "published until {until}; nothing is paid before")));
        }
        let posted = self.move_money("order", Move::Post { pending: self.reserve_id()?, amount: None })?;
        let at = Ordered { payee: self.at.payee.clone(), signed: self.at.signed.clone(), list: self.at.list.clone(), file: needed(file)?, by: by.clone() };
        Ok(self.go(at, "order", text!("列入付款文件", "put into a payment file")).detail("file", file).moving([posted]))
    }

    pub fn withdraw(self, by: &By, reason: &str) -> Result<Step<Entitlement<Withdrawn>>, Refused> {
        let released = self.release("release")?;
        Ok(self.into_withdrawn(by, reason)?.moving([released]))
    }
}

impl Entitlement<Ordered> {
    /// The bank paid, under its own number.
    pub fn settle(self, by: &By, bank_serial: &str) -> Result<Step<Entitlement<Paid>>, Refused> {
        let bank_serial = needed(bank_serial)?;
        let paid = self.move_money("paid", self.payment()?)?;
        let (firm, amount, amount_zh) = (self.firm(), self.claim.amount, self.claim.amount.chinese());
        let at = Paid { list: self.at.list.clone(), file: self.at.file.clone(), bank_serial, by: by.clone() };
        let step = self.go(at, "settle", text!("银行已付", "paid by the bank")).moving([paid]);
        Ok(step.tell(firm, text!("{amount_zh} 已到账", "{amount} was paid")))
    }

    /// The bank could not pay: the money goes back, and the firm confirms its account again, which
    /// has to be approved and published again.
    pub fn bounce(mut self, by: &By, reason: &str) -> Result<Step<Entitlement<Pushed>>, Refused> {
        let reason = needed(reason)?;
        let act = Move::Posted { debit: self.claim.payee()?, credit: self.claim.pool.clone(), amount: self.claim.amount };
        let back = self.move_money("bounced", act)?;
        self.claim.round += 1;
        let firm = self.firm();
        let step = self.go(Pushed { by: by.clone() }, "bounce", text!("银行退回：{reason}", "returned by the bank: {reason}")).moving([back]);
        Ok(step.tell(firm, text!("银行退回付款：{reason}。请重新确认收款账户", "the bank returned the payment: {reason}. Confirm your account again")))
    }

    fn payment(&self) -> Result<Move, Refused> {
        Ok(Move::Posted { debit: self.claim.payee()?, credit: self.claim.bank.clone(), amount: self.claim.amount })
    }
}

impl Entitlement<Paid> {
    pub fn archive(self, by: &By) -> Result<Step<Entitlement<Archived>>, Refused> {
        let Paid { list, file, bank_serial, .. } = self.at.clone();
        Ok(self.go(Archived { list, file, bank_serial, by: by.clone() }, "archive", text!("已归档", "archived")))
    }

    pub fn recall(self, by: &By, amount: Fen, reason: &str) -> Result<Step<Entitlement<Recalled>>, Refused> {
        recalled(self, by, amount, reason)
    }
}

impl Entitlement<Archived> {
    pub fn recall(self, by: &By, amount: Fen, reason: &str) -> Result<Step<Entitlement<Recalled>>, Refused> {
        recalled(self, by, amount, reason)
    }
}

/// Asks money back; until it comes it is expected by the pool, not in it.
fn recalled<S>(from: Entitlement<S>, by: &By, amount: Fen, reason: &str) -> Result<Step<Entitlement<Recalled>>, Refused> {
    if amount.0 <= 0 || amount > from.claim.amount {
        let (asked, paid) = (amount.text(), from.claim.amount.text());
        let words = Text::new(format!("追回 {}，而兑付为 {}", asked.zh, paid.zh), format!("{} cannot be asked back of {}", asked.en, paid.en));
        return Err(Refused::Rule("payout.recall", words));
    }
    let reason = needed(reason)?;
    let act = Move::Pending { debit: from.claim.bank.clone(), credit: from.claim.pool.clone(), amount, expires: None };
    let expected = from.move_money("recall", act)?;
    let (firm, amount_zh) = (from.firm(), amount.chinese());
    let told = text!("须退回 {amount_zh}：{reason}", "{amount} has to be paid back: {reason}");
    let at = Recalled { amount, reason, by: by.clone() };
    Ok(from.go(at, "recall", told.clone()).moving([expected]).tell(firm, told))
}

impl Entitlement<Recalled> {
    /// What was asked back has come to the bank.
    pub fn recover(self, by: &By, bank_serial: &str) -> Result<Step<Entitlement<Recovered>>, Refused> {
        let pending = TransferId::parse(&format!("{}/{}/recall", self.claim.id, self.claim.round))?;
        let came = self.move_money("recovered", Move::Post { pending, amount: None })?;
        let at = Recovered { amount: self.at.amount, bank_serial: needed(bank_serial)?, by: by.clone() };
        Ok(self.go(at, "recover", text!("已追回", "paid back")).moving([came]))
    }
}

impl Entitlement<Rejected> {
    /// Appeals; once an appeal was heard there is no other.
    pub fn appeal(self, by: &By, reason: &str) -> Result<Step<Entitlement<Appealed>>, Refused> {
        if self.at.appeal_heard {
            return Err(Refused::Rule("payout.heard", text!("申诉已审理完毕", "the appeal was already heard")));
        }
        let reason = needed(reason)?;
        let office = Party::Office(self.claim.region);
        let words = text!("企业申诉：{reason}", "the firm appeals: {reason}");
        let at = Appealed { rejected_for: self.at.reason.clone(), reason, by: by.clone() };
        Ok(self.go(at, "appeal", words.clone()).tell(office, words))
    }
}

impl Entitlement<Appealed> {
    /// The rejection stands.
    pub fn dismiss(self, by: &By, reason: &str) -> Result<Step<Entitlement<Rejected>>, Refused> {
        let reason = needed(reason)?;
        let (firm, words) = (self.firm(), text!("申诉不成立：{reason}", "the appeal is dismissed: {reason}"));
        Ok(self.go(Rejected { reason, appeal_heard: true, by: by.clone() }, "dismiss", words.clone()).tell(firm, words))
    }

    /// The appeal is right. This entitlement ends; a new one, decided anew, takes its place.
    pub fn uphold(self, by: &By, reason: &str) -> Result<Step<Entitlement<Replaced>>, Refused> {
        let reason = needed(reason)?;
        let (firm, words) = (self.firm(), text!("申诉成立：{reason}", "the appeal is upheld: {reason}"));
        Ok(self.go(Replaced { reason, by: by.clone() }, "uphold", words.clone()).tell(firm, words))
    }
}

/// The account of a pool or bank that a claim may use: kinds and regions have to fit.
pub fn check_accounts(pool: &AccountId, bank: &AccountId) -> Result<(), Refused> {
    use duijie_ledger::AccountKind;
    if pool.kind() == AccountKind::Pool && bank.kind() == AccountKind::Bank {
        return Ok(());
    }
    Err(Refused::Rule("payout.accounts", text!("`{pool}` 须为资金池，`{bank}` 须为银行账户", "`{pool}` has to be a pool and `{bank}` a bank account")))
}
