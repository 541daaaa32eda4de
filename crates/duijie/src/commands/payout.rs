//! `duijie payout`

use crate::arguments::Format;
use crate::money_arguments::{ActAs, Payout, PayoutCommand};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{
    App, EntitlementRequest, EntitlementView, ExportFormat, ManySteps, MeasureOverview, PayVerdict, Payee, PayoutAct, RunPreview, Sampling, TermsChange,
    TermsShown, TermsVersion, Viewer, every_page,
};
use duijie_vocab::{Fen, Lang, MoneyUnit, RecordId};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) fn run(world: &World, command: &Payout) -> Outcome {
    let app = world.open_existing()?;
    let viewer = who(&app, world, &command.who)?;
    let lang = world.lang;
    match &command.command {
        PayoutCommand::Preview { measure: Some(measure), period, all, output, format } => {
            preview(&app, &viewer, (measure, period), (*all, *format), output.as_deref(), lang)
        }
        PayoutCommand::Preview { measure: None, period, all, format, .. } => overview(&app, &viewer, period, (*all, *format), lang),
        PayoutCommand::Run { measure, period } => {
            let bar = show::progress("deciding");
            let done = app.payout_run(&viewer, measure, period, &mut |n| bar.set_position(n as u64))?;
            bar.finish_and_clear();
            println!("{}  {}  {}", done.run, done.made, done.pays.get(lang));
            done.changed.iter().for_each(|firm| eprintln!("{firm}: …"));
            Ok(if done.changed.is_empty() { Verdict::Done } else { Verdict::Wanting })
        }
        PayoutCommand::List { state, organization, output: Some(output), .. } => {
            let request = EntitlementRequest { state: state.clone(), organization: organization.clone(), ..EntitlementRequest::default() };
            to_file(output, |format, out| app.export_entitlements(&viewer, &request, format, lang, out))
        }
        PayoutCommand::List { state, organization, format, output: None } => list(&app, &viewer, state.clone(), organization.clone(), *format, lang),
        PayoutCommand::Confirm { id, name, bank, account } => {
            step(&app, &viewer, id, PayoutAct::Confirm { payee: Payee { name: name.clone(), bank: bank.clone(), account: account.clone() } }, lang)
        }
        PayoutCommand::Show { id, format } => show_one(&app.entitlement(&viewer, &id_of(id)?)?, *format, lang),
        PayoutCommand::Summary { organization, format } => summary(&app, &viewer, organization, *format, lang),
        PayoutCommand::Push { id } => step(&app, &viewer, id, PayoutAct::Push, lang),
        PayoutCommand::Step { id, act, reason } => step(&app, &viewer, id, with_reason(act, reason)?, lang),
        PayoutCommand::Approve { id: Some(id), .. } => step(&app, &viewer, id, PayoutAct::Approve, lang),
        PayoutCommand::Approve { id: None, .. } => Ok(many(&app.approve_payouts(&viewer, None)?, lang)),
        PayoutCommand::Publish { measure, period } => {
            let (list, steps) = app.publish_payouts(&viewer, measure, period)?;
            println!("{list}");
            Ok(many(&steps, lang))
        }
        PayoutCommand::Lists { list: Some(list), output: Some(output), .. } => to_file(output, |format, out| app.export_published(list, format, lang, out)),
        PayoutCommand::Lists { list: Some(list), format, .. } => published(&app, list, *format, lang),
        PayoutCommand::Lists { list: None, format, .. } => lists(&app, *format, lang),
        PayoutCommand::Pay { output } => pay(&app, &viewer, output, lang),
        PayoutCommand::Return { file, answer } => bank_answer(&app, &viewer, file, answer, lang),
        PayoutCommand::Recall { id, amount, reason } => {
            let amount = Fen::parse(amount, Some(MoneyUnit::Yuan))?;
            step(&app, &viewer, id, PayoutAct::Recall { amount, reason: reason.clone() }, lang)
        }
        PayoutCommand::Recover { id, serial } => step(&app, &viewer, id, PayoutAct::Recover { bank_serial: serial.clone() }, lang),
        PayoutCommand::Archive { id } => step(&app, &viewer, id, PayoutAct::Archive, lang),
        PayoutCommand::Replay { id, format } => replay(&app, &viewer, id, *format, lang),
        PayoutCommand::Missed { organization, period, format } => missed(&app, &viewer, (organization, period.as_deref()), *format, lang),
        PayoutCommand::Terms { region: place, two_above, objection_days, check_low, check_medium, large_from } => {
            let place = region(Some(place))?.context("name a region")?;
            let amount = |text: &Option<String>| text.as_ref().map(|text| Fen::parse(text, Some(MoneyUnit::Yuan))).transpose();
            let (two_above, large_from, now) = (amount(two_above)?, amount(large_from)?, app.payout_terms(place)?.sampling);
            let sampling =
                Sampling { low: check_low.unwrap_or(now.low), medium: check_medium.unwrap_or(now.medium), large_from: large_from.unwrap_or(now.large_from) };
            let change = TermsChange { two_above, objection_days: *objection_days, sampling: (sampling != now).then_some(sampling) };
            if change != TermsChange::default() {
                app.change_payout_terms(&viewer, place, change)?;
            } else {
                for TermsVersion { at, by, terms, .. } in app.payout_terms_history(&viewer, place)? {
                    let TermsShown { two_above, objection_days, low, medium, large_from } = terms;
                    let (two_above, large_from) = (two_above.get(lang), large_from.get(lang));
                    println!("{at}  {by}  {two_above}  {objection_days}  {low}  {medium}  {large_from}");
                }
            }
            Ok(Verdict::Done)
        }
    }
}

