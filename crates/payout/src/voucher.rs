//! The life of a voucher 创新券, from the application to its redemption, expiry or end. What it is
//! worth stands on an account of its own, so that nobody can spend it twice.

use crate::scheme::{Scheme, ServiceClass};
use crate::step::{By, Party, Refused, Step, needed, transfer};
use duijie_ledger::{AccountId, AccountKind, Act as Move, IdFault, Links, Transfer};
use duijie_vocab::{Date, Fen, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    pub id: RecordId,
    pub scheme: String,
    /// The number that people call it by.
    pub number: String,
    pub region: RegionCode,
    pub holder: RecordId,
    /// Firms that hold it together with the holder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<RecordId>,
    pub holder_class: String,
    pub service: ServiceClass,
    pub value: Fen,
    pub applied: Date,
    pub use_by: Date,
    pub redeem_by: Date,
    /// Who reviewed it so far.
    pub reviewed: Vec<By>,
    #[serde(flatten)]
    pub state: VoucherState,
}

/// Where a voucher is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum VoucherState {
    Applied,
    /// The county found it right, the city has not looked yet.
    CountyReviewed,
    Issued,
    Reserved {
        order: RecordId,
    },
    Delivered {
        order: RecordId,
    },
    Claimed {
        order: RecordId,
    },
    Redeemed {
        order: RecordId,
        paid: Fen,
    },
    Expired,
    Void {
        reason: String,
    },
    Refused {
        reason: String,
    },
}

/// What a firm asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub number: String,
    pub holder: RecordId,
    #[serde(default)]
    pub partners: Vec<RecordId>,
    pub holder_class: String,
    pub service: ServiceClass,
    pub value: Fen,
}

/// From, act, to: every step in the life of a voucher.
pub const VOUCHER_STEPS: &[(&str, &str, &str)] = &[
    ("applied", "review", "county_reviewed"),
    ("applied", "review", "issued"),
    ("applied", "refuse", "refused"),
    ("county_reviewed", "review", "issued"),
    ("county_reviewed", "refuse", "refused"),
    ("issued", "order", "reserved"),
    ("issued", "void", "void"),
    ("issued", "expire", "expired"),
    ("reserved", "deliver", "delivered"),
    ("reserved", "cancel", "issued"),
    ("reserved", "expire", "expired"),
    ("delivered", "claim", "claimed"),
    ("delivered", "cancel", "issued"),
    ("delivered", "expire", "expired"),
    ("claimed", "redeem", "redeemed"),
    ("claimed", "decline", "issued"),
];

impl VoucherState {
    /// The state's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            VoucherState::Applied => "applied",
            VoucherState::CountyReviewed => "county_reviewed",
            VoucherState::Issued => "issued",
            VoucherState::Reserved { .. } => "reserved",
            VoucherState::Delivered { .. } => "delivered",
            VoucherState::Claimed { .. } => "claimed",
            VoucherState::Redeemed { .. } => "redeemed",
            VoucherState::Expired => "expired",
            VoucherState::Void { .. } => "void",
            VoucherState::Refused { .. } => "refused",
        }
    }

    /// The name for people of the state with this word.
    pub fn name(word: &str) -> Option<Text> {
        Some(match word {
            "applied" => text!("已申领", "applied"),
            "county_reviewed" => text!("县级审核通过", "reviewed by the county"),
            "issued" => text!("可使用", "issued"),
            "reserved" => text!("已下单", "ordered with"),
            "delivered" => text!("已交付", "delivered"),
            "claimed" => text!("申请兑付", "claimed"),
            "redeemed" => text!("已兑付", "redeemed"),
            "expired" => text!("已过期", "expired"),
            "void" => text!("已作废", "void"),
            "refused" => text!("未通过", "refused"),
            _ => return None,
        })
    }
}

impl Voucher {
    /// A firm applies. `held_this_year` is what its other vouchers of the calendar year are worth.
    pub fn apply(scheme: &Scheme, asked: Application, held_this_year: Fen, by: &By) -> Result<Step<Voucher>, Refused> {
        let today = by.at.china_date();
        if !(scheme.from..=scheme.until).contains(&today) {
            let (from, until) = (scheme.from, scheme.until);
            return Err(Refused::Rule("voucher.window", text!("申领时间为 {from} 至 {until}", "vouchers are applied for from {from} to {until}")));
        }
        needed(&asked.number)?;
        let class = scheme.holder(&asked.holder_class)?;
        scheme.service(asked.service)?;
        if !asked.partners.is_empty() && (!scheme.joint || asked.partners.contains(&asked.holder)) {
            return Err(Refused::Rule(
                "voucher.joint",
                text!("本方案不支持联合用券，或联合方含持券企业自身", "no joint vouchers here, or the holder is its own partner"),
            ));
        }
        if asked.value.0 <= 0 {
            return Err(Refused::Rule("voucher.value", text!("面额须大于零", "the value has to be above zero")));
        }
        let total = held_this_year.0.checked_add(asked.value.0).filter(|total| *total <= class.yearly_cap.0);
        if total.is_none() {
            let (cap, held) = (class.yearly_cap.text(), held_this_year.text());
            let words = Text::new(format!("年度上限 {}，已领 {}", cap.zh, held.zh), format!("the cap of the year is {}, {} are held already", cap.en, held.en));
            return Err(Refused::Rule("voucher.cap", words));
        }
        let voucher = Voucher {
            id: Voucher::id_of(&scheme.id, &asked.number),
            scheme: scheme.id.clone(),
            number: asked.number,
            region: scheme.region,
            holder: asked.holder,
            partners: asked.partners,
            holder_class: asked.holder_class,
            service: asked.service,
            value: asked.value,
            applied: today,
            use_by: scheme.use_by,
            redeem_by: scheme.redeem_by,
            reviewed: Vec::new(),
            state: VoucherState::Applied,
        };
        let (value, value_zh) = (voucher.value, voucher.value.chinese());
        let words = text!("申领 {value_zh}", "applied for {value}");
        let office = Party::Office(voucher.region);
        Ok(Step::new(voucher, "apply", words.clone()).tell(office, words))
    }

