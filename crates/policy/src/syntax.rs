//! The tree of a rule as it was written.

use crate::Fraction;
use crate::unit::Unit;
use duijie_vocab::{Date, Decimal};
use std::ops::Range;

/// An expression and where it stands in the rule. Two expressions are equal when they mean the same
/// tree, wherever they stand.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Range<usize>,
    pub(crate) depth: usize,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.kind == other.kind
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number with its unit word.
    Number {
        digits: Decimal,
        unit: Option<String>,
    },
    Date(Date),
    Text(String),
    Bool(bool),
    /// A fact, a word of a list, a period or a parameter.
    Name(String),
    /// `研发费用(上年)`: a fact in a period.
    Access {
        name: String,
        periods: Vec<Expr>,
    },
    Set(Vec<Expr>),
    /// `全市.x`: the fact of the region at a level.
    Region {
        level: RegionWord,
        inner: Box<Expr>,
    },
    Apply {
        function: Function,
        arguments: Vec<Expr>,
    },
    /// `tiers(x, {…})`, `progressive(x, {…})`, `lookup(x, {…})`.
    Table {
        function: Function,
        subject: Box<Expr>,
        bands: Vec<Band>,
    },
    Negate(Box<Expr>),
    Not(Box<Expr>),
    Binary {
        op: Binary,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Between {
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
}

/// One line of a table: which values it is for, and what it gives.
#[derive(Clone, Debug)]
pub struct Band {
    pub test: BandTest,
    pub value: Expr,
    pub span: Range<usize>,
}

impl PartialEq for Band {
    fn eq(&self, other: &Band) -> bool {
        self.test == other.test && self.value == other.value
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum BandTest {
    /// `a..b`, `..=b`, `..<b`, `a..`.
    Range {
        low: Option<Expr>,
        high: Option<Expr>,
        owner: EndOwner,
    },
    /// `≥ a`, `< b`: the first line that holds is taken.
    Compare {
        op: Binary,
        bound: Expr,
    },
    /// A word, in `lookup`.
    Is(Expr),
    Else,
}

/// To which band the upper end of a range belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOwner {
    /// `a..b`: by custom to this band (不超过 b), and said so by the checker.
    Unsaid,
    /// `a..=b`: to this band.
    This,
    /// `a..<b`: to the next one.
    Next,
}

/// The level of region that a word in front of a dot means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionWord {
    Nation,
    Province,
    City,
    County,
    /// The subject's own region.
    Own,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    /// Whether a word begins with one of some words.
    Begins,
    Contains,
    ContainsAny,
    ContainsAll,
    ContainsNone,
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    Min,
    Max,
    Abs,
    Round,
    RoundDown,
    RoundUp,
    Floor,
    Ceil,
    Sum,
    Average,
    Count,
    Any,
    All,
    NoneOf,
    Growth,
    Cagr,
    Age,
    Clamp,
    If,
    Known,
    Year,
    Today,
    /// The first or the last day of the period that is decided, or of its calendar year.
    PeriodStart,
    PeriodEnd,
    YearStart,
    YearEnd,
    Tiers,
    Progressive,
    Lookup,
    /// Whether another measure's conditions hold.
    Eligible,
    /// What another measure pays.
    AmountOf,
}

/// Functions with their CEL and Chinese names, and other names that are understood.
pub(crate) const FUNCTIONS: [(Function, &str, &str, &[&str]); 31] = [
    (Function::Min, "min", "较小值", &["取小", "最小值"]),
    (Function::Max, "max", "较大值", &["取大", "最大值"]),
    (Function::Abs, "abs", "绝对值", &[]),
    (Function::Round, "round", "四舍五入", &[]),
    (Function::RoundDown, "round_down", "舍去", &[]),
    (Function::RoundUp, "round_up", "进位", &[]),
    (Function::Floor, "floor", "向下取整", &[]),
    (Function::Ceil, "ceil", "向上取整", &[]),
    (Function::Sum, "sum", "合计", &["求和", "总和"]),
    (Function::Average, "average", "平均", &["平均值", "avg"]),
    (Function::Count, "count", "计数", &["个数"]),
    (Function::Any, "any", "任一", &["任一年"]),
    (Function::All, "all", "每一", &["每年", "均"]),
    (Function::NoneOf, "none", "均无", &["无一"]),
    (Function::Growth, "growth", "增幅", &["增长率", "增速"]),
    (Function::Cagr, "cagr", "复合增长率", &["年均复合增长率", "年均增长率"]),
    (Function::Age, "age", "满", &["年限", "成立时长"]),
    (Function::Clamp, "clamp", "限于", &[]),
    (Function::If, "if", "如果", &["若"]),
    (Function::Known, "known", "已知", &[]),
    (Function::Year, "year", "年份", &[]),
    (Function::Today, "today", "当日", &["申报日"]),
    (Function::PeriodStart, "period_start", "期初", &[]),
    (Function::PeriodEnd, "period_end", "期末", &[]),
    (Function::YearStart, "year_start", "年初", &[]),
    (Function::YearEnd, "year_end", "年末", &["年底"]),
    (Function::Tiers, "tiers", "分档", &[]),
    (Function::Progressive, "progressive", "累进", &["分段累计"]),
    (Function::Lookup, "lookup", "查表", &[]),
    (Function::Eligible, "eligible", "符合", &["享受"]),
    (Function::AmountOf, "amount_of", "金额", &[]),
];

impl Function {
    pub(crate) fn named(word: &str) -> Option<Function> {
        FUNCTIONS.iter().find(|(_, cel, zh, others)| *cel == word || *zh == word || others.contains(&word)).map(|(function, ..)| *function)
    }

    /// Whether it is a day that may be written without brackets.
    pub(crate) fn is_day(self) -> bool {
        matches!(self, Function::Today | Function::PeriodStart | Function::PeriodEnd | Function::YearStart | Function::YearEnd)
    }

    pub(crate) fn takes_table(self) -> bool {
        matches!(self, Function::Tiers | Function::Progressive | Function::Lookup)
    }

    pub(crate) fn cel(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn chinese(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> &'static (Function, &'static str, &'static str, &'static [&'static str]) {
        FUNCTIONS.iter().find(|(function, ..)| *function == self).expect("BUG: a function is missing from the table of functions")
    }
}

impl RegionWord {
    pub(crate) fn named(word: &str) -> Option<RegionWord> {
        match word {
            "全国" | "nation" => Some(RegionWord::Nation),
            "全省" | "province" => Some(RegionWord::Province),
            "全市" | "city" => Some(RegionWord::City),
            "全县" | "全区" | "county" => Some(RegionWord::County),
            "本地区" | "本地" | "region" => Some(RegionWord::Own),
            _ => None,
        }
    }

    pub(crate) fn cel(self) -> &'static str {
        match self {
            RegionWord::Nation => "nation",
            RegionWord::Province => "province",
            RegionWord::City => "city",
            RegionWord::County => "county",
            RegionWord::Own => "region",
        }
    }

    pub(crate) fn chinese(self) -> &'static str {
        match self {
            RegionWord::Nation => "全国",
            RegionWord::Province => "全省",
            RegionWord::City => "全市",
            RegionWord::County => "全县",
            RegionWord::Own => "本地区",
        }
    }
}

impl Binary {
    pub(crate) fn is_comparison(self) -> bool {
        matches!(self, Binary::Equal | Binary::NotEqual | Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual)
    }

    /// How tightly it binds, and its CEL and Chinese spellings.
    pub(crate) fn spelling(self) -> (u8, &'static str, &'static str) {
        match self {
            Binary::Or => (3, "||", "或"),
            Binary::And => (5, "&&", "且"),
            Binary::Equal => (9, "==", "="),
            Binary::NotEqual => (9, "!=", "≠"),
            Binary::Less => (9, "<", "<"),
            Binary::LessEqual => (9, "<=", "≤"),
            Binary::Greater => (9, ">", ">"),
            Binary::GreaterEqual => (9, ">=", "≥"),
            Binary::In => (9, "in", "属于"),
            Binary::NotIn => (9, "not_in", "不属于"),
            Binary::Begins => (9, "begins_with", "开头为"),
            Binary::Contains => (9, "contains", "含"),
            Binary::ContainsAny => (9, "contains_any", "含任一"),
            Binary::ContainsAll => (9, "contains_all", "含全部"),
            Binary::ContainsNone => (9, "contains_none", "不含"),
            Binary::Add => (11, "+", "+"),
            Binary::Subtract => (11, "-", "-"),
            Binary::Multiply => (13, "*", "×"),
            Binary::Divide => (13, "/", "÷"),
        }
    }
}

impl Expr {
    /// The exact value of a number literal in its unit's base, with the unit.
    pub(crate) fn number(&self) -> Option<(Fraction, Option<Unit>)> {
        match &self.kind {
            ExprKind::Number { digits, unit } => {
                let unit = unit.as_deref().and_then(Unit::named);
                let value = Fraction::from_decimal(*digits)?;
                let value = match &unit {
                    Some(unit) => value.times(unit.factor)?,
                    None => value,
                };
                Some((value, unit))
            }
            ExprKind::Negate(inner) => inner.number().map(|(value, unit)| (value.negated(), unit)),
            _ => None,
        }
    }
}
