//! `duijie voucher`

use crate::arguments::Format;
use crate::commands::payout::{id_of, organization_called, to_file, who};
use crate::money_arguments::{Voucher, VoucherCommand};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::{Context, bail};
use duijie_app::{
    AgencyView, App, FilingAct, OrderAct, PairView, RatingFile, RatingView, RedeemReport, SchemeChange, SchemeVersion, SchemeView, ServiceClass, TableReport,
    Viewer, VoucherAct, every_page,
};
use duijie_vocab::{Lang, RecordId, Text};
use std::path::Path;

pub(crate) fn run(world: &World, command: &Voucher) -> Outcome {
    let app = world.open_existing()?;
    let viewer = who(&app, world, &command.who)?;
    let lang = world.lang;
    match &command.command {
        VoucherCommand::Terms { scheme, history: true, format } => versions(&app.scheme_history(&viewer, scheme)?, *format, lang),
        VoucherCommand::Terms { scheme, history: false, format } => terms(&app.scheme_view(scheme)?, *format, lang),
        VoucherCommand::Scheme { files, preview } => {
            for file in files {
                let text = String::from_utf8(read(file)?).with_context(|| format!("`{}` is not UTF-8", file.display()))?;
                if *preview {
                    let preview = app.preview_scheme(&viewer, &file.display().to_string(), &text)?;
                    println!("{}  {}", preview.scheme.id, preview.scheme.name.get(lang));
                    changed(&preview.changes, lang);
                    continue;
                }
                let scheme = app.put_scheme(&viewer, &file.display().to_string(), &text)?;
                println!("{}  {}", scheme.id, scheme.name.get(lang));
            }
            Ok(Verdict::Done)
        }
        VoucherCommand::Agencies { file, accept } => Ok(told(&app.agencies_from_table(&viewer, &name(file), &read(file)?, *accept)?, lang)),
        VoucherCommand::File { organization, region: place, classes } => {
            let place = region(Some(place))?.context("name a region")?;
            let class = |word: &String| ServiceClass::parse(word).with_context(|| format!("`{word}` is none of the eight classes"));
            let classes = classes.iter().map(class).collect::<anyhow::Result<Vec<_>>>()?;
            filed(&app.file_agency(&viewer, &organization_called(&app, organization)?, place, classes)?, lang)
        }
        VoucherCommand::Filings { format } => filings(&app.filings(&viewer)?, *format, lang),
        VoucherCommand::Filing { id, act, reason } => filed(&app.filing_step(&viewer, &id_of(id)?, &filing_act(act, reason)?)?, lang),
        VoucherCommand::Ratings { format } => ratings(&app.ratings()?, *format, lang),
        VoucherCommand::Schemes { format } => schemes(&app, *format, lang),
        VoucherCommand::Catalogue { output: Some(output), .. } => to_file(output, |format, out| app.export_agencies(&viewer, format, lang, out)),
        VoucherCommand::Catalogue { output: None, format } => catalogue(&app, &viewer, *format, lang),
        VoucherCommand::Rate { file } => rate(&app, &viewer, file, lang),
        VoucherCommand::Apply { scheme, file } => Ok(told(&app.apply_from_table(&viewer, scheme, &name(file), &read(file)?)?, lang)),
        VoucherCommand::Review { scheme } => Ok(told(&app.review_vouchers(&viewer, scheme)?, lang)),
        VoucherCommand::Order { scheme, file, files } => {
            let folder = files.as_deref().map(|folder| move |name: &str| std::fs::read(folder.join(name)));
            let files = folder.as_ref().map(|read| read as &dyn Fn(&str) -> std::io::Result<Vec<u8>>);
            Ok(told(&app.order_from_table(&viewer, scheme, &name(file), &read(file)?, files)?, lang))
        }
        VoucherCommand::Deliver { scheme, file, files } => {
            let folder = files.as_deref().map(|folder| move |name: &str| std::fs::read(folder.join(name)));
            let files = folder.as_ref().map(|read| read as &dyn Fn(&str) -> std::io::Result<Vec<u8>>);
            Ok(told(&app.deliver_from_table(&viewer, scheme, &name(file), &read(file)?, files)?, lang))
        }
        VoucherCommand::Show { id, format } => show_one(&app, &viewer, &id_of(id)?, *format, lang),
        VoucherCommand::Step { id, act, reason } => step(&app, &viewer, &id_of(id)?, (act, reason), lang),
        VoucherCommand::Attach { order, file } => {
            let called = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            app.attach_order_file(&viewer, &id_of(order)?, &called, &read(file)?)?;
            Ok(Verdict::Done)
        }
        VoucherCommand::Redeem { scheme, file, despite } => redeem(&app, &viewer, (scheme, file), despite.as_deref(), lang),
        VoucherCommand::RedeemClaimed { batch, despite } => {
            let orders = app.claimed_orders(&viewer)?;
            Ok(redeemed(&[app.redeem_batch(&viewer, batch, &orders, despite.as_deref())?], lang))
        }
        VoucherCommand::Pay { batch, serial } => {
            println!("{}", app.pay_batch(&viewer, batch, serial)?);
            Ok(Verdict::Done)
        }
        VoucherCommand::Expire => {
            println!("{}", app.expire_vouchers(&viewer)?);
            Ok(Verdict::Done)
        }
        VoucherCommand::List { output: Some(output), .. } => to_file(output, |format, out| app.export_vouchers(&viewer, format, lang, out)),
        VoucherCommand::List { state, format, output: None } => list(&app, &viewer, state.as_deref(), *format, lang),
        VoucherCommand::Orders { output: Some(output), .. } => to_file(output, |format, out| app.export_orders(&viewer, format, lang, out)),
        VoucherCommand::Orders { state, format, output: None } => orders(&app, &viewer, state.as_deref(), *format, lang),
        VoucherCommand::Figures { scheme, format } => figures(&app, scheme, *format, lang),
        VoucherCommand::Clearing { output: Some(output), .. } => to_file(output, |format, out| app.export_clearing(&viewer, format, lang, out)),
        VoucherCommand::Clearing { settled: true, format, .. } => pairs(&app.settlements(&viewer)?, *format, lang),
        VoucherCommand::Clearing { settled: false, format, .. } => pairs(&app.clearing(&viewer)?, *format, lang),
        VoucherCommand::Statement { output, run } => to_file(output, |format, out| app.export_settlement(&viewer, run.as_deref(), format, lang, out)),
        VoucherCommand::CheckStatement { file, run } => check_statement(&app, &viewer, (run.as_deref(), file), lang),
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

fn catalogue(app: &App, viewer: &Viewer, format: Format, lang: Lang) -> Outcome {
    let agencies = app.agencies(viewer)?;
    if format == Format::Json {
        show::json(&agencies)?;
        return Ok(Verdict::Done);
    }
    for agency in agencies {
        let best = if agency.best_in.is_empty() { String::new() } else { format!("  ★ {}", words(&agency.best_in, lang)) };
        println!("{}  {}  {}{best}", agency.region_name, agency.name, words(&agency.classes, lang));
    }
    Ok(Verdict::Done)
}

fn words(texts: &[Text], lang: Lang) -> String {
    texts.iter().map(|text| text.get(lang)).collect::<Vec<_>>().join("、")
}

fn filed(filing: &AgencyView, lang: Lang) -> Outcome {
    println!("{}  {}  {}", filing.id, filing.name, filing.state_name.get(lang));
    Ok(Verdict::Done)
}

fn filings(filings: &[AgencyView], format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(&filings)?;
        return Ok(Verdict::Done);
    }
    for filing in filings {
        let reason = filing.reason.as_deref().unwrap_or_default();
        println!("{}  {}  {}  {}  {}  {reason}", filing.id, filing.region_name, filing.name, words(&filing.classes, lang), filing.state_name.get(lang));
    }
    Ok(Verdict::Done)
}

fn filing_act(word: &str, reason: &str) -> anyhow::Result<FilingAct> {
    let reason = reason.to_string();
    Ok(match word {
        "list" => FilingAct::List,
        "refuse" => FilingAct::Refuse { reason },
        "strike" => FilingAct::Strike { reason },
        _ => bail!("there is no step `{word}` of a filing; choose list, refuse or strike"),
    })
}

fn ratings(ratings: &[RatingView], format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(&ratings)?;
        return Ok(Verdict::Done);
    }
    for view in ratings {
        println!("{}  {}  {}", view.region_name, view.class.get(lang), view.years);
        for rated in &view.rated {
            println!("  {:>2}  {:>6}.{:02}  {}", rated.rank, rated.total / 100, rated.total % 100, rated.name);
        }
    }
    Ok(Verdict::Done)
}

