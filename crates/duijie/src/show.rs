//! Showing things on a terminal.

use duijie_app::{DecisionView, MatchView, Segment};
use duijie_vocab::{Diagnostic, Lang, Severity, Text};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

pub(crate) fn diagnostic(diagnostic: &Diagnostic, lang: Lang) -> String {
    let word = match (diagnostic.severity, lang) {
        (Severity::Error, Lang::Zh) => "错误",
        (Severity::Error, Lang::En) => "error",
        (Severity::Warning, Lang::Zh) => "注意",
        (Severity::Warning, Lang::En) => "warning",
        (Severity::Note, Lang::Zh) => "说明",
        (Severity::Note, Lang::En) => "note",
    };
    format!("{word}: {}", diagnostic.line(lang))
}

/// A bar on a terminal, nothing elsewhere.
pub(crate) fn progress(message: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg} {pos}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_message(message.to_string());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

pub(crate) fn segments(segments: &[Segment]) -> String {
    segments.iter().map(|segment| segment.text.as_str()).collect()
}

/// A match in some lines: what, how well, what carries it and what speaks against it.
pub(crate) fn matched(found: &MatchView, lang: Lang) -> String {
    let (plus, minus) = ("  + ", "  - ");
    let mut lines = vec![format!("{:>3}%  {}  [{}]  {}", found.percent, found.record.title, found.record.id, found.owner)];
    lines.extend(found.for_reasons.iter().map(|reason| format!("     {plus}{}", reason.get(lang))));
    lines.extend(found.against_reasons.iter().map(|reason| format!("     {minus}{}", reason.get(lang))));
    lines.join("\n")
}

/// A decision in some lines: what, how much, why, condition by condition.
pub(crate) fn decided(decision: &DecisionView, lang: Lang) -> String {
    let mut lines = vec![format!("{}  [{}]", decision.reason.get(lang), decision.measure)];
    if !decision.beside.get(lang).is_empty() {
        lines.push(format!("     ! {}", decision.beside.get(lang)));
    }
    for condition in &decision.conditions {
        let mark = match condition.verdict.as_str() {
            "yes" => "✓",
            "no" => "✗",
            "error" => "!",
            _ => "?",
        };
        let clause = if condition.clause.is_empty() { String::new() } else { format!("  ({})", condition.clause) };
        lines.push(format!("     {}{mark} {}{clause}", "  ".repeat(condition.depth), condition.sentence.get(lang)));
    }
    lines.join("\n")
}

pub(crate) fn counts(counts: &[(String, Text, usize)], lang: Lang) -> String {
    counts.iter().map(|(_, name, count)| format!("{} {count}", name.get(lang))).collect::<Vec<_>>().join(if lang == Lang::Zh { "，" } else { ", " })
}

/// Rows as lines with their columns set apart; a Chinese character is two columns wide.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |cell: &str| cell.chars().map(|c| if c >= '\u{1100}' && c != '−' { 2 } else { 1 }).sum::<usize>();
    let widths: [usize; N] = std::array::from_fn(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide - width(cell)))).collect();
        cells.join("  ").trim_end().to_string()
    };
    rows.iter().map(line).collect()
}

/// The steps that may be taken, on a line of their own.
pub(crate) fn acts(acts: &[&'static str], lang: Lang) {
    let named: Vec<String> = acts.iter().map(|act| format!("{act} ({})", duijie_app::act_name(act).get(lang))).collect();
    if !named.is_empty() {
        println!("→ {}", named.join(", "));
    }
}

/// That a list goes on, and how to see the rest.
pub(crate) fn more(count: usize, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("… 另有 {count} 条；加 --all 或 --format json 查看"),
        Lang::En => format!("… {count} more; see them with --all or --format json"),
    }
}

/// Prints `value` as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let out = std::io::stdout().lock();
    serde_json::to_writer_pretty(out, value)?;
    println!();
    Ok(())
}
