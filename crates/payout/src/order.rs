//! A service order 服务订单 that a voucher pays a part of. Order and voucher move together; an order
//! with an agency of another region follows the rules of both.

use crate::agency::Filing;
use crate::scheme::{Scheme, ServiceClass, Settle};
use crate::step::{By, Party, Refused, Step, needed, transfer};
use crate::voucher::{Voucher, VoucherState};
use duijie_ledger::{AccountId, AccountKind, Act as Move, Links, Transfer, TransferId};
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: RecordId,
    pub voucher: RecordId,
    pub scheme: String,
    pub home: RegionCode,
    pub holder: RecordId,
    pub agency: RecordId,
    pub agency_region: RegionCode,
    pub service: ServiceClass,
    pub settle: Settle,
    pub contract: Contract,
    /// What the voucher pays.
    pub share: Fen,
    /// Which rules made the share what it is.
    pub because: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    #[serde(flatten)]
    pub state: OrderState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OrderState {
    Placed,
    Delivered,
    Claimed,
    /// Recognised in the batch of this name; the bank has not paid yet.
    Redeemed {
        batch: String,
    },
    Paid {
        batch: String,
        bank_serial: String,
    },
    /// The claim was declined.
    Declined {
        reason: String,
    },
    Cancelled {
        reason: String,
    },
    Expired,
}

/// The contract between the holder and the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    pub number: String,
    pub amount: Fen,
    pub signed: Date,
    /// The digest of the signed document.
    pub document: Digest,
}

/// What shows that the service was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub invoice: String,
    pub invoice_amount: Fen,
    pub invoice_document: Digest,
    pub report_document: Digest,
    pub on: Date,
}

/// From, act, to: every step of an order.
pub const ORDER_STEPS: &[(&str, &str, &str)] = &[
    ("placed", "deliver", "delivered"),
    ("placed", "cancel", "cancelled"),
    ("placed", "expire", "expired"),
    ("delivered", "claim", "claimed"),
    ("delivered", "cancel", "cancelled"),
    ("delivered", "expire", "expired"),
    ("claimed", "redeem", "redeemed"),
    ("claimed", "decline", "declined"),
    ("redeemed", "pay", "paid"),
];

impl OrderState {
    /// The state's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            OrderState::Placed => "placed",
            OrderState::Delivered => "delivered",
            OrderState::Claimed => "claimed",
            OrderState::Redeemed { .. } => "redeemed",
            OrderState::Paid { .. } => "paid",
            OrderState::Declined { .. } => "declined",
            OrderState::Cancelled { .. } => "cancelled",
            OrderState::Expired => "expired",
        }
    }

    /// The name for people of the state with this word.
    pub fn name(word: &str) -> Option<Text> {
        Some(match word {
            "placed" => text!("已下单", "placed"),
            "delivered" => text!("已交付", "delivered"),
            "claimed" => text!("申请兑付", "claimed"),
            "redeemed" => text!("已核准兑付", "redeemed"),
            "paid" => text!("已付款", "paid"),
            "declined" => text!("兑付未通过", "declined"),
            "cancelled" => text!("已取消", "cancelled"),
            "expired" => text!("已过期", "expired"),
            _ => return None,
        })
    }
}

/// An order and its voucher after a step of both.
pub type Both = (Voucher, Order);