fn rate(app: &App, viewer: &Viewer, file: &Path, lang: Lang) -> Outcome {
    let text = String::from_utf8(read(file)?).with_context(|| format!("`{}` is not UTF-8", file.display()))?;
    let rating: RatingFile = app.read_rating(&name(file), &text)?;
    ratings(&app.rate_agencies(viewer, &rating)?, Format::Text, lang)
}

fn schemes(app: &App, format: Format, lang: Lang) -> Outcome {
    let schemes = app.schemes()?;
    if format == Format::Json {
        show::json(&schemes)?;
        return Ok(Verdict::Done);
    }
    for scheme in schemes {
        println!("{}  {}  {}  {} – {}", scheme.id, scheme.region.path(), scheme.name.get(lang), scheme.from, scheme.until);
    }
    Ok(Verdict::Done)
}

fn check_statement(app: &App, viewer: &Viewer, (run, file): (Option<&str>, &Path), lang: Lang) -> Outcome {
    let check = app.check_settlement(viewer, run, &name(file), &read(file)?)?;
    println!("{}", check.agreed);
    for diagnostic in &check.diagnostics {
        eprintln!("{}", show::diagnostic(diagnostic, lang));
    }
    for difference in &check.differences {
        eprintln!("{}", difference.get(lang));
    }
    Ok(if check.differences.is_empty() && check.diagnostics.is_empty() { Verdict::Done } else { Verdict::Wanting })
}

