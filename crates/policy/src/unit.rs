//! Units that may follow a number in a rule, and the kind of quantity each makes.

use crate::Fraction;
use serde::{Deserialize, Serialize};

/// A currency that amounts are kept in, always in 1/100 of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Currency {
    #[default]
    #[serde(rename = "CNY")]
    Cny,
    #[serde(rename = "USD")]
    Usd,
}

impl Currency {
    pub(crate) fn chinese(self) -> &'static str {
        match self {
            Currency::Cny => "元",
            Currency::Usd => "美元",
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Currency::Cny => "CNY",
            Currency::Usd => "USD",
        }
    }
}

/// What a number counts. The base of money is 1/100 of the currency, of calendar time a month, of
/// days a day; counts and measured quantities keep the name of what they count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Zero without a unit, which goes with everything.
    Any,
    /// A pure number or a share.
    None,
    Money(Currency),
    /// Calendar time, in months.
    Months,
    /// Exact time, in days.
    Days,
    /// Things that are counted; `generic` counts go with every other count.
    Count(&'static str),
    /// A measured quantity in its own unit, such as 平方米.
    Quantity(&'static str),
}

/// A unit word: how many of the dimension's base it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) dimension: Dimension,
    pub(crate) factor: Fraction,
    /// Whether the number is a share (`%`), shown as such.
    pub(crate) percent: bool,
}

/// The count that may stand for any other.
pub(crate) const GENERIC_COUNT: &str = "个";
pub(crate) const PEOPLE: &str = "人";

const FEN_PER_WAN: i64 = 1_000_000;
const FEN_PER_YI: i64 = 10_000_000_000;

impl Unit {
    /// The unit a word names, in Chinese or English.
    pub(crate) fn named(word: &str) -> Option<Unit> {
        let plain = |dimension, factor| Some(Unit { dimension, factor: Fraction::whole(factor), percent: false });
        let cny = |factor| plain(Dimension::Money(Currency::Cny), factor);
        let usd = |factor| plain(Dimension::Money(Currency::Usd), factor);
        match word {
            "%" => Some(Unit { dimension: Dimension::None, factor: Fraction::new(1, 100)?, percent: true }),
            "‰" => Some(Unit { dimension: Dimension::None, factor: Fraction::new(1, 1000)?, percent: true }),
            "个百分点" | "百分点" => Some(Unit { dimension: Dimension::None, factor: Fraction::new(1, 100)?, percent: true }),
            "倍" | "times" => plain(Dimension::None, 1),
            "分" | "points" => plain(Dimension::None, 1),
            "万" => plain(Dimension::None, 10_000),
            "亿" => plain(Dimension::None, 100_000_000),
            "元" | "yuan" | "CNY" | "人民币元" => cny(100),
            "千元" => cny(100_000),
            "万元" | "wan" => cny(FEN_PER_WAN),
            "百万元" => cny(100_000_000),
            "千万元" => cny(1_000_000_000),
            "亿元" | "yi" => cny(FEN_PER_YI),
            "美元" | "USD" => usd(100),
            "万美元" => usd(FEN_PER_WAN),
            "亿美元" => usd(FEN_PER_YI),
            "年" | "周年" | "years" | "year" => plain(Dimension::Months, 12),
            "个月" | "months" | "month" => plain(Dimension::Months, 1),
            "天" | "日" | "days" | "day" => plain(Dimension::Days, 1),
            "人" | "名" | "位" | "people" | "persons" => plain(Dimension::Count(PEOPLE), 1),
            "万人" => plain(Dimension::Count(PEOPLE), 10_000),
            "个" | "项" | "items" => plain(Dimension::Count(GENERIC_COUNT), 1),
            "件" => plain(Dimension::Count("件"), 1),
            "家" => plain(Dimension::Count("家"), 1),
            "台" | "台套" => plain(Dimension::Count("台"), 1),
            "次" => plain(Dimension::Count("次"), 1),
            "篇" => plain(Dimension::Count("篇"), 1),
            "平方米" | "㎡" | "m2" => plain(Dimension::Quantity("平方米"), 1),
            "亩" => Some(Unit { dimension: Dimension::Quantity("平方米"), factor: Fraction::new(2000, 3)?, percent: false }),
            "公顷" => plain(Dimension::Quantity("平方米"), 10_000),
            "吨" | "tons" => plain(Dimension::Quantity("吨"), 1),
            "吨标准煤" => plain(Dimension::Quantity("吨标准煤"), 1),
            "千瓦时" | "kWh" => plain(Dimension::Quantity("千瓦时"), 1),
            "小时" | "hours" => plain(Dimension::Quantity("小时"), 1),
            "千米" | "公里" | "km" => plain(Dimension::Quantity("千米"), 1),
            _ => None,
        }
    }
}

/// Units offered in help texts.
pub(crate) const KNOWN_UNITS: &str =
    "元 千元 万元 百万元 亿元 美元 万美元 亿美元 % ‰ 个百分点 倍 分 年 个月 天 人 个 项 件 家 台 次 平方米 亩 公顷 吨 千瓦时 小时";

impl Dimension {
    /// The one that says more of two that go together.
    pub(crate) fn wider(&self, other: &Dimension) -> Dimension {
        match (self, other) {
            (Dimension::Any, other) => other.clone(),
            (Dimension::None, other) if *other != Dimension::Any => other.clone(),
            (one, _) => one.clone(),
        }
    }

    /// Whether values of the two may be added and compared: the same, or a count with a bare number.
    pub(crate) fn goes_with(&self, other: &Dimension) -> bool {
        match (self, other) {
            (Dimension::Any, _) | (_, Dimension::Any) => true,
            (Dimension::Count(_), Dimension::None) | (Dimension::None, Dimension::Count(_)) => true,
            (Dimension::Count(left), Dimension::Count(right)) => left == right || *left == GENERIC_COUNT || *right == GENERIC_COUNT,
            (left, right) => left == right,
        }
    }
}
