//! Money: whole Fen, read from the digits that people type, never through a float.

use crate::{Decimal, NumberFault, Text, fold_width};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of CNY in Fen 分, 1/100 of a Yuan. Serialized as a whole number of Fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// A unit in which amounts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyUnit {
    Fen,
    Yuan,
    Thousand,
    Wan,
    Million,
    Yi,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyFault {
    #[error(transparent)]
    Number(#[from] NumberFault),
    #[error("`{0}` has no unit and the column names none")]
    NoUnit(String),
    #[error("`{0}` is in another currency than CNY")]
    Currency(String),
    #[error("`{0}` is less than one Fen or has a fraction of one")]
    BelowFen(String),
    #[error("`{0}` is more money than can be kept")]
    TooLarge(String),
}

impl MoneyUnit {
    /// How many powers of ten of Fen the unit is.
    fn places(self) -> u32 {
        match self {
            MoneyUnit::Fen => 0,
            MoneyUnit::Yuan => 2,
            MoneyUnit::Thousand => 5,
            MoneyUnit::Wan => 6,
            MoneyUnit::Million => 8,
            MoneyUnit::Yi => 10,
        }
    }

    /// The unit that `text` names: `元`, `万元`, `万`, `亿元`, `人民币万元`, `RMB 10k` is none.
    pub fn parse(text: &str) -> Option<MoneyUnit> {
        let folded = fold_width(text).to_lowercase();
        let bare = folded.trim_start_matches("人民币").trim_start_matches("rmb").trim_start_matches("cny").trim();
        match bare {
            "分" | "fen" => Some(MoneyUnit::Fen),
            "元" | "圆" | "块" | "yuan" => Some(MoneyUnit::Yuan),
            "千元" | "千" => Some(MoneyUnit::Thousand),
            "万元" | "万" | "萬元" | "wan" | "10k yuan" | "10,000 yuan" | "万圆" => Some(MoneyUnit::Wan),
            "百万元" | "百万" => Some(MoneyUnit::Million),
            "亿元" | "亿" | "億元" | "yi" => Some(MoneyUnit::Yi),
            _ => None,
        }
    }

    /// The unit named in a column's header or a sheet's note: `拟投入（万元）`, `单位：万元`.
    pub fn in_header(header: &str) -> Option<MoneyUnit> {
        let folded = fold_width(header);
        let bracketed = folded.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(unit, _)| unit);
        let after_mark = folded.rsplit_once([':', '/', '_']).map(|(_, unit)| unit);
        let spoken = bracketed.map(|unit| unit.trim_start_matches("单位").trim_start_matches(':'));
        [spoken, after_mark].into_iter().flatten().find_map(MoneyUnit::parse)
    }
}

const FOREIGN: [&str; 12] = ["美元", "美金", "欧元", "日元", "英镑", "港元", "港币", "USD", "EUR", "JPY", "HKD", "$"];

impl Fen {
    pub const ZERO: Fen = Fen(0);

    /// Reads an amount: `500万元`, `1.5亿元`, `¥1,234.56`, `￥3000元`; a bare number takes `unit`,
    /// the unit of its column, and is refused where there is none. Ranges, other currencies and
    /// fractions of a Fen are refused. Negative amounts are read; the caller decides.
    pub fn parse(text: &str, unit: Option<MoneyUnit>) -> Result<Fen, MoneyFault> {
        let folded = fold_width(text);
        if FOREIGN.iter().any(|currency| folded.to_uppercase().contains(currency)) {
            return Err(MoneyFault::Currency(text.trim().to_string()));
        }
        let bare = folded.trim_start_matches(['¥', '￥']).trim_start_matches("人民币").trim_start_matches("RMB").trim_start_matches("CNY");
        let yuan_sign = folded.starts_with(['¥', '￥']);
        let number_ends = bare
            .char_indices()
            .find(|(_, c)| !(c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '-' | '−' | '+' | 'E' | 'e' | '~' | '～' | '–' | '—' | '至' | '\'')))
            .map_or(bare.len(), |(at, _)| at);
        let (number, written) = bare.split_at(number_ends);
        let written = written.trim();
        let own_unit = if written.is_empty() {
            None
        } else {
            // A range with units on both ends (`5万元-8万元`) is a range, not a bad unit.
            match MoneyUnit::parse(written) {
                Some(unit) => Some(unit),
                None if written.contains(['-', '~', '～', '–', '—', '至']) => return Err(NumberFault::Range(text.trim().to_string()).into()),
                None => return Err(NumberFault::NotANumber(text.trim().to_string()).into()),
            }
        };
        let decimal = Decimal::parse(number.trim()).map_err(|fault| match fault {
            NumberFault::NotANumber(_) => NumberFault::NotANumber(text.trim().to_string()),
            NumberFault::Range(_) => NumberFault::Range(text.trim().to_string()),
            NumberFault::TooLong(_) => NumberFault::TooLong(text.trim().to_string()),
        })?;
        let unit = own_unit.or(yuan_sign.then_some(MoneyUnit::Yuan)).or(unit).ok_or_else(|| MoneyFault::NoUnit(text.trim().to_string()))?;
        Fen::from_decimal(decimal, unit).map_err(|fault| match fault {
            MoneyFault::BelowFen(_) => MoneyFault::BelowFen(text.trim().to_string()),
            MoneyFault::TooLarge(_) => MoneyFault::TooLarge(text.trim().to_string()),
            other => other,
        })
    }

    /// `amount` units as Fen, refused where it would need rounding.
    pub fn from_decimal(amount: Decimal, unit: MoneyUnit) -> Result<Fen, MoneyFault> {
        if amount.scale() > unit.places() {
            return Err(MoneyFault::BelowFen(amount.to_string()));
        }
        amount.shifted(unit.places()).map(Fen).ok_or_else(|| MoneyFault::TooLarge(amount.to_string()))
    }

    /// The exact amount counted in `unit`, such as `1.5` for 15,000 元 in 万元.
    pub fn in_unit(self, unit: MoneyUnit) -> Decimal {
        Decimal::new(i128::from(self.0), unit.places())
    }

    /// The amount as people write it: whole 亿元 and 万元 where that is shorter and exact, else 元.
    pub fn chinese(self) -> String {
        let magnitude = self.0.unsigned_abs();
        let (unit, word) = if magnitude >= 10_000_000_000 && magnitude.is_multiple_of(1_000_000) {
            (MoneyUnit::Yi, "亿元")
        } else if magnitude >= 1_000_000 && magnitude.is_multiple_of(100) {
            (MoneyUnit::Wan, "万元")
        } else {
            (MoneyUnit::Yuan, "元")
        };
        format!("{}{word}", grouped(self.in_unit(unit)))
    }

    /// The amount as readers of either language write it: [`Fen::chinese`], and `CNY 15,000.00`.
    pub fn text(self) -> Text {
        Text::new(self.chinese(), self.to_string())
    }
}

