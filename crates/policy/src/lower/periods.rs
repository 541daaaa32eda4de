//! Period words: 上年, 本年-2, 近3年, 本年各季, 2021.

use super::{Context, Got, Lowered, Lowering, Shape, plain_number, single};
use crate::period::{Cycle, Period};
use crate::syntax::{Binary, Expr, ExprKind};
use crate::unit::Dimension;
use crate::vocabulary::FactDef;
use duijie_vocab::{Text, text};

/// Series longer than this are refused.
const MAX_SERIES: i32 = 60;

impl Lowering<'_> {
    /// The contexts that a period argument of a fact means: one, or several for a series.
    pub(super) fn periods(&mut self, argument: &Expr, fact: &FactDef, context: Context) -> Option<Vec<Context>> {
        if fact.period == Cycle::Instant && !fact.is_derived() {
            let name = &fact.zh;
            return self.fault(
                "policy.rule.period",
                argument,
                text!("`{name}` 没有期间", "`{name}` has no periods"),
                text!("去掉括号，写作 `{name}`", "leave out the brackets: `{name}`"),
            );
        }
        self.period_words(argument, context)
    }

    pub(super) fn period_words(&mut self, argument: &Expr, context: Context) -> Option<Vec<Context>> {
        let anchored = |period| Some(vec![Context { anchor: Some(period), years: 0, quarters: 0, months: 0, part: None, ..context }]);
        let found = match &argument.kind {
            ExprKind::Name(word) => named_periods(word, context),
            ExprKind::Binary { op: op @ (Binary::Add | Binary::Subtract), left, right } => shifted_period(*op, left, right, context),
            ExprKind::Number { digits, .. } => digits
                .to_i64()
                .and_then(|year| i16::try_from(year).ok())
                .filter(|year| (1900..=2200).contains(year))
                .and_then(|year| anchored(Period::Year(year))),
            ExprKind::Text(written) => Period::parse(written).ok().and_then(anchored),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        self.fault(
            "policy.rule.period",
            argument,
            text!("不认识这个期间", "this period is not known"),
            text!("可用：上年 本年-2 近3年 前3年 本年各季 近4季 2021", "one of: last_year this_year-2 recent_3_years past_3_years quarters 2021"),
        )
    }

    /// One value for each context: a single value, or a series.
    pub(super) fn in_periods(&mut self, contexts: &[Context], mut lower: impl FnMut(&mut Self, Context) -> Got) -> Got {
        let mut ids = Vec::new();
        let mut kind = None;
        for context in contexts {
            let lowered = lower(self, *context)?;
            let Shape::One(id) = lowered.shape else { return None };
            ids.push(id);
            kind = Some(lowered.kind);
        }
        let kind = kind?;
        if ids.len() == 1 { single(ids[0], kind) } else { Some(Lowered { shape: Shape::Series(ids), kind }) }
    }
}

fn shifted_period(op: Binary, left: &Expr, right: &Expr, context: Context) -> Option<Vec<Context>> {
    let is_time = right.number()?.1.is_none_or(|unit| unit.dimension == Dimension::Months);
    let ExprKind::Name(word) = &left.kind else { return None };
    let by = i32::try_from(plain_number(right)?).ok().filter(|by| is_time && by.unsigned_abs() < 200)?;
    match named_periods(word, context)?.as_slice() {
        [base] => Some(vec![moved(*base, word, if op == Binary::Subtract { -by } else { by })]),
        _ => None,
    }
}

/// The context moved by periods of the length that `word` speaks of.
fn moved(base: Context, word: &str, by: i32) -> Context {
    if word.contains('季') || word.contains("quarter") {
        Context { quarters: base.quarters + by, ..base }
    } else if word.contains('月') || word.contains("month") {
        Context { months: base.months + by, ..base }
    } else {
        Context { years: base.years + by, ..base }
    }
}

/// What to write for a period word that stands alone.
pub(super) fn word_help(word: &str, context: Context) -> Option<Text> {
    named_periods(word, context)?;
    Some(text!(
        "期间只写在指标后的括号里，如 `研发费用({word})`；要日期用 `年初`、`年末`、`期末`，要年份用 `年份(年末)`",
        "a period stands in brackets behind a fact, as in `rd_expense({word})`; a day is `year_start`, `year_end`, `period_end`, a year `year(year_end())`"
    ))
}

/// The contexts of a period word; nothing when it is none.
fn named_periods(word: &str, context: Context) -> Option<Vec<Context>> {
    let years = |by: i32| Some(vec![Context { years: context.years + by, ..context }]);
    let one = |context| Some(vec![context]);
    match word {
        "本年" | "本年度" | "当年" | "本期" | "this_year" | "now" => return years(0),
        "上年" | "上年度" | "去年" | "上一年" | "last_year" | "上年同期" => return years(-1),
        "前年" => return years(-2),
        "次年" | "next_year" => return years(1),
        "本季" | "本季度" | "this_quarter" => return one(context),
        "上季" | "上季度" | "last_quarter" => return one(Context { quarters: context.quarters - 1, ..context }),
        "本月" | "this_month" => return one(context),
        "上月" | "last_month" => return one(Context { months: context.months - 1, ..context }),
        "本年各季" | "各季" | "quarters" => return Some((1..=4).map(|part| Context { part: Some(part), ..context }).collect()),
        "本年各月" | "各月" | "months" => return Some((1..=12).map(|part| Context { part: Some(part), ..context }).collect()),
        "上年各季" => return Some((1..=4).map(|part| Context { part: Some(part), years: context.years - 1, ..context }).collect()),
        "上年各月" => return Some((1..=12).map(|part| Context { part: Some(part), years: context.years - 1, ..context }).collect()),
        _ => {}
    }
    let (count, unit, before) = series_word(word)?;
    (1..=MAX_SERIES).contains(&count).then(|| {
        let newest = if before { -1 } else { 0 };
        (0..count).rev().map(|back| moved(context, unit, newest - back)).collect()
    })
}

/// 近3年, 前3年, 近4季, 近12个月, `recent_3_years`, `past_3_years`: how many, of what, and whether the current one is left out.
fn series_word(word: &str) -> Option<(i32, &'static str, bool)> {
    let english = |rest: &str| {
        let (count, unit) = rest.split_once('_')?;
        let unit = match unit.trim_end_matches('s') {
            "year" => "年",
            "quarter" => "季",
            "month" => "月",
            _ => return None,
        };
        Some((count.parse().ok()?, unit))
    };
    if let Some(rest) = word.strip_prefix("recent_") {
        return english(rest).map(|(count, unit)| (count, unit, false));
    }
    if let Some(rest) = word.strip_prefix("past_") {
        return english(rest).map(|(count, unit)| (count, unit, true));
    }
    let (rest, before) = [("最近", false), ("近", false), ("前", true), ("过去", true)]
        .iter()
        .find_map(|(prefix, before)| word.strip_prefix(prefix).map(|rest| (rest, *before)))?;
    let split = rest.find(['年', '个', '季', '月'])?;
    let (count, unit) = rest.split_at(split);
    let count = count.parse().ok().or_else(|| {
        "零一二三四五六七八九十".chars().position(|c| count == c.to_string()).and_then(|at| i32::try_from(at).ok()).or((count == "两").then_some(2))
    })?;
    let unit = match unit {
        "年" | "年度" | "个年度" | "个会计年度" => "年",
        "季" | "季度" | "个季度" => "季",
        "月" | "个月" => "月",
        _ => return None,
    };
    Some((count, unit, before))
}