/// Places an order: reserves the voucher's share for whoever will be paid. `home` is the scheme of
/// the voucher, `host` that of the agency's region where it is another one.
pub fn place_order(voucher: Voucher, home: &Scheme, host: Option<&Scheme>, filing: &Filing, contract: Contract, by: &By) -> Result<Step<Both>, Refused> {
    if voucher.state != VoucherState::Issued {
        return Err(voucher.not_from_here("order"));
    }
    check_dates(&voucher, &contract, by)?;
    needed(&contract.number)?;
    filing.offers(voucher.service)?;
    if contract.amount.0 <= 0 || contract.amount > duijie_ledger::MAX_AMOUNT {
        let amount = contract.amount;
        return Err(Refused::Rule("order.amount", text!("合同金额 {amount} 不可用", "the contract's amount {amount} cannot be used")));
    }
    let (share, because) = share(&voucher, home, host, filing, contract.amount)?;
    let order = Order {
        id: RecordId::derive("ord", &format!("{}|{}|{}", voucher.id, filing.agency, contract.number)),
        voucher: voucher.id.clone(),
        scheme: voucher.scheme.clone(),
        home: voucher.region,
        holder: voucher.holder.clone(),
        agency: filing.agency.clone(),
        agency_region: filing.region,
        service: voucher.service,
        settle: home.settle,
        contract,
        share,
        because,
        evidence: None,
        state: OrderState::Placed,
    };
    let act = Move::Pending { debit: voucher.account()?, credit: order.payable()?, amount: share, expires: None };
    let reserve = order.transfer("reserve", act)?;
    let agency = Party::Organization(order.agency.clone());
    let number = &voucher.number;
    let told = text!("收到创新券订单 {number}", "an order with voucher {number} has come");
    let voucher = Voucher { state: VoucherState::Reserved { order: order.id.clone() }, ..voucher };
    let reserved_zh = share.chinese();
    Ok(Step::new((voucher, order), "order", text!("下单并预留 {reserved_zh}", "ordered, {share} reserved")).moving([reserve]).tell(agency, told))
}

fn check_dates(voucher: &Voucher, contract: &Contract, by: &By) -> Result<(), Refused> {
    let (today, use_by, signed) = (by.at.china_date(), voucher.use_by, contract.signed);
    if today > use_by {
        return Err(Refused::Rule("order.late", text!("创新券须在 {use_by} 前使用", "the voucher had to be used until {use_by}")));
    }
    if signed.last_day() > today {
        return Err(Refused::Rule("order.signed", text!("合同签订日 {signed} 在今天之后", "the contract is signed on {signed}, which is still to come")));
    }
    Ok(())
}

/// What the voucher pays of a contract: the least of what the home scheme, the host scheme and the
/// voucher itself allow, and which of them it was.
fn share(voucher: &Voucher, home: &Scheme, host: Option<&Scheme>, filing: &Filing, contract: Fen) -> Result<(Fen, Text), Refused> {
    let mut limits = vec![
        (home.service(voucher.service)?.pays(contract), text!("持券地方案的比例与上限", "the rate and the cap of the holder's region")),
        (voucher.value, text!("券面额", "the voucher's value")),
    ];
    if filing.region != home.region {
        let host = host.filter(|host| host.region == filing.region).ok_or_else(|| unknown_region(filing.region))?;
        if !home.recognises(filing.region) || !host.recognises(home.region) {
            let (a, b) = (home.region.name(), filing.region.name());
            return Err(Refused::Rule("order.not_recognised", text!("{a} 与 {b} 未互认创新券", "{a} and {b} do not recognise one another's vouchers")));
        }
        let rule = host.service(voucher.service)?;
        limits.push((rule.cap, text!("服务地方案的单笔上限", "the cap of the agency's region")));
    }
    let (share, because) = limits.into_iter().min_by_key(|(amount, _)| *amount).expect("BUG: a share has two limits at least");
    if share.0 <= 0 {
        return Err(Refused::Rule("order.nothing", text!("按方案无可抵用金额", "by the scheme nothing is paid of it")));
    }
    Ok((share, because))
}

fn unknown_region(region: RegionCode) -> Refused {
    let name = region.path();
    Refused::Rule("order.region", text!("{name} 没有创新券方案，无法清算", "{name} has no voucher scheme to settle with"))
}

impl Order {
    /// The service was done; the evidence says so.
    pub fn deliver(mut self, mut voucher: Voucher, evidence: Evidence, by: &By) -> Result<Step<Both>, Refused> {
        self.expect(&voucher, &OrderState::Placed, "deliver")?;
        if evidence.invoice.trim().is_empty() || evidence.invoice_amount.0 <= 0 || evidence.invoice_amount > self.contract.amount {
            return Err(Refused::Rule(
                "order.invoice",
                text!("发票须有号码，金额大于零且不超过合同金额", "an invoice needs a number and an amount above zero and not above the contract's"),
            ));
        }
        if evidence.on.last_day() > by.at.china_date() {
            let on = evidence.on;
            return Err(Refused::Rule("order.evidence", text!("交付日期 {on} 在今天之后", "the delivery on {on} is still to come")));
        }
        self.evidence = Some(evidence);
        self.state = OrderState::Delivered;
        voucher.state = VoucherState::Delivered { order: self.id.clone() };
        Ok(Step::new((voucher, self), "deliver", text!("已交付，附合同、发票和报告", "delivered, with contract, invoice and report")))
    }