fn terms(scheme: &SchemeView, format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(scheme)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}  {}  {} – {}", scheme.id, scheme.region_name, scheme.name.get(lang), scheme.from, scheme.until);
    for (name, cap) in &scheme.holders {
        println!("{}  {}", name.get(lang), cap.get(lang));
    }
    for service in &scheme.services {
        println!("{}  {}  {}", service.class.get(lang), service.share, service.cap.get(lang));
    }
    println!("{}  {}", scheme.settle.get(lang), scheme.recognises.join("、"));
    for (nth, step) in scheme.steps.iter().enumerate() {
        println!("{}. {}", nth + 1, step.get(lang));
    }
    Ok(Verdict::Done)
}

fn versions(versions: &[SchemeVersion], format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(&versions)?;
        return Ok(Verdict::Done);
    }
    for version in versions {
        println!("{}  {}  {}", version.seq, version.at, version.by);
        changed(&version.changes, lang);
    }
    Ok(Verdict::Done)
}

fn changed(changes: &[SchemeChange], lang: Lang) {
    let words = |text: &Option<Text>| text.as_ref().map_or("–", |text| text.get(lang)).to_string();
    for change in changes {
        println!("  {}: {} → {}", change.what.get(lang), words(&change.before), words(&change.after));
    }
}

