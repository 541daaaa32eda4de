//! A region's voucher scheme 创新券方案 as data: who may hold vouchers, for which services, at which
//! rate and up to which amounts, until when, how they are settled, and whose vouchers are recognised.

use crate::step::Refused;
use duijie_ledger::{AccountId, AccountKind, IdFault};
use duijie_vocab::{Date, Fen, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

macro_rules! classes {
    ($($class:ident $word:literal $zh:literal $en:literal),* $(,)?) => {
        /// The eight classes of service 八大业态 in which agencies are filed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ServiceClass {
            $($class,)*
        }

        impl ServiceClass {
            pub const ALL: [ServiceClass; 8] = [$(ServiceClass::$class),*];

            /// The class' word in data.
            pub fn as_str(self) -> &'static str {
                match self { $(ServiceClass::$class => $word,)* }
            }

            /// The class' name for people.
            pub fn name(self) -> Text {
                match self { $(ServiceClass::$class => text!($zh, $en),)* }
            }
        }
    };
}

classes! {
    Research "research" "研究开发" "Research and development",
    Transfer "transfer" "技术转移" "Technology transfer",
    Testing "testing" "检验检测认证" "Testing and certification",
    Incubation "incubation" "创业孵化" "Incubation",
    Property "property" "知识产权" "Intellectual property",
    Consulting "consulting" "科技咨询" "Consulting",
    Finance "finance" "科技金融" "Technology finance",
    Popularization "popularization" "科学技术普及" "Science popularization",
}

impl ServiceClass {
    /// The class of this word, or of this Chinese name as records write it.
    pub fn parse(text: &str) -> Option<ServiceClass> {
        ServiceClass::ALL.into_iter().find(|class| class.as_str() == text || class.name().zh == text)
    }
}

/// How a voucher's share is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// 通用: the enterprise pays in full and is paid back by its own region.
    Refund,
    /// 通兑: the enterprise pays its part, the agency redeems the rest in the agency's region.
    Direct,
}

/// A class of firms that may hold vouchers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderClass {
    pub class: String,
    pub name: Text,
    /// The most that a firm of this class gets in a calendar year.
    pub yearly_cap: Fen,
}

/// What is paid of orders of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRule {
    pub class: ServiceClass,
    /// The share of the contract's amount, of 10,000.
    pub rate: u32,
    /// The most that is paid of one order.
    pub cap: Fen,
}

/// From which signs on an order is held for a person to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Orders below this amount need less evidence; several of them within the days below are added up.
    pub small_below: Fen,
    pub small_days: u32,
    /// The most of a holder's orders that one agency may have, of 10,000.
    pub agency_share: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    pub id: String,
    pub name: Text,
    pub region: RegionCode,
    /// The names of the budget pool and of the treasury's bank account.
    pub pool: String,
    pub bank: String,
    /// Vouchers are applied for from the first to the last of these days.
    pub from: Date,
    pub until: Date,
    /// The last days on which an order may be placed and on which it may be redeemed.
    pub use_by: Date,
    pub redeem_by: Date,
    pub holders: Vec<HolderClass>,
    pub services: Vec<ServiceRule>,
    /// Whether several firms may hold one voucher together.
    pub joint: bool,
    pub settle: Settle,
    /// Regions whose agencies may be chosen and whose vouchers are accepted.
    pub recognises: Vec<RegionCode>,
    /// Whether the city reviews after the county.
    pub two_level: bool,
    pub watch: Watch,
}

const WHOLE: u32 = 10_000;
/// The most characters of a scheme's id, which stands in addresses.
const MAX_ID: usize = 60;

impl Scheme {
    /// The scheme, if it can be worked with; else everything that is wrong with it.
    pub fn check(self) -> Result<Scheme, Vec<Text>> {
        let mut faults = Vec::new();
        let well_formed = (1..=MAX_ID).contains(&self.id.len()) && self.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if !well_formed {
            faults.push(text!(
                "方案编号须为 1 至 {MAX_ID} 个英文字母、数字或 . - _",
                "the id of a scheme has 1 to {MAX_ID} letters, digits, dots, hyphens and underscores"
            ));
        }
        if self.from > self.until || self.until > self.use_by || self.use_by > self.redeem_by {
            faults.push(text!("日期须依次为：开始、截止申领、截止使用、截止兑付", "the dates have to follow one another: from, until, use by, redeem by"));
        }
        if self.holders.is_empty() || self.services.is_empty() {
            faults.push(text!("须至少有一类持券人和一类服务", "at least one class of holders and one of services are needed"));
        }
        for rule in &self.services {
            if rule.rate == 0 || rule.rate > WHOLE || rule.cap.0 <= 0 {
                let class = rule.class.as_str();
                faults.push(text!(
                    "`{class}` 的比例须在万分之 1 至 10000 之间，上限须大于零",
                    "`{class}` needs a rate from 1 to 10,000 of 10,000 and a cap above zero"
                ));
            }
        }
        if self.holders.iter().any(|holder| holder.yearly_cap.0 <= 0) {
            faults.push(text!("年度上限须大于零", "yearly caps have to be above zero"));
        }
        let twice = |words: Vec<&str>| words.iter().collect::<BTreeSet<_>>().len() < words.len();
        if twice(self.holders.iter().map(|holder| holder.class.as_str()).collect()) || twice(self.services.iter().map(|rule| rule.class.as_str()).collect()) {
            faults.push(text!("每类持券人、每类服务只写一次", "each class of holders and of services stands once"));
        }
        if self.watch.small_below.0 < 0 || self.watch.agency_share > WHOLE {
            faults.push(text!("风险线索的金额不能为负，占比不能超过 100%", "signs of abuse need an amount not below zero and a share up to 100%"));
        }
        if self.pool_account().is_err() || self.bank_account().is_err() {
            faults.push(text!("资金池或银行账户名称有误", "the name of the pool or of the bank account is no name of an account"));
        }
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }

    pub fn pool_account(&self) -> Result<AccountId, IdFault> {
        AccountId::new(AccountKind::Pool, self.region, &self.pool)
    }

    pub fn bank_account(&self) -> Result<AccountId, IdFault> {
        AccountId::bank(self.region, &self.bank)
    }

    /// The rule for a class of service.
    pub fn service(&self, class: ServiceClass) -> Result<&ServiceRule, Refused> {
        self.services.iter().find(|rule| rule.class == class).ok_or_else(|| {
            let (region, name) = (self.region.name(), class.name());
            let (zh, en) = (name.zh, name.en);
            Refused::Rule("voucher.class", Text::new(format!("{region}的方案不支持“{zh}”"), format!("the scheme of {region} does not pay for {en}")))
        })
    }

    /// The class of holders called `class`.
    pub fn holder(&self, class: &str) -> Result<&HolderClass, Refused> {
        let found = self.holders.iter().find(|holder| holder.class == class);
        found.ok_or_else(|| Refused::Rule("voucher.holder", text!("`{class}` 不是可持券的企业类型", "`{class}` may not hold vouchers")))
    }

    /// Whether agencies and vouchers of `region` are recognised here.
    pub fn recognises(&self, region: RegionCode) -> bool {
        self.region == region || self.recognises.iter().any(|recognised| recognised.contains(region))
    }
}

impl ServiceRule {
    /// What this rule pays of a contract: the rate, fractions of a Fen dropped, at most the cap.
    pub fn pays(&self, contract: Fen) -> Fen {
        let share = i128::from(contract.0.max(0)) * i128::from(self.rate) / i128::from(WHOLE);
        Fen(i64::try_from(share).unwrap_or(i64::MAX)).min(self.cap)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A scheme of `region` for research at half the price, up to 100 元 an order.
    pub(crate) fn scheme(region: &str, recognises: &[&str]) -> Scheme {
        let code = |text: &str| RegionCode::parse(text).unwrap();
        let date = |text: &str| Date::parse(text).unwrap();
        Scheme {
            id: format!("{region}-vouchers"),
            name: text!("创新券", "vouchers"),
            region: code(region),
            pool: "vouchers".into(),
            bank: "treasury".into(),
            from: date("2021-01-01"),
            until: date("2021-10-31"),
            use_by: date("2021-11-30"),
            redeem_by: date("2021-12-31"),
            holders: vec![HolderClass { class: "sme".into(), name: text!("中小企业", "small firm"), yearly_cap: Fen(25_000) }],
            services: vec![ServiceRule { class: ServiceClass::Research, rate: 5_000, cap: Fen(10_000) }],
            joint: true,
            settle: Settle::Direct,
            recognises: recognises.iter().map(|text| code(text)).collect(),
            two_level: true,
            watch: Watch { small_below: Fen(5_000), small_days: 30, agency_share: 8_000 },
        }
    }

    #[test]
    fn a_rule_pays_its_rate_up_to_its_cap() {
        let rule = ServiceRule { class: ServiceClass::Research, rate: 3_333, cap: Fen(1_000) };
        assert_eq!([0, 1, 100, 2_999, 3_001, 10_000, -5].map(|fen| rule.pays(Fen(fen)).0), [0, 0, 33, 999, 1_000, 1_000, 0]);
        assert_eq!(rule.pays(Fen(i64::MAX)), Fen(1_000));
    }

    #[test]
    fn what_cannot_work_is_told_all_at_once() {
        assert!(scheme("320412", &["310110"]).check().is_ok());
        let mut wrong = scheme("320412", &[]);
        wrong.use_by = Date::parse("2020-01-01").unwrap();
        wrong.services[0].rate = 10_001;
        wrong.holders[0].yearly_cap = Fen(0);
        wrong.pool = "资金".into();
        wrong.id = "a/b".into();
        wrong.services.push(wrong.services[0].clone());
        wrong.watch.agency_share = 10_001;
        assert_eq!(wrong.check().unwrap_err().len(), 8);
    }
}