    /// Asks for the voucher's share.
    pub fn claim(mut self, mut voucher: Voucher, by: &By) -> Result<Step<Both>, Refused> {
        self.expect(&voucher, &OrderState::Delivered, "claim")?;
        let redeem_by = voucher.redeem_by;
        if by.at.china_date() > redeem_by {
            return Err(Refused::Rule("order.claim_late", text!("须在 {redeem_by} 前申请兑付", "it had to be claimed until {redeem_by}")));
        }
        self.state = OrderState::Claimed;
        voucher.state = VoucherState::Claimed { order: self.id.clone() };
        let (share, share_zh) = (self.share, self.share.chinese());
        let words = text!("申请兑付 {share_zh}", "claims {share}");
        let office = Party::Office(if self.settle == Settle::Direct { self.agency_region } else { self.home });
        Ok(Step::new((voucher, self), "claim", words.clone()).tell(office, words))
    }

    /// Recognises the claim in a batch: the reservation is posted, between regions the clearing
    /// entries of both are made, and what the voucher is not needed for goes back to the pool.
    pub fn redeem(mut self, mut voucher: Voucher, home: &Scheme, batch: &str) -> Result<Step<Both>, Refused> {
        self.expect(&voucher, &OrderState::Claimed, "redeem")?;
        let mut moves = vec![self.transfer("redeem", Move::Post { pending: self.reserve_id()?, amount: None })?];
        if self.crosses() {
            let debit = AccountId::clearing(self.agency_region, self.home);
            let act = Move::Posted { debit, credit: self.agency_account()?, amount: self.share };
            moves.push(self.transfer("clear", act)?);
        }
        let rest = Fen(voucher.value.0 - self.share.0);
        if rest.0 > 0 {
            moves.push(voucher.give_back(home, "rest", rest)?);
        }
        self.state = OrderState::Redeemed { batch: batch.to_string() };
        voucher.state = VoucherState::Redeemed { order: self.id.clone(), paid: self.share };
        let agency = Party::Organization(self.agency.clone());
        let (share, share_zh) = (self.share, self.share.chinese());
        let words = text!("批次 {batch} 核准兑付 {share_zh}", "redeemed in batch {batch}: {share}");
        Ok(Step::new((voucher, self), "redeem", words.clone()).moving(moves).tell(agency, words).detail("batch", batch))
    }

    /// The bank of the region that pays has paid.
    pub fn pay(mut self, bank: &AccountId, bank_serial: &str) -> Result<Step<Order>, Refused> {
        let OrderState::Redeemed { batch } = &self.state else { return Err(self.not_from_here("pay")) };
        let debit = if self.crosses() { self.agency_account()? } else { self.payable()? };
        if bank.kind() != AccountKind::Bank || bank.region() != debit.region() {
            let region = debit.region().name();
            return Err(Refused::Rule("order.bank", text!("须由{region}的银行账户支付", "the bank account of {region} has to pay")));
        }
        let paid = self.transfer("pay", Move::Posted { debit, credit: bank.clone(), amount: self.share })?;
        self.state = OrderState::Paid { batch: batch.clone(), bank_serial: bank_serial.to_string() };
        Ok(Step::new(self, "pay", text!("已付款", "paid")).moving([paid]))
    }

    /// The claim is not recognised; the voucher can be used again.
    pub fn decline(self, voucher: Voucher, reason: &str) -> Result<Step<Both>, Refused> {
        self.expect(&voucher, &OrderState::Claimed, "decline")?;
        let reason = needed(reason)?;
        let words = text!("兑付未通过：{reason}", "declined: {reason}");
        self.release(voucher, "decline", words, OrderState::Declined { reason })
    }