/// Who the command acts as.
pub(crate) fn who(app: &App, world: &World, act_as: &ActAs) -> anyhow::Result<Viewer> {
    match &act_as.login {
        Some(login) => app.act_as(login).with_context(|| format!("there is no account `{login}`")),
        None => Ok(world.viewer()),
    }
}

/// Writes a table to a file of the kind that its name says.
pub(crate) fn to_file(output: &Path, write: impl FnOnce(ExportFormat, &mut dyn Write) -> Result<usize, duijie_app::AppError>) -> Outcome {
    println!("{}", write_file(output, write)?);
    Ok(Verdict::Done)
}

fn write_file(output: &Path, write: impl FnOnce(ExportFormat, &mut dyn Write) -> Result<usize, duijie_app::AppError>) -> anyhow::Result<usize> {
    let ending = output.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    let format = ExportFormat::parse(&ending).filter(|format| matches!(format, ExportFormat::Xlsx | ExportFormat::Csv));
    let format = format.context("name a file that ends in .xlsx or .csv")?;
    let mut bytes = Vec::new();
    let count = write(format, &mut bytes)?;
    std::fs::write(output, bytes).with_context(|| format!("`{}` cannot be written", output.display()))?;
    Ok(count)
}

pub(crate) fn id_of(text: &str) -> anyhow::Result<RecordId> {
    RecordId::parse(text).with_context(|| format!("`{text}` is not an id"))
}

fn with_reason(act: &str, reason: &str) -> anyhow::Result<PayoutAct> {
    PayoutAct::with_reason(act, reason.to_string())
        .with_context(|| format!("there is no step `{act}`; choose review, clear, object, reject, appeal, dismiss, uphold or withdraw"))
}

fn step(app: &App, viewer: &Viewer, id: &str, act: PayoutAct, lang: Lang) -> Outcome {
    let after = app.payout_step(viewer, &id_of(id)?, act, None)?;
    println!("{}  {}", after.id, after.state_name.get(lang));
    Ok(Verdict::Done)
}

fn many(steps: &ManySteps, lang: Lang) -> Verdict {
    println!("{}  {}", steps.done, steps.amount.chinese());
    for (id, why) in &steps.refused {
        eprintln!("{id}: {}", why.get(lang));
    }
    if steps.refused.is_empty() { Verdict::Done } else { Verdict::Wanting }
}

/// How many rows are shown without `--all`.
const SHOWN: usize = 20;

