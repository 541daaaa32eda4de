//! `duijie voucher`

use crate::arguments::Format;
use crate::commands::payout::{to_file, who};
use crate::money_arguments::{Voucher, VoucherCommand};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{App, PairView, RatingFile, TableReport, Viewer};
use duijie_vocab::Lang;
use std::path::Path;

pub(crate) fn run(world: &World, command: &Voucher) -> Outcome {
    let app = world.open_existing()?;
    let viewer = who(&app, world, &command.who)?;
    let lang = world.lang;
    match &command.command {
        VoucherCommand::Scheme { files } => {
            for file in files {
                let text = String::from_utf8(read(file)?).with_context(|| format!("`{}` is not UTF-8", file.display()))?;
                let scheme = app.put_scheme(&viewer, &file.display().to_string(), &text)?;
                println!("{}  {}", scheme.id, scheme.name.get(lang));
            }
            Ok(Verdict::Done)
        }
        VoucherCommand::Agencies { file, accept } => Ok(told(&app.agencies_from_table(&viewer, &name(file), &read(file)?, *accept)?, lang)),
        VoucherCommand::Catalogue { format } => catalogue(&app, *format, lang),
        VoucherCommand::Rate { file } => rate(&app, &viewer, file, lang),
        VoucherCommand::Apply { scheme, file } => Ok(told(&app.apply_from_table(&viewer, scheme, &name(file), &read(file)?)?, lang)),
        VoucherCommand::Review { scheme } => Ok(told(&app.review_vouchers(&viewer, scheme)?, lang)),
        VoucherCommand::Order { scheme, file } => Ok(told(&app.order_from_table(&viewer, scheme, &name(file), &read(file)?)?, lang)),
        VoucherCommand::Deliver { scheme, file } => Ok(told(&app.deliver_from_table(&viewer, scheme, &name(file), &read(file)?)?, lang)),
        VoucherCommand::Redeem { scheme, file, despite } => redeem(&app, &viewer, (scheme, file), despite.as_deref(), lang),
        VoucherCommand::Pay { batch, serial } => {
            println!("{}", app.pay_batch(&viewer, batch, serial)?);
            Ok(Verdict::Done)
        }
        VoucherCommand::Expire => {
            println!("{}", app.expire_vouchers(&viewer)?);
            Ok(Verdict::Done)
        }
        VoucherCommand::List { state, format } => list(&app, &viewer, state.as_deref(), *format, lang),
        VoucherCommand::Orders { output } => to_file(output, |format, out| app.export_orders(&viewer, format, lang, out)),
        VoucherCommand::Figures { scheme, format } => figures(&app, scheme, *format),
        VoucherCommand::Clearing { format } => pairs(&app.clearing(&viewer)?, *format, lang),
        VoucherCommand::Settle { run } => pairs(&app.settle_regions(&viewer, run)?, Format::Text, lang),
    }
}

fn name(file: &Path) -> String {
    file.display().to_string()
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))
}

fn told(report: &TableReport, lang: Lang) -> Verdict {
    println!("{}", report.done);
    for diagnostic in &report.diagnostics {
        eprintln!("{}", show::diagnostic(diagnostic, lang));
    }
    if report.diagnostics.is_empty() { Verdict::Done } else { Verdict::Wanting }
}

fn catalogue(app: &App, format: Format, lang: Lang) -> Outcome {
    let agencies = app.agencies()?;
    if format == Format::Json {
        show::json(&agencies)?;
        return Ok(Verdict::Done);
    }
    let words = |texts: &[duijie_vocab::Text]| texts.iter().map(|text| text.get(lang)).collect::<Vec<_>>().join("、");
    for agency in agencies {
        let best = if agency.best_in.is_empty() { String::new() } else { format!("  ★ {}", words(&agency.best_in)) };
        println!("{}  {}  {}{best}", agency.region_name, agency.name, words(&agency.classes));
    }
    Ok(Verdict::Done)
}

fn rate(app: &App, viewer: &Viewer, file: &Path, lang: Lang) -> Outcome {
    let text = String::from_utf8(read(file)?).with_context(|| format!("`{}` is not UTF-8", file.display()))?;
    let rating: RatingFile = app.read_rating(&name(file), &text)?;
    for view in app.rate_agencies(viewer, &rating)? {
        println!("{}  {}  {}", view.region_name, view.class.get(lang), view.years);
        for rated in view.rated {
            println!("  {:>2}  {:>6}.{:02}  {}", rated.rank, rated.total / 100, rated.total % 100, rated.name);
        }
    }
    Ok(Verdict::Done)
}

fn redeem(app: &App, viewer: &Viewer, (scheme, file): (&str, &Path), despite: Option<&str>, lang: Lang) -> Outcome {
    let mut verdict = Verdict::Done;
    for report in app.redeem_from_table(viewer, scheme, &name(file), &read(file)?, despite)? {
        println!("{}  {}  {}  {}", report.batch, report.redeemed, report.contracts, report.amount);
        for (id, why) in &report.held {
            eprintln!("{id}: {}", why.get(lang));
            verdict = Verdict::Wanting;
        }
    }
    Ok(verdict)
}

fn list(app: &App, viewer: &Viewer, state: Option<&str>, format: Format, lang: Lang) -> Outcome {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = app.vouchers(viewer, state, after.as_deref())?;
        rows.extend(page);
        after = next;
        if after.is_none() {
            break;
        }
    }
    if format == Format::Json {
        show::json(&rows)?;
        return Ok(Verdict::Done);
    }
    for row in rows {
        println!("{}  {}  {}  {}  {}", row.number, row.state_name.get(lang), row.value, row.holder_name, row.service.get(lang));
    }
    Ok(Verdict::Done)
}

fn figures(app: &App, scheme: &str, format: Format) -> Outcome {
    let figures = app.scheme_figures(scheme)?;
    if format == Format::Json {
        show::json(&figures)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {} / {}  {}  {}", figures.scheme, figures.agencies, figures.orders, figures.contracts_shown, figures.redeemed_shown);
    for (batch, count, amount) in figures.batches {
        println!("  {batch}  {count}  {amount}");
    }
    Ok(Verdict::Done)
}

fn pairs(pairs: &[PairView], format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(&pairs)?;
        return Ok(Verdict::Done);
    }
    for pair in pairs {
        print!("{}", pair.statement.get(lang));
    }
    Ok(Verdict::Done)
}