fn show_one(app: &App, viewer: &Viewer, id: &RecordId, format: Format, lang: Lang) -> Outcome {
    if id.prefix() != "ord" {
        let voucher = app.voucher(viewer, id)?;
        if format == Format::Json {
            show::json(&voucher)?;
            return Ok(Verdict::Done);
        }
        println!("{}  {}  {}  {}", voucher.number, voucher.state_name.get(lang), voucher.value.get(lang), voucher.holder_name);
        println!("{} – {}", voucher.use_by, voucher.redeem_by);
        show::acts(&voucher.acts, lang);
        return Ok(Verdict::Done);
    }
    let order = app.order(viewer, id)?;
    if format == Format::Json {
        show::json(&order)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {}  {}  {} → {}", order.contract, order.state_name.get(lang), order.amount.get(lang), order.holder_name, order.agency_name);
    println!("{}  {}", order.share.get(lang), order.because.get(lang));
    for document in &order.documents {
        println!("{}  {}  {}", document.part_name.get(lang), document.digest, document.name.as_deref().unwrap_or_default());
    }
    for finding in &order.findings {
        println!("! {}", finding.words.get(lang));
    }
    show::acts(&order.acts, lang);
    Ok(Verdict::Done)
}

fn step(app: &App, viewer: &Viewer, id: &RecordId, (act, reason): (&str, &str), lang: Lang) -> Outcome {
    let reason = reason.to_string();
    let state = if id.prefix() == "ord" {
        let act = match act {
            "claim" => OrderAct::Claim,
            "cancel" => OrderAct::Cancel { reason },
            "decline" => OrderAct::Decline { reason },
            _ => bail!("there is no step `{act}` of an order here; choose claim, cancel or decline"),
        };
        app.order_step(viewer, id, &act)?.state_name
    } else {
        let act = match act {
            "review" => VoucherAct::Review,
            "refuse" => VoucherAct::Refuse { reason },
            "void" => VoucherAct::Void { reason },
            _ => bail!("there is no step `{act}` of a voucher; choose review, refuse or void"),
        };
        app.voucher_step(viewer, id, &act)?.state_name
    };
    println!("{id}  {}", state.get(lang));
    Ok(Verdict::Done)
}

fn orders(app: &App, viewer: &Viewer, state: Option<&str>, format: Format, lang: Lang) -> Outcome {
    let rows = every_page(|after| app.orders(viewer, state, after.as_deref()))?;
    if format == Format::Json {
        show::json(&rows)?;
        return Ok(Verdict::Done);
    }
    for row in rows {
        println!(
            "{}  {}  {}  {}  {}  {} → {}",
            row.id,
            row.contract,
            row.state_name.get(lang),
            row.amount.get(lang),
            row.share.get(lang),
            row.holder_name,
            row.agency_name
        );
    }
    Ok(Verdict::Done)
}

fn redeem(app: &App, viewer: &Viewer, (scheme, file): (&str, &Path), despite: Option<&str>, lang: Lang) -> Outcome {
    Ok(redeemed(&app.redeem_from_table(viewer, scheme, &name(file), &read(file)?, despite)?, lang))
}

fn redeemed(reports: &[RedeemReport], lang: Lang) -> Verdict {
    let mut verdict = Verdict::Done;
    for report in reports {
        println!("{}  {}  {}  {}", report.batch, report.redeemed, report.contracts.get(lang), report.amount.get(lang));
        for (id, why) in &report.held {
            eprintln!("{id}: {}", why.get(lang));
            verdict = Verdict::Wanting;
        }
    }
    verdict
}

fn list(app: &App, viewer: &Viewer, state: Option<&str>, format: Format, lang: Lang) -> Outcome {
    let rows = every_page(|after| app.vouchers(viewer, state, after.as_deref()))?;
    if format == Format::Json {
        show::json(&rows)?;
        return Ok(Verdict::Done);
    }
    for row in rows {
        println!("{}  {}  {}  {}  {}", row.number, row.state_name.get(lang), row.value.get(lang), row.holder_name, row.service.get(lang));
    }
    Ok(Verdict::Done)
}

fn figures(app: &App, scheme: &str, format: Format, lang: Lang) -> Outcome {
    let figures = app.scheme_figures(scheme)?;
    if format == Format::Json {
        show::json(&figures)?;
        return Ok(Verdict::Done);
    }
    println!("{}  {} / {}  {}  {}", figures.scheme, figures.agencies, figures.orders, figures.contracts_shown.get(lang), figures.redeemed_shown.get(lang));
    for (batch, count, amount) in figures.batches {
        println!("  {batch}  {count}  {}", amount.get(lang));
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
