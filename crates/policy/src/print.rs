//! Trees back to text, in either spelling. What is printed reads back as the same tree.

use crate::lexer;
use crate::syntax::{Band, BandTest, Binary, EndOwner, Expr, ExprKind, Function};
use crate::unit::Unit;
use crate::vocabulary::Vocabulary;
use std::fmt::Write;

/// The spelling of operators, functions and names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `且 或 ≥ 增幅(…)` and Chinese names of facts.
    #[default]
    Zh,
    /// `&& || >= growth(…)` and English keys of facts.
    Cel,
}

impl Style {
    /// `zh` or `cel`.
    pub fn parse(word: &str) -> Option<Style> {
        match word {
            "zh" => Some(Style::Zh),
            "cel" => Some(Style::Cel),
            _ => None,
        }
    }
}

const TERNARY: u8 = 1;
const COMPARISON: u8 = 9;
const SUM: u8 = 11;
const UNARY: u8 = 15;
const TIGHTEST: u8 = 20;

/// The text of a rule in a spelling; names that the vocabulary knows take the spelling too.
pub fn print_rule(expr: &Expr, style: Style, vocabulary: &Vocabulary) -> String {
    let mut printer = Printer { style, vocabulary, out: String::new() };
    printer.expr(expr, 0);
    printer.out
}

struct Printer<'v> {
    style: Style,
    vocabulary: &'v Vocabulary,
    out: String,
}

impl Printer<'_> {
    fn expr(&mut self, expr: &Expr, least: u8) {
        let bracketed = binding(expr) < least;
        if bracketed {
            self.out.push('(');
        }
        self.bare(expr);
        if bracketed {
            self.out.push(')');
        }
    }

    fn pick(&self, zh: &'static str, cel: &'static str) -> &'static str {
        match self.style {
            Style::Zh => zh,
            Style::Cel => cel,
        }
    }

    fn bare(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Number { digits, unit } => {
                write!(self.out, "{digits}").expect("writing to a String");
                if let Some(unit) = unit {
                    let spaced = unit.starts_with(|c: char| c.is_alphabetic())
                        && Unit::named(unit).is_some_and(|unit| !matches!(unit.dimension, crate::Dimension::Money(_)));
                    self.out.push_str(if spaced { " " } else { "" });
                    self.out.push_str(unit);
                }
            }
            ExprKind::Date(date) => write!(self.out, "{date}").expect("writing to a String"),
            ExprKind::Text(text) => self.text(text),
            ExprKind::Bool(value) => self.out.push_str(match (value, self.style) {
                (true, Style::Zh) => "真",
                (false, Style::Zh) => "假",
                (true, Style::Cel) => "true",
                (false, Style::Cel) => "false",
            }),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Access { name, periods } => {
                self.name(name);
                self.periods(periods);
            }
            ExprKind::Set(items) => self.list("{", items, "}"),
            ExprKind::Region { level, inner } => {
                self.out.push_str(self.pick(level.chinese(), level.cel()));
                self.out.push('.');
                self.expr(inner, TIGHTEST);
            }
            ExprKind::Apply { function, arguments } => {
                self.out.push_str(self.pick(function.chinese(), function.cel()));
                self.list("(", arguments, ")");
            }
            ExprKind::Table { function, subject, bands } => {
                self.out.push_str(self.pick(function.chinese(), function.cel()));
                self.out.push('(');
                self.expr(subject, 0);
                self.out.push_str(", {");
                for (at, band) in bands.iter().enumerate() {
                    self.out.push_str(if at > 0 { ", " } else { "" });
                    self.band(band);
                }
                self.out.push_str("})");
            }
            ExprKind::Negate(inner) => {
                self.out.push('-');
                self.expr(inner, UNARY);
            }
            ExprKind::Not(inner) => {
                self.out.push_str(self.pick("非 ", "!"));
                self.expr(inner, UNARY);
            }
            ExprKind::Binary { op, left, right } => {
                let (binding, cel, zh) = op.spelling();
                // Comparisons do not chain, so a comparison inside one needs brackets on both sides.
                self.expr(left, if binding == COMPARISON { binding + 1 } else { binding });
                write!(self.out, " {} ", self.pick(zh, cel)).expect("writing to a String");
                self.expr(right, binding + 1);
            }
            ExprKind::Between { value, low, high } => {
                self.expr(value, COMPARISON + 1);
                self.out.push_str(self.pick(" 介于 ", " between "));
                self.expr(low, SUM);
                self.out.push_str(self.pick(" 和 ", " and "));
                self.expr(high, SUM);
            }
            ExprKind::If { condition, then, otherwise } => {
                self.expr(condition, TERNARY + 1);
                self.out.push_str(" ? ");
                self.expr(then, 0);
                self.out.push_str(" : ");
                self.expr(otherwise, TERNARY);
            }
        }
    }

    fn band(&mut self, band: &Band) {
        match &band.test {
            BandTest::Range { low, high, owner } => {
                if let Some(low) = low {
                    self.expr(low, SUM);
                }
                self.out.push_str(match owner {
                    EndOwner::Unsaid => "..",
                    EndOwner::This => "..=",
                    EndOwner::Next => "..<",
                });
                if let Some(high) = high {
                    self.expr(high, SUM);
                }
            }
            BandTest::Compare { op, bound } => {
                let (_, cel, zh) = op.spelling();
                write!(self.out, "{} ", self.pick(zh, cel)).expect("writing to a String");
                self.expr(bound, SUM);
            }
            BandTest::Is(word) => self.expr(word, SUM),
            BandTest::Else => self.out.push_str(self.pick("其他", "else")),
        }
        self.out.push_str(": ");
        self.expr(&band.value, 0);
    }

    fn list(&mut self, open: &str, items: &[Expr], close: &str) {
        self.out.push_str(open);
        for (at, item) in items.iter().enumerate() {
            self.out.push_str(if at > 0 { ", " } else { "" });
            self.expr(item, 0);
        }
        self.out.push_str(close);
    }

    /// The periods of a fact; the words for them take the spelling too.
    fn periods(&mut self, periods: &[Expr]) {
        self.out.push('(');
        for (at, period) in periods.iter().enumerate() {
            self.out.push_str(if at > 0 { ", " } else { "" });
            match &period.kind {
                ExprKind::Name(word) if crate::parse_rule(word).is_ok_and(|read| read.kind == period.kind) => self.period_word(word),
                ExprKind::Binary { op: op @ (Binary::Add | Binary::Subtract), left, right } => match &left.kind {
                    ExprKind::Name(word) if period_spelling(word).is_some() && right.number().is_some() => {
                        self.period_word(word);
                        self.out.push_str(if *op == Binary::Add { "+" } else { "-" });
                        self.expr(right, SUM);
                    }
                    _ => self.expr(period, 0),
                },
                _ => self.expr(period, 0),
            }
        }
        self.out.push(')');
    }

    fn period_word(&mut self, word: &str) {
        match period_spelling(word) {
            Some((zh, cel)) => self.out.push_str(if self.style == Style::Zh { &zh } else { &cel }),
            None => self.name(word),
        }
    }

    fn name(&mut self, name: &str) {
        let spelled = match (self.vocabulary.fact(name), self.style) {
            (Some(fact), Style::Zh) => fact.zh.clone(),
            (Some(fact), Style::Cel) => fact.key.to_string(),
            (None, _) => name.to_string(),
        };
        // A name that would read as something else stands in backquotes.
        let plain =
            matches!(crate::parse_rule(&spelled), Ok(Expr { kind: ExprKind::Name(read), .. }) if read == spelled) && Function::named(&spelled).is_none();
        if plain { self.out.push_str(&spelled) } else { write!(self.out, "`{spelled}`").expect("writing to a String") }
    }

    fn text(&mut self, text: &str) {
        // A text that was read lacks what closes the quotes in which it stood.
        let fits = |(_, close): &&(char, char)| !text.chars().any(|c| lexer::closes(c, *close));
        let (open, close) = QUOTES.iter().find(fits).copied().unwrap_or(QUOTES[0]);
        self.out.push(open);
        self.out.push_str(text);
        self.out.push(close);
    }
}

