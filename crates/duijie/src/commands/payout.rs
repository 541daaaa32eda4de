//! `duijie payout`

use crate::arguments::Format;
use crate::money_arguments::{ActAs, Payout, PayoutCommand};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{App, EntitlementRequest, ExportFormat, ManySteps, Payee, PayoutAct, Terms, Viewer};
use duijie_vocab::{Fen, Lang, MoneyUnit, RecordId};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) fn run(world: &World, command: &Payout) -> Outcome {
    let app = world.open_existing()?;
    let viewer = who(&app, world, &command.who)?;
    let lang = world.lang;
    match &command.command {
        PayoutCommand::Preview { measure: Some(measure), period, format } => preview(&app, &viewer, (measure, period), *format, lang),
        PayoutCommand::Preview { measure: None, period, format } => overview(&app, &viewer, period, *format, lang),
        PayoutCommand::Run { measure, period } => {
            let bar = show::progress("deciding");
            let done = app.payout_run(&viewer, measure, period, &mut |n| bar.set_position(n as u64))?;
            bar.finish_and_clear();
            println!("{}  {}  {}", done.run, done.made, done.pays);
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
        PayoutCommand::Step { id, act, reason } => step(&app, &viewer, id, with_reason(act, reason)?, lang),
        PayoutCommand::Approve { id: Some(id), .. } => step(&app, &viewer, id, PayoutAct::Approve, lang),
        PayoutCommand::Approve { id: None, .. } => {
            let mut ids = Vec::new();
            for state in ["confirmed", "endorsed"] {
                let request = EntitlementRequest { state: Some(state.to_string()), ..EntitlementRequest::default() };
                ids.extend(app.entitlement_ids(&viewer, &request)?);
            }
            Ok(many(&app.payout_steps(&viewer, &ids, &PayoutAct::Approve)?, lang))
        }
        PayoutCommand::Publish { measure, period } => {
            let (list, steps) = app.publish_payouts(&viewer, measure, period)?;
            println!("{list}");
            Ok(many(&steps, lang))
        }
        PayoutCommand::Lists { format } => lists(&app, *format, lang),
        PayoutCommand::Pay { output } => pay(&app, &viewer, output, lang),
        PayoutCommand::Return { file, answer } => bank_answer(&app, &viewer, file, answer, lang),
        PayoutCommand::Recall { id, amount, reason } => {
            let amount = Fen::parse(amount, Some(MoneyUnit::Yuan))?;
            step(&app, &viewer, id, PayoutAct::Recall { amount, reason: reason.clone() }, lang)
        }
        PayoutCommand::Recover { id, serial } => step(&app, &viewer, id, PayoutAct::Recover { bank_serial: serial.clone() }, lang),
        PayoutCommand::Archive { id } => step(&app, &viewer, id, PayoutAct::Archive, lang),
        PayoutCommand::Replay { id, format } => replay(&app, &viewer, id, *format, lang),
        PayoutCommand::Missed { organization, period, format } => missed(&app, &viewer, (organization, period), *format, lang),
        PayoutCommand::Terms { region: place, two_above, objection_days } => {
            let place = region(Some(place))?.context("name a region")?;
            let terms = Terms { two_above: Fen::parse(two_above, Some(MoneyUnit::Yuan))?, objection_days: *objection_days };
            app.put_payout_terms(&viewer, place, terms)?;
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
    let ending = output.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    let format = ExportFormat::parse(&ending).filter(|format| matches!(format, ExportFormat::Xlsx | ExportFormat::Csv));
    let format = format.context("name a file that ends in .xlsx or .csv")?;
    let mut bytes = Vec::new();
    let count = write(format, &mut bytes)?;
    std::fs::write(output, bytes).with_context(|| format!("`{}` cannot be written", output.display()))?;
    println!("{count}");
    Ok(Verdict::Done)
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

fn preview(app: &App, viewer: &Viewer, (measure, period): (&str, &str), format: Format, lang: Lang) -> Outcome {
    let bar = show::progress("deciding");
    let found = app.payout_preview(viewer, measure, period, &mut |n| bar.set_position(n as u64))?;
    bar.finish_and_clear();
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}  {}", found.name.get(lang), found.period, found.pool);
    println!("{} → {} → {}", found.left, found.asked, found.pays);
    println!("{}", found.order_rule.get(lang));
    for (_, name, count) in &found.counts {
        println!("  {} {count}", name.get(lang));
    }
    const SHOWN: usize = 50;
    for row in found.rows.iter().take(SHOWN) {
        println!("{}  {}  {}", row.firm, row.name, row.reason.get(lang));
    }
    let more = found.rows.len().saturating_sub(SHOWN) + found.not_listed;
    if more > 0 {
        println!("… {more}");
    }
    Ok(Verdict::Done)
}

fn overview(app: &App, viewer: &Viewer, period: &str, format: Format, lang: Lang) -> Outcome {
    let bar = show::progress("deciding");
    let found = app.payout_overview(viewer, period, &mut |n| bar.set_position(n as u64))?;
    bar.finish_and_clear();
    if format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}", found.year, found.firms);
    for line in found.measures {
        let mark = if line.covered { "≥" } else { "<" };
        let money = |fen: Fen| if lang == Lang::Zh { fen.chinese() } else { fen.to_string() };
        let (left, asked) = (money(line.left_fen), money(Fen(i64::try_from(line.asked_fen).unwrap_or(i64::MAX))));
        println!("{}  {}  {}/{}/{}  {left} {mark} {asked}", line.measure, line.name.get(lang), line.yes, line.no, line.unknown);
    }
    Ok(Verdict::Done)
}

fn list(app: &App, viewer: &Viewer, state: Option<String>, organization: Option<String>, format: Format, lang: Lang) -> Outcome {
    let mut request = EntitlementRequest { state, organization, ..EntitlementRequest::default() };
    let mut rows = Vec::new();
    loop {
        let (page, next) = app.entitlements(viewer, &request)?;
        rows.extend(page);
        request.after = next;
        if request.after.is_none() {
            break;
        }
    }
    if format == Format::Json {
        show::json(&rows)?;
    } else {
        for row in rows {
            println!("{}  {}  {}  {}  {}", row.id, row.state_name.get(lang), row.amount, row.firm_name, row.measure_name.get(lang));
        }
    }
    Ok(Verdict::Done)
}

fn lists(app: &App, format: Format, lang: Lang) -> Outcome {
    let lists = app.published_lists()?;
    if format == Format::Json {
        show::json(&lists)?;
        return Ok(Verdict::Done);
    }
    for list in lists {
        println!("{}  {}  {}", list.list, list.measure_name.get(lang), list.total);
        for row in list.rows {
            println!("  {}  {}  {}", row.firm_name, row.amount, row.state_name.get(lang));
        }
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
    println!("{}  {}  {}", made.file, made.payments, made.total);
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

fn missed(app: &App, viewer: &Viewer, (organization, period): (&str, &str), format: Format, lang: Lang) -> Outcome {
    let id = match RecordId::parse(organization) {
        Some(id) => id,
        None => app.organization_named(organization)?.with_context(|| format!("no organization, or several, are called `{organization}`; give the id"))?,
    };
    let missed = app.payout_missed(viewer, &id, period)?;
    if format == Format::Json {
        show::json(&missed)?;
        return Ok(Verdict::Done);
    }
    for line in missed {
        println!("{}  {}  {}", line.measure, line.amount.unwrap_or_default(), line.reason.get(lang));
    }
    Ok(Verdict::Done)
}
