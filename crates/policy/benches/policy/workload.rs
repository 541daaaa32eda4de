//! The workload: subjects with 40 columns of facts, 1 to 60 % of them missing, and measures of six
//! conditions and an amount, all from one seed. Measures are written in the language itself.

use super::rules::{AMOUNT_KINDS, Amount, Group, Measure, Test};
use duijie_policy::{Column, Fraction, Period};

/// A fact of the workload.
pub(crate) struct FactSpec {
    pub(crate) key: &'static str,
    pub(crate) zh: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Fen, between 10 to the power of these.
    Money(u32, u32),
    /// Things, up to 10 to this power.
    Count(u32),
    /// Ten-thousandths.
    Ratio,
    Bool,
    /// This many words.
    Code(u32),
}

const fn fact(key: &'static str, zh: &'static str, kind: Kind) -> FactSpec {
    FactSpec { key, zh, kind }
}

/// 32 facts; the first eight of money are known for two years, which makes 40 columns.
pub(crate) const FACTS: [FactSpec; 32] = [
    fact("revenue", "营业收入", Kind::Money(8, 13)),
    fact("rd_expense", "研发费用", Kind::Money(6, 11)),
    fact("profit", "利润总额", Kind::Money(7, 12)),
    fact("tax_total", "纳税总额", Kind::Money(6, 11)),
    fact("assets", "资产总额", Kind::Money(8, 13)),
    fact("export", "出口额", Kind::Money(6, 12)),
    fact("payroll", "职工薪酬", Kind::Money(7, 11)),
    fact("investment", "固定资产投资", Kind::Money(6, 12)),
    fact("new_product", "新产品销售收入", Kind::Money(7, 12)),
    fact("equipment", "设备投入", Kind::Money(6, 11)),
    fact("contracts", "技术合同成交额", Kind::Money(5, 10)),
    fact("loan", "贷款余额", Kind::Money(6, 12)),
    fact("staff", "从业人数", Kind::Count(4)),
    fact("rd_staff", "研发人员数", Kind::Count(3)),
    fact("patents", "发明专利数", Kind::Count(3)),
    fact("software", "软件著作权数", Kind::Count(2)),
    fact("graduates", "本科以上人数", Kind::Count(4)),
    fact("seniors", "高级职称人数", Kind::Count(2)),
    fact("standards", "标准数", Kind::Count(2)),
    fact("projects", "产学研项目数", Kind::Count(2)),
    fact("debt_ratio", "资产负债率", Kind::Ratio),
    fact("hightech_share", "高新产品收入占比", Kind::Ratio),
    fact("export_share", "出口占比", Kind::Ratio),
    fact("domestic_share", "境内研发占比", Kind::Ratio),
    fact("core_ip", "拥有核心知识产权", Kind::Bool),
    fact("certified", "通过质量认证", Kind::Bool),
    fact("institute", "设有研发机构", Kind::Bool),
    fact("blacklisted", "列入失信名单", Kind::Bool),
    fact("size", "规模", Kind::Code(4)),
    fact("industry", "行业", Kind::Code(12)),
    fact("ownership", "企业类型", Kind::Code(6)),
    fact("credit", "信用等级", Kind::Code(5)),
];

/// Facts with the year before.
const TWO_YEARS: usize = 8;
pub(crate) const COLUMNS: usize = FACTS.len() + TWO_YEARS;
/// Ratios of two facts that are derived in the vocabulary.
pub(crate) const QUOTIENTS: [(usize, usize, &str, &str); 8] = [
    (1, 0, "rd_intensity", "研发投入强度"),
    (2, 0, "margin", "利润率"),
    (3, 0, "tax_share", "税收占比"),
    (8, 0, "new_share", "新产品占比"),
    (13, 12, "rd_staff_share", "研发人员占比"),
    (16, 12, "graduate_share", "本科以上占比"),
    (11, 4, "loan_share", "贷款占资产比"),
    (9, 7, "equipment_share", "设备占投资比"),
];

/// The words of a code, by place.
pub(crate) fn word(at: u32) -> String {
    format!("类{at}")
}

/// One column: the fact, the year it is about, its values in Fen, things, ten-thousandths, 0 or 1, or
/// places of words, and which are known.
pub(crate) struct ColumnData {
    pub(crate) fact: usize,
    pub(crate) year: i16,
    pub(crate) values: Vec<i64>,
    pub(crate) known: Vec<bool>,
}

pub(crate) struct Workload {
    pub(crate) measures: Vec<Measure>,
    pub(crate) columns: Vec<ColumnData>,
}

impl Workload {
    pub(crate) fn subjects(&self) -> usize {
        self.columns[0].values.len()
    }
}