/// What a text may stand in, the most usual first.
const QUOTES: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('「', '」'), ('“', '”')];

/// The Chinese and the CEL spelling of a period word; nothing for a word that has but one.
fn period_spelling(word: &str) -> Option<(String, String)> {
    const WORDS: [(&str, &str); 10] = [
        ("本年", "this_year"),
        ("上年", "last_year"),
        ("次年", "next_year"),
        ("本季", "this_quarter"),
        ("上季", "last_quarter"),
        ("本月", "this_month"),
        ("上月", "last_month"),
        ("本年各季", "quarters"),
        ("本年各月", "months"),
        ("本期", "now"),
    ];
    if let Some((zh, cel)) = WORDS.iter().find(|(zh, cel)| word == *zh || word == *cel) {
        return Some(((*zh).to_string(), (*cel).to_string()));
    }
    const SERIES: [(&str, &str); 2] = [("近", "recent_"), ("前", "past_")];
    const UNITS: [(&str, &str); 3] = [("年", "years"), ("季", "quarters"), ("月", "months")];
    SERIES.iter().find_map(|(zh, cel)| {
        let count = |rest: &str, unit: &str| rest.strip_suffix(unit).and_then(|digits| digits.trim_end_matches('_').parse::<u32>().ok());
        let rest = word.strip_prefix(zh).or_else(|| word.strip_prefix(cel))?;
        UNITS.iter().find_map(|(zh_unit, cel_unit)| {
            let count = count(rest, zh_unit).or_else(|| count(rest, cel_unit)).or_else(|| count(rest, &cel_unit[..cel_unit.len() - 1]))?;
            Some((format!("{zh}{count}{zh_unit}"), format!("{cel}{count}_{cel_unit}")))
        })
    })
}

/// A period word in one spelling, so that the two compare equal.
pub(crate) fn one_period_word(word: &str) -> String {
    period_spelling(word).map_or_else(|| word.to_string(), |(zh, _)| zh)
}

fn binding(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Binary { op, .. } => op.spelling().0,
        ExprKind::Between { .. } => COMPARISON,
        ExprKind::If { .. } => TERNARY,
        ExprKind::Negate(_) | ExprKind::Not(_) => UNARY,
        _ => TIGHTEST,
    }
}
