//! A measure as an official would print it: title, particulars, numbered conditions, benefit, notes.

use crate::RoundingMode;
use crate::book::{Book, Measure};
use crate::measure::{Certainty, Condition, Delivery, PoolOrder, Rule, SharedCap, Test, Window};
use crate::period::Cycle;
use crate::print::{Style, print_rule};
use duijie_vocab::{Date, Fen, Lang, RegionCode};
use serde::{Deserialize, Serialize};

/// A printed measure, top down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub heading: String,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `（一）`, `1.`, or empty.
    pub number: String,
    pub text: String,
    /// The rule behind the words, in the language's spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

impl Line {
    fn plain(text: impl Into<String>) -> Line {
        Line { number: String::new(), text: text.into(), rule: None, clause: None, lines: Vec::new() }
    }
}

/// The document of a measure in a language, its rules in the spelling that goes with it.
pub fn render(book: &Book, measure: &Measure, lang: Lang) -> Document {
    let style = match lang {
        Lang::Zh => Style::Zh,
        Lang::En => Style::Cel,
    };
    render_in(book, measure, lang, style)
}

/// The document of a measure in a language, its rules in a spelling.
pub fn render_in(book: &Book, measure: &Measure, lang: Lang, style: Style) -> Document {
    let printer = Printer { book, measure, lang, style };
    let sections = [printer.particulars(), printer.conditions(), printer.benefit(), printer.parameters(), printer.limits(), printer.remarks()];
    Document {
        id: measure.id().to_string(),
        version: measure.version,
        title: measure.source.name.get(lang).to_string(),
        sections: sections.into_iter().filter(|section| !section.lines.is_empty()).collect(),
    }
}

struct Printer<'b> {
    book: &'b Book,
    measure: &'b Measure,
    lang: Lang,
    style: Style,
}