/// Numbers that look random and follow from their seed alone (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, stream: u64) -> Dice {
        Dice(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u64
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

pub(crate) const YEAR: i16 = 2021;

pub(crate) fn workload(seed: u64, subjects: usize, measures: usize) -> Workload {
    // Shares of missing values from 1 to 60 %, dealt to the columns in an order of the seed.
    let mut shares: Vec<f64> = (0..COLUMNS).map(|at| 0.01 + 0.59 * at as f64 / (COLUMNS - 1) as f64).collect();
    let mut dice = Dice::new(seed, 1);
    for at in (1..COLUMNS).rev() {
        shares.swap(at, dice.below(at as u64 + 1) as usize);
    }
    let mut columns: Vec<ColumnData> = (0..FACTS.len()).map(|fact| column(seed, fact, YEAR, subjects, shares[fact], None)).collect();
    for fact in 0..TWO_YEARS {
        let before = column(seed, fact, YEAR - 1, subjects, shares[FACTS.len() + fact], Some(&columns[fact].values));
        columns.push(before);
    }
    let mut dice = Dice::new(seed, 2);
    Workload { measures: (0..measures).map(|at| measure(&mut dice, at)).collect(), columns }
}

/// Values over orders of magnitude, a few of them zero; those of the year before move with the year's.
fn column(seed: u64, fact: usize, year: i16, subjects: usize, missing: f64, after: Option<&[i64]>) -> ColumnData {
    let mut dice = Dice::new(seed, 1000 + fact as u64 + if year == YEAR { 0 } else { 500 });
    let mut values = Vec::with_capacity(subjects);
    let mut known = Vec::with_capacity(subjects);
    for subject in 0..subjects {
        let drawn = match (after, FACTS[fact].kind) {
            (Some(after), _) => (after[subject] as f64 / (0.7 + 0.8 * dice.unit())) as i64,
            (_, Kind::Money(low, high)) if dice.below(100) > 0 => 10f64.powf(f64::from(low) + f64::from(high - low) * dice.unit()) as i64,
            (_, Kind::Money(..)) => 0,
            (_, Kind::Count(high)) => (10f64.powf(f64::from(high) * dice.unit()) - 1.0) as i64,
            (_, Kind::Ratio) => dice.below(10_001) as i64,
            (_, Kind::Bool) => dice.below(2) as i64,
            (_, Kind::Code(words)) => dice.below(u64::from(words)) as i64,
        };
        let is_known = dice.unit() >= missing;
        values.push(if is_known { drawn } else { 0 });
        known.push(is_known);
    }
    ColumnData { fact, year, values, known }
}

impl ColumnData {
    pub(crate) fn period(&self) -> Period {
        Period::Year(self.year)
    }

    /// The column as the engine takes it.
    pub(crate) fn into_column(self) -> Column {
        match FACTS[self.fact].kind {
            Kind::Money(..) | Kind::Count(_) => Column::Whole { values: self.values, known: self.known, unit: Fraction::ONE },
            Kind::Ratio => Column::Whole { values: self.values, known: self.known, unit: Fraction::new(1, 10_000).expect("BUG: a unit") },
            Kind::Bool => Column::Truths { values: self.known.iter().zip(&self.values).map(|(known, value)| known.then_some(*value == 1)).collect() },
            Kind::Code(words) => Column::Words {
                codes: self.known.iter().zip(&self.values).map(|(known, value)| if *known { *value as u32 } else { u32::MAX }).collect(),
                words: (0..words).map(word).collect(),
            },
        }
    }
}

/// The vocabulary as a file.
pub(crate) fn facts_yaml() -> String {
    let mut out = String::from("facts:\n");
    for FactSpec { key, zh, kind } in &FACTS {
        let kind = match kind {
            Kind::Money(..) => "kind: money, unit: 元, min: 0".to_string(),
            Kind::Count(_) => "kind: count, unit: 个, min: 0".to_string(),
            Kind::Ratio => "kind: ratio, min: 0, max: 1".to_string(),
            Kind::Bool => "kind: bool".to_string(),
            Kind::Code(words) => format!("kind: code, values: [{}]", (0..*words).map(word).collect::<Vec<_>>().join(", ")),
        };
        out.push_str(&format!("  {key}: {{name: {{zh: {zh}, en: {key}}}, {kind}, period: year}}\n"));
    }
    for (above, below, key, zh) in QUOTIENTS {
        let (above, below) = (FACTS[above].zh, FACTS[below].zh);
        out.push_str(&format!("  {key}: {{name: {{zh: {zh}, en: {key}}}, kind: ratio, period: year, rule: {above} ÷ {below}}}\n"));
    }
    out
}

/// Six conditions, of which two may stand in a group, and an amount.
fn measure(dice: &mut Dice, at: usize) -> Measure {
    let mut tests: Vec<Test> = Vec::new();
    while tests.len() < 6 {
        let test = Test::drawn(dice);
        if !tests.iter().any(|other| other.operand() == test.operand()) {
            tests.push(test);
        }
    }
    let group = match at % 10 {
        0..=6 => Group::None,
        7 | 8 => Group::AnyOf,
        _ => Group::NoneOf,
    };
    Measure { id: format!("bench.{at:04}"), tests, group, amount: Amount::drawn(dice, at % AMOUNT_KINDS) }
}