    /// The id of the voucher of a scheme with this number.
    pub fn id_of(scheme: &str, number: &str) -> RecordId {
        RecordId::derive("vou", &format!("{scheme}|{number}"))
    }

    /// A reviewer finds it right. With two levels the second review, by another person, issues it
    /// out of the pool, which has to cover it.
    pub fn review(mut self, scheme: &Scheme, by: &By) -> Result<Step<Voucher>, Refused> {
        let last = match (&self.state, scheme.two_level) {
            (VoucherState::Applied, two_level) => !two_level,
            (VoucherState::CountyReviewed, _) => true,
            _ => return Err(self.not_from_here("review")),
        };
        if self.reviewed.iter().any(|earlier| earlier.person == by.person) {
            return Err(Refused::Rule("voucher.four_eyes", text!("市级审核须由另一人进行", "the second review has to come from another person")));
        }
        self.reviewed.push(by.clone());
        if !last {
            self.state = VoucherState::CountyReviewed;
            return Ok(Step::new(self, "review", text!("县级审核通过，转市级审核", "reviewed by the county")));
        }
        self.state = VoucherState::Issued;
        let act = Move::Posted { debit: scheme.pool_account()?, credit: self.account()?, amount: self.value };
        let issued = self.transfer("issue", act)?;
        let (holder, number, use_by) = (Party::Organization(self.holder.clone()), self.number.clone(), self.use_by);
        let told = text!("创新券 {number} 已发放，请在 {use_by} 前使用", "voucher {number} is issued; use it until {use_by}");
        Ok(Step::new(self, "review", text!("已发放", "issued")).moving([issued]).tell(holder, told))
    }

    pub fn refuse(mut self, reason: &str, by: &By) -> Result<Step<Voucher>, Refused> {
        if !matches!(self.state, VoucherState::Applied | VoucherState::CountyReviewed) {
            return Err(self.not_from_here("refuse"));
        }
        let reason = needed(reason)?;
        self.reviewed.push(by.clone());
        let holder = Party::Organization(self.holder.clone());
        self.state = VoucherState::Refused { reason: reason.clone() };
        let words = text!("审核未通过：{reason}", "refused: {reason}");
        Ok(Step::new(self, "refuse", words.clone()).tell(holder, words))
    }

    /// Ends a voucher that was not used; its value goes back to the pool.
    pub fn void(mut self, scheme: &Scheme, reason: &str) -> Result<Step<Voucher>, Refused> {
        if self.state != VoucherState::Issued {
            return Err(self.not_from_here("void"));
        }
        let reason = needed(reason)?;
        let back = self.give_back(scheme, "void", self.value)?;
        self.state = VoucherState::Void { reason: reason.clone() };
        Ok(Step::new(self, "void", text!("作废：{reason}", "void: {reason}")).moving([back]))
    }

    /// Ends a voucher that was not used until its use-by date.
    pub fn expire(mut self, scheme: &Scheme, today: Date) -> Result<Step<Voucher>, Refused> {
        if self.state != VoucherState::Issued {
            return Err(self.not_from_here("expire"));
        }
        if today <= self.use_by {
            let use_by = self.use_by;
            return Err(Refused::Rule("voucher.not_expired", text!("{use_by} 前仍可使用", "it can be used until {use_by}")));
        }
        let back = self.give_back(scheme, "expire", self.value)?;
        self.state = VoucherState::Expired;
        Ok(Step::new(self, "expire", text!("逾期未使用", "not used in time")).moving([back]))
    }

    /// The account on which the voucher's value stands.
    pub fn account(&self) -> Result<AccountId, IdFault> {
        AccountId::new(AccountKind::Voucher, self.region, self.id.as_str())
    }

    pub(crate) fn give_back(&self, scheme: &Scheme, word: &str, amount: Fen) -> Result<Transfer, Refused> {
        self.transfer(word, Move::Posted { debit: self.account()?, credit: scheme.pool_account()?, amount })
    }

    pub(crate) fn not_from_here(&self, act: &'static str) -> Refused {
        Refused::NotFromHere { state: self.state.as_str(), act }
    }

    fn transfer(&self, word: &str, act: Move) -> Result<Transfer, Refused> {
        let links = Links { voucher: Some(self.id.to_string()), ..Links::default() };
        transfer(self.id.as_str(), word, &format!("voucher.{word}"), act, links)
    }
}