/// A decimal with commas between groups of three digits.
fn grouped(amount: Decimal) -> String {
    let plain = amount.to_string();
    let (sign, unsigned) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `CNY 15,000.00`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let yuan = Decimal::new(i128::from(magnitude / 100), 0);
        write!(f, "{sign}CNY {}.{:02}", grouped(yuan), magnitude % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_the_forms_people_type() {
        for (text, unit, fen) in [
            ("500万元", None, 500_000_000),
            ("５００万", None, 500_000_000),
            ("1.5亿元", None, 15_000_000_000),
            ("¥1,234.56", None, 123_456),
            ("￥3000元", None, 300_000),
            ("人民币20万元", None, 20_000_000),
            ("12.5", Some(MoneyUnit::Wan), 12_500_000),
            ("12.5元", Some(MoneyUnit::Wan), 1_250),
            ("-3万元", None, -3_000_000),
            ("0", Some(MoneyUnit::Wan), 0),
            ("2373.5 万元", None, 2_373_500_000),
        ] {
            assert_eq!(Fen::parse(text, unit), Ok(Fen(fen)), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_exact_amount_of_cny_is_refused() {
        assert!(matches!(Fen::parse("500", None), Err(MoneyFault::NoUnit(_))));
        assert!(matches!(Fen::parse("10亿美元", None), Err(MoneyFault::Currency(_))));
        assert!(matches!(Fen::parse("0.001元", None), Err(MoneyFault::BelowFen(_))));
        assert!(matches!(Fen::parse("99999999999亿元", None), Err(MoneyFault::TooLarge(_))));
        assert!(matches!(Fen::parse("50-80万元", None), Err(MoneyFault::Number(NumberFault::Range(_)))));
        assert!(matches!(Fen::parse("50万元-80万元", None), Err(MoneyFault::Number(NumberFault::Range(_)))));
        for text in ["面议", "约500万元", "五百万元", "", "万元", "NaN", "500万人"] {
            assert!(matches!(Fen::parse(text, None), Err(MoneyFault::Number(_))), "{text}");
        }
    }

    #[test]
    fn a_header_names_its_unit() {
        assert_eq!(MoneyUnit::in_header("拟投入（万元）"), Some(MoneyUnit::Wan));
        assert_eq!(MoneyUnit::in_header("单位：万元"), Some(MoneyUnit::Wan));
        assert_eq!(MoneyUnit::in_header("注册资本(单位:亿元)"), Some(MoneyUnit::Yi));
        assert_eq!(MoneyUnit::in_header("营业收入"), None);
        assert_eq!(MoneyUnit::in_header("面积（平方米）"), None);
    }

    #[test]
    fn amounts_are_shown_exactly() {
        assert_eq!(Fen(15_000_000_000).chinese(), "1.5亿元");
        assert_eq!(Fen(2_373_500_000).chinese(), "2,373.5万元");
        assert_eq!(Fen(123_456).chinese(), "1,234.56元");
        assert_eq!(Fen(100_000_001).chinese(), "1,000,000.01元");
        assert_eq!(Fen(-123_456_789).to_string(), "-CNY 1,234,567.89");
    }
}