/// The sums first, then the firms of whom something is to be decided.
fn preview(app: &App, viewer: &Viewer, (measure, period): (&str, &str), (all, format): (bool, Format), output: Option<&Path>, lang: Lang) -> Outcome {
    let bar = show::progress("deciding");
    let found = app.payout_preview(viewer, measure, period, &mut |n| bar.set_position(n as u64))?;
    bar.finish_and_clear();
    if let Some(output) = output {
        write_file(output, |format, out| app.export_preview(&found, format, lang, out))?;
    }
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    let word = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    println!("{}  {}", found.name.get(lang), found.period);
    println!(
        "{}  {} {}, {} {}, {} {}",
        found.pool,
        word("可用", "left"),
        found.left.get(lang),
        word("应付", "asked"),
        found.asked.get(lang),
        word("本次支付", "paid now"),
        found.pays.get(lang)
    );
    println!("{}", found.order_rule.get(lang));
    let sums = found
        .outcomes
        .iter()
        .map(|sum| [format!("  {}", sum.name.get(lang)), sum.firms.to_string(), sum.asked.get(lang).to_string(), sum.pays.get(lang).to_string()]);
    let head = [format!("  {}", word("结果", "outcome")), word("户数", "firms").into(), word("应付", "asked").into(), word("本次支付", "paid now").into()];
    show::columns(&std::iter::once(head).chain(sums).collect::<Vec<_>>()).iter().for_each(|line| println!("{line}"));
    for (group, firms) in &found.excluded {
        println!("  {} {group}: {firms}", word("互斥组", "excluded by"));
    }
    let facts = if all { found.missing.len() } else { FACTS };
    for (fact, firms) in found.missing.iter().take(facts) {
        println!("  {} {}: {firms}", word("缺少", "missing"), fact.get(lang));
    }
    rows(&found, all, lang);
    Ok(Verdict::Done)
}

/// How many missing facts are shown without `--all`.
const FACTS: usize = 10;

fn rows(found: &RunPreview, all: bool, lang: Lang) {
    // Who has no right at all is counted above.
    let told: Vec<_> = found.rows.iter().filter(|row| all || row.verdict != PayVerdict::NotEligible).collect();
    let shown = if all { told.len() } else { SHOWN };
    for row in told.iter().take(shown) {
        println!("{}  {}  {}", row.firm, row.name, row.reason.get(lang));
    }
    let more = found.rows.len() + found.not_listed - told.len().min(shown);
    if more > 0 {
        eprintln!("{}", show::more(more, lang));
    }
}

fn overview(app: &App, viewer: &Viewer, period: &str, (all, format): (bool, Format), lang: Lang) -> Outcome {
    let bar = show::progress("deciding");
    let found = app.payout_overview(viewer, period, &mut |n| bar.set_position(n as u64))?;
    bar.finish_and_clear();
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    let short = found.measures.iter().filter(|line| !line.covered).count();
    let word = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
    let (firms, measures) = (word("家企业", "firms"), word("个条款", "measures"));
    println!("{}  {} {firms}, {} {measures}, {} {short}", found.year, found.firms, found.measures.len(), word("资金不足", "beyond their pool:"));
    let mut lines: Vec<&MeasureOverview> = found.measures.iter().filter(|line| all || line.yes > 0).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.asked_fen));
    for line in lines.iter().take(if all { lines.len() } else { SHOWN }) {
        let mark = if line.covered { "≥" } else { "<" };
        let money = |fen: Fen| if lang == Lang::Zh { fen.chinese() } else { fen.to_string() };
        let (left, asked) = (money(line.left_fen), money(Fen(i64::try_from(line.asked_fen).unwrap_or(i64::MAX))));
        println!("{}  {}  {}/{}/{}  {left} {mark} {asked}", line.measure, line.name.get(lang), line.yes, line.no, line.unknown);
    }
    let more = found.measures.len() - lines.len().min(if all { lines.len() } else { SHOWN });
    if more > 0 {
        eprintln!("{}", show::more(more, lang));
    }
    Ok(Verdict::Done)
}

fn show_one(view: &EntitlementView, format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(view)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}  {}  {}", view.id, view.state_name.get(lang), view.amount.get(lang), view.firm_name);
    println!("{}  {}", view.measure_name.get(lang), view.period);
    for told in [&view.reason, &view.list, &view.open_until, &view.file, &view.payee].into_iter().flatten() {
        println!("{told}");
    }
    show::acts(&view.acts, lang);
    Ok(Verdict::Done)
}

fn summary(app: &App, viewer: &Viewer, organization: &str, format: Format, lang: Lang) -> Outcome {
    let found = app.payout_summary(viewer, &organization_called(app, organization)?)?;
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    for line in found.lines {
        println!("{}  {}  {}", line.name.get(lang), line.payouts, line.amount.get(lang));
    }
    Ok(Verdict::Done)
}