impl Printer<'_> {
    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn money(&self, amount: Fen) -> String {
        match self.lang {
            Lang::Zh => amount.chinese(),
            Lang::En => amount.to_string(),
        }
    }

    fn section(&self, zh: &str, en: &str, lines: Vec<Line>) -> Section {
        Section { heading: self.pick(zh, en).to_string(), lines }
    }

    /// `名称：值`.
    fn named(&self, zh: &str, en: &str, value: impl std::fmt::Display) -> Line {
        Line::plain(match self.lang {
            Lang::Zh => format!("{zh}：{value}"),
            Lang::En => format!("{en}: {value}"),
        })
    }

    fn rule(&self, rule: &Rule) -> String {
        print_rule(&rule.expr, self.style, self.book.vocabulary())
    }

    fn day(&self, day: Date) -> String {
        match self.lang {
            Lang::Zh => day.chinese(),
            Lang::En => day.to_string(),
        }
    }

    fn span(&self, from: Option<Date>, until: Option<Date>) -> String {
        match (from, until, self.lang) {
            (Some(from), Some(until), Lang::Zh) => format!("{}至{}", self.day(from), self.day(until)),
            (Some(from), Some(until), Lang::En) => format!("{from} to {until}"),
            (Some(from), None, Lang::Zh) => format!("自{}起", self.day(from)),
            (Some(from), None, Lang::En) => format!("from {from}"),
            (None, Some(until), Lang::Zh) => format!("至{}止", self.day(until)),
            (None, Some(until), Lang::En) => format!("until {until}"),
            (None, None, Lang::Zh) => "长期".to_string(),
            (None, None, Lang::En) => "without limit".to_string(),
        }
    }

    fn particulars(&self) -> Section {
        let source = &self.measure.source;
        let mut lines: Vec<Line> = source.basis.iter().map(|basis| self.named("依据", "Basis", self.basis(basis))).collect();
        lines.push(self.named("适用地区", "Region", self.region(source.region)));
        lines.push(self.named("有效期", "In force", self.span(source.in_force.0, source.in_force.1)));
        let versions = self.book.versions(&source.id);
        if versions.len() > 1 {
            let others: Vec<String> = versions
                .iter()
                .filter(|other| other.version != self.measure.version)
                .map(|other| format!("v{} {}", other.version, self.span(other.source.in_force.0, other.source.in_force.1)))
                .collect();
            let (own, rest) = (self.measure.version, others.join(self.pick("；", "; ")));
            lines.push(self.named("版本", "Version", format!("v{own}{}{rest}", self.pick("；另有 ", "; others: "))));
        }
        let cycle = match source.period {
            Cycle::Year => self.pick("按年度", "each year"),
            Cycle::Quarter => self.pick("按季度", "each quarter"),
            Cycle::Month => self.pick("按月", "each month"),
            Cycle::Instant => self.pick("一次性", "once"),
        };
        lines.push(self.named("认定期间", "Period", cycle));
        if let Some(window) = source.window {
            lines.push(self.named("申报时间", "Claims", self.window(window)));
        }
        let delivery = match source.delivery {
            Delivery::Automatic => self.pick("免申即享", "automatic"),
            Delivery::Confirm => self.pick("快申快享", "on confirmation"),
            Delivery::Apply => self.pick("申报评审", "by application"),
        };
        lines.push(self.named("办理方式", "Delivery", delivery));
        if let Some(validity) = &source.validity {
            lines.push(self.named("结果有效期", "Result valid for", validity));
        }
        self.section("基本信息", "Particulars", lines)
    }

    /// The names of a region; in English with the code, as divisions have Chinese names alone.
    fn region(&self, region: RegionCode) -> String {
        match (region == RegionCode::NATION, self.lang) {
            (true, Lang::Zh) => "全国".to_string(),
            (true, Lang::En) => "the whole country".to_string(),
            (false, Lang::Zh) => region.path(),
            (false, Lang::En) => format!("{region} ({})", region.path()),
        }
    }

    fn basis(&self, basis: &crate::Basis) -> String {
        let document = match self.lang {
            Lang::Zh => format!("《{}》", basis.document),
            Lang::En => basis.document.clone(),
        };
        let rest: Vec<&str> = [&basis.issuer, &basis.number, &basis.year, &basis.clause].into_iter().filter_map(|part| part.as_deref()).collect();
        if rest.is_empty() { document } else { format!("{document}（{}）", rest.join(self.pick("，", ", "))) }
    }

    fn window(&self, window: Window) -> String {
        match (window, self.lang) {
            (Window::Dates { from, until }, _) => self.span(Some(from), Some(until)),
            (Window::Yearly { from, until, same_year }, Lang::Zh) => {
                format!("{}{}月{}日至{}月{}日", if same_year { "每年" } else { "次年" }, from.0, from.1, until.0, until.1)
            }
            (Window::Yearly { from, until, same_year }, Lang::En) => {
                format!("{:02}-{:02} to {:02}-{:02} {}", from.0, from.1, until.0, until.1, if same_year { "of the year" } else { "of the year after" })
            }
        }
    }

    fn conditions(&self) -> Section {
        let lines = self.condition_lines(&self.measure.source.when, 0);
        self.section("申报条件", "Conditions", lines)
    }

    fn condition_lines(&self, conditions: &[Condition], depth: usize) -> Vec<Line> {
        conditions.iter().enumerate().map(|(at, condition)| self.condition(condition, at + 1, depth)).collect()
    }

    fn condition(&self, condition: &Condition, number: usize, depth: usize) -> Line {
        let label = condition.label.get(self.lang);
        let (text, rule, lines) = match &condition.test {
            Test::Rule(rule) => (label.to_string(), Some(self.rule(rule)), Vec::new()),
            Test::Attest(who) => (format!("{label}（{who}）"), None, Vec::new()),
            Test::AnyOf(inner) => (format!("{label}{}", self.pick("（符合其一）", " (any one)")), None, self.condition_lines(inner, depth + 1)),
            Test::AllOf(inner) => (format!("{label}{}", self.pick("（全部符合）", " (all)")), None, self.condition_lines(inner, depth + 1)),
            Test::NoneOf(inner) => (format!("{label}{}", self.pick("（均不得有）", " (none)")), None, self.condition_lines(inner, depth + 1)),
        };
        let number = match (self.lang, depth) {
            (Lang::Zh, 0) => format!("（{}）", chinese_number(number)),
            (_, 0) => format!("{number}."),
            _ => format!("{number})"),
        };
        Line { number, text, rule, clause: condition.clause.clone(), lines }
    }

    fn benefit(&self) -> Section {
        let mut lines = Vec::new();
        if let Some(benefit) = &self.measure.source.benefit {
            lines.extend(benefit.kind.map(|kind| self.named("类别", "Kind", kind.described().get(self.lang))));
            let mut add = |zh, en, rule: &Option<Rule>| {
                if let Some(rule) = rule {
                    lines.push(self.named(zh, en, self.rule(rule)));
                }
            };
            add("金额", "Amount", &benefit.amount);
            add("比例", "Rate", &benefit.rate);
            add("计算基数", "Base", &benefit.base);
            add("最低", "At least", &benefit.floor);
            add("最高", "At most", &benefit.cap);
            if benefit.rounding.step_fen != 1 {
                let mode = match benefit.rounding.mode {
                    RoundingMode::HalfUp => self.pick("四舍五入", "half up"),
                    RoundingMode::HalfEven => self.pick("四舍六入五成双", "half to even"),
                    RoundingMode::Down => self.pick("舍去", "down"),
                    RoundingMode::Up => self.pick("进位", "up"),
                };
                let to = self.money(Fen(benefit.rounding.step_fen));
                lines.push(self.named("取整", "Rounded to", format!("{to}{}", self.pick("，", ", ")) + mode));
            }
            lines.extend(benefit.note.iter().map(|note| Line::plain(note.get(self.lang))));
        }
        self.section("支持标准", "Benefit", lines)
    }

    fn parameters(&self) -> Section {
        let mut lines = Vec::new();
        for parameter in &self.measure.source.parameters {
            let rows = parameter.lines.iter().map(|row| {
                let span = if row.from.is_none() && row.until.is_none() { String::new() } else { format!("{} ", self.span(row.from, row.until)) };
                let when = row.when.as_ref().map(|rule| match self.lang {
                    Lang::Zh => format!("{}：", self.rule(rule)),
                    Lang::En => format!("{}: ", self.rule(rule)),
                });
                Line { clause: row.clause.clone(), ..Line::plain(format!("{span}{}{}", when.unwrap_or_default(), self.rule(&row.value))) }
            });
            lines.push(Line { lines: rows.collect(), ..Line::plain(&parameter.name) });
        }
        self.section("参数", "Parameters", lines)
    }

    fn limits(&self) -> Section {
        let source = &self.measure.source;
        let mut lines = Vec::new();
        if let Some(SharedCap { group, cap }) = &source.shared_cap {
            let cap = if self.lang == Lang::Zh { cap.chinese() } else { cap.to_string() };
            lines.push(self.named("共同上限", "Shared limit", format!("{group} {cap}")));
        }
        if !source.exclusive.is_empty() {
            lines.extend(source.exclusive.iter().map(|group| self.named("同类就高不重复", "Only the best of a group is paid", self.group(group))));
        }
        if let Some(budget) = &source.budget {
            let order = match budget.order {
                PoolOrder::FirstCome => self.pick("先到先得", "first come, first served"),
                PoolOrder::HighestFirst => self.pick("高者优先", "highest first"),
                PoolOrder::ProRata => self.pick("按比例分配", "pro rata"),
            };
            lines.push(self.named("资金来源", "Budget", format!("{}（{order}）", budget.pool)));
            lines.extend(budget.amount.map(|amount| self.named("资金总额", "Budgeted", self.money(amount))));
        }
        self.section("限制", "Limits", lines)
    }

    /// A group with the names of the other measures in it.
    fn group(&self, group: &String) -> String {
        let others = self.book.ids().filter_map(|id| self.book.measure(id)).filter(|other| other.id() != self.measure.id());
        let names: Vec<&str> = others.filter(|other| other.source.exclusive.contains(group)).map(|other| other.source.name.get(self.lang)).collect();
        match (names.is_empty(), self.lang) {
            (true, Lang::Zh) => format!("{group}（组内没有其他措施）"),
            (true, Lang::En) => format!("{group} (no other measure is in it)"),
            (false, Lang::Zh) => format!("{}（{group}）", names.join("、")),
            (false, Lang::En) => format!("{} ({group})", names.join(", ")),
        }
    }

    fn remarks(&self) -> Section {
        let source = &self.measure.source;
        let mut lines = Vec::new();
        if let Some(certainty) = source.certainty {
            let words = match certainty {
                Certainty::A => self.pick("A（官方原文）", "A (official text)"),
                Certainty::B => self.pick("B（二手来源一致）", "B (secondary sources agree)"),
                Certainty::C => self.pick("C（未经核实，不得作为依据）", "C (unverified, not to be relied on)"),
            };
            lines.push(self.named("可靠程度", "Certainty", words));
        }
        if let Some(interpretation) = &source.interpretation {
            lines.push(self.named("所采理解", "Reading", interpretation.get(self.lang)));
        }
        lines.extend(source.source.iter().map(|one| self.named("出处", "Source", one)));
        lines.extend(source.note.iter().map(|note| Line::plain(note.get(self.lang))));
        self.section("说明", "Remarks", lines)
    }
}

/// 一 to 九十九.
fn chinese_number(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match number {
        0..10 => DIGITS[number].to_string(),
        10..20 => format!("十{}", DIGITS[number - 10]),
        20..100 => format!("{}十{}", DIGITS[number / 10], DIGITS[number % 10]),
        _ => number.to_string(),
    }
}