    /// The parties gave it up; the voucher can be used again.
    pub fn cancel(self, voucher: Voucher, reason: &str) -> Result<Step<Both>, Refused> {
        if !matches!(self.state, OrderState::Placed | OrderState::Delivered) {
            return Err(self.not_from_here("cancel"));
        }
        let reason = needed(reason)?;
        self.expect_voucher(&voucher)?;
        let words = text!("取消订单：{reason}", "cancelled: {reason}");
        self.release(voucher, "cancel", words, OrderState::Cancelled { reason })
    }

    /// Nobody claimed it until the redeem-by date: the voucher ends with it.
    pub fn expire(mut self, mut voucher: Voucher, home: &Scheme, today: Date) -> Result<Step<Both>, Refused> {
        if !matches!(self.state, OrderState::Placed | OrderState::Delivered) {
            return Err(self.not_from_here("expire"));
        }
        self.expect_voucher(&voucher)?;
        let redeem_by = voucher.redeem_by;
        if today <= redeem_by {
            return Err(Refused::Rule("order.not_expired", text!("{redeem_by} 前仍可兑付", "it can be claimed until {redeem_by}")));
        }
        let moves = [self.transfer("release", Move::Void { pending: self.reserve_id()? })?, voucher.give_back(home, "expire", voucher.value)?];
        self.state = OrderState::Expired;
        voucher.state = VoucherState::Expired;
        Ok(Step::new((voucher, self), "expire", text!("逾期未兑付", "not claimed in time")).moving(moves))
    }

    /// Whether home and agency are of different regions and the agency is paid by its own.
    pub fn crosses(&self) -> bool {
        self.settle == Settle::Direct && self.home != self.agency_region
    }

    /// Whoever is owed the share in the books of the voucher's region.
    fn payable(&self) -> Result<AccountId, Refused> {
        Ok(match self.settle {
            Settle::Refund => AccountId::new(AccountKind::Payee, self.home, self.holder.as_str())?,
            Settle::Direct if self.crosses() => AccountId::clearing(self.home, self.agency_region),
            Settle::Direct => self.agency_account()?,
        })
    }

    fn agency_account(&self) -> Result<AccountId, Refused> {
        Ok(AccountId::new(AccountKind::Agency, self.agency_region, self.agency.as_str())?)
    }

    fn reserve_id(&self) -> Result<TransferId, Refused> {
        Ok(TransferId::parse(&format!("{}/reserve", self.id))?)
    }

    fn release(mut self, mut voucher: Voucher, act: &'static str, words: Text, state: OrderState) -> Result<Step<Both>, Refused> {
        let released = self.transfer("release", Move::Void { pending: self.reserve_id()? })?;
        let holder = Party::Organization(self.holder.clone());
        self.state = state;
        voucher.state = VoucherState::Issued;
        Ok(Step::new((voucher, self), act, words.clone()).moving([released]).tell(holder, words))
    }

    fn expect(&self, voucher: &Voucher, state: &OrderState, act: &'static str) -> Result<(), Refused> {
        if self.state != *state {
            return Err(self.not_from_here(act));
        }
        self.expect_voucher(voucher)
    }

    fn expect_voucher(&self, voucher: &Voucher) -> Result<(), Refused> {
        let of_this = matches!(&voucher.state, VoucherState::Reserved { order } | VoucherState::Delivered { order } | VoucherState::Claimed { order } if *order == self.id);
        if voucher.id == self.voucher && of_this {
            return Ok(());
        }
        let (order, number) = (&self.id, &voucher.number);
        Err(Refused::Rule("order.voucher", text!("创新券 {number} 不属于订单 {order}", "voucher {number} does not belong to order {order}")))
    }

    fn not_from_here(&self, act: &'static str) -> Refused {
        Refused::NotFromHere { state: self.state.as_str(), act }
    }

    fn transfer(&self, word: &str, act: Move) -> Result<Transfer, Refused> {
        let links = Links { order: Some(self.id.to_string()), voucher: Some(self.voucher.to_string()), ..Links::default() };
        transfer(self.id.as_str(), word, &format!("order.{word}"), act, links)
    }
}