/// The organization with this id or this name.
pub(crate) fn organization_called(app: &App, name: &str) -> anyhow::Result<RecordId> {
    match RecordId::parse(name) {
        Some(id) => Ok(id),
        None => app.organization_named(name)?.with_context(|| format!("no organization, or several, are called `{name}`; give the id")),
    }
}

fn list(app: &App, viewer: &Viewer, state: Option<String>, organization: Option<String>, format: Format, lang: Lang) -> Outcome {
    let mut request = EntitlementRequest { state, organization, ..EntitlementRequest::default() };
    let rows = every_page(|after| {
        request.after = after;
        app.entitlements(viewer, &request)
    })?;
    if format == Format::Json {
        show::json(&rows)?;
    } else {
        for row in rows {
            println!("{}  {}  {}  {}  {}", row.id, row.state_name.get(lang), row.amount.get(lang), row.firm_name, row.measure_name.get(lang));
        }
    }
    Ok(Verdict::Done)
}

fn lists(app: &App, format: Format, lang: Lang) -> Outcome {
    let lists = every_page(|after| app.published_lists(after.as_deref()))?;
    if format == Format::Json {
        show::json(&lists)?;
        return Ok(Verdict::Done);
    }
    for list in lists {
        println!("{}  {}  {}  {}  {}", list.list, list.measure_name.get(lang), list.rows, list.total.get(lang), list.open_until.unwrap_or_default());
    }
    Ok(Verdict::Done)
}

fn published(app: &App, list: &str, format: Format, lang: Lang) -> Outcome {
    let mut found = app.published_list(list, None)?;
    while let Some(after) = found.next.take() {
        let part = app.published_list(list, Some(&after))?;
        found.rows.extend(part.rows);
        found.next = part.next;
    }
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}  {}", found.line.list, found.line.measure_name.get(lang), found.line.total.get(lang));
    for row in found.rows {
        println!("{}  {}  {}", row.firm_name, row.amount.get(lang), row.state_name.get(lang));
    }
    Ok(Verdict::Done)
}

fn pay(app: &App, viewer: &Viewer, output: &Path, lang: Lang) -> Outcome {
    let ending = output.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    let format = ExportFormat::parse(&ending)
        .filter(|format| matches!(format, ExportFormat::Xlsx | ExportFormat::Csv))
        .context("name a file that ends in .xlsx or .csv")?;
    let mut out = BufWriter::new(File::create(output).with_context(|| format!("`{}` cannot be written", output.display()))?);
    let made = app.payment_file(viewer)?;
    app.write_payments(viewer, &made.file, format, &mut out)?;
    out.flush()?;
    println!("{}  {}  {}", made.file, made.payments, made.total.get(lang));
    for (id, why) in &made.refused {
        eprintln!("{id}: {}", why.get(lang));
    }
    Ok(if made.refused.is_empty() { Verdict::Done } else { Verdict::Wanting })
}

fn bank_answer(app: &App, viewer: &Viewer, file: &str, answer: &Path, lang: Lang) -> Outcome {
    let bytes = std::fs::read(answer).with_context(|| format!("`{}` cannot be read", answer.display()))?;
    let report = app.read_payment_return(viewer, file, &answer.display().to_string(), &bytes)?;
    println!("{}  {}  {}", report.paid, report.paid_amount.chinese(), report.returned);
    for diagnostic in &report.diagnostics {
        eprintln!("{}", show::diagnostic(diagnostic, lang));
    }
    for id in &report.open {
        eprintln!("{id}: …");
    }
    Ok(if report.diagnostics.is_empty() { Verdict::Done } else { Verdict::Wanting })
}

fn replay(app: &App, viewer: &Viewer, id: &str, format: Format, lang: Lang) -> Outcome {
    let found = app.payout_replay(viewer, &id_of(id)?)?;
    if format == Format::Json {
        show::json(&found)?;
    } else {
        println!("{}  {}", if found.same { "=" } else { "≠" }, found.reason.get(lang));
    }
    Ok(if found.same { Verdict::Done } else { Verdict::Wanting })
}

fn missed(app: &App, viewer: &Viewer, (organization, period): (&str, Option<&str>), format: Format, lang: Lang) -> Outcome {
    let found = app.payout_missed(viewer, &organization_called(app, organization)?, period)?;
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}", found.name, found.year);
    for line in found.missed {
        println!("{}  {}  {}", line.measure, line.amount.unwrap_or_default().get(lang), line.reason.get(lang));
    }
    Ok(Verdict::Done)
}
