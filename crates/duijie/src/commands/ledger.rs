//! `duijie ledger`

use crate::arguments::Format;
use crate::commands::payout::{to_file, who};
use crate::money_arguments::{Ledger, LedgerCommand};
use crate::world::World;
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{AccountBalance, AccountId, AccountKind, App, TransferId, Viewer};
use duijie_vocab::{Date, Fen, Lang, MoneyUnit, Timestamp};
use std::path::Path;

pub(crate) fn run(world: &World, command: &Ledger) -> Outcome {
    let app = world.open_existing()?;
    let viewer = who(&app, world, &command.who)?;
    match &command.command {
        LedgerCommand::Fund { pool, amount, id } => {
            let pool = AccountId::parse(pool)?;
            let bank = AccountId::bank(pool.region(), "treasury")?;
            app.fund_pool(&viewer, &pool, &bank, Fen::parse(amount, Some(MoneyUnit::Yuan))?, id)?;
            Ok(Verdict::Done)
        }
        LedgerCommand::Sums { format } => sums(&app, &viewer, *format, world.lang),
        LedgerCommand::Find { text, format } => listed(&app.find_accounts(&viewer, text)?, *format, world.lang),
        LedgerCommand::Accounts { output: Some(output), .. } => to_file(output, |format, out| app.export_balances(&viewer, format, world.lang, out)),
        LedgerCommand::Accounts { kind, format, output: None } => accounts(&app, &viewer, kind.as_deref(), *format, world.lang),
        LedgerCommand::Trial { format } => trial(&app, &viewer, *format),
        LedgerCommand::Statement { account, from, until, output: Some(output), .. } => {
            let day = |text: &Option<String>| text.as_deref().map(Date::parse).transpose();
            let (account, days) = (AccountId::parse(account)?, (day(from)?, day(until)?));
            to_file(output, |format, out| app.export_statement(&viewer, &account, days, format, world.lang, out))
        }
        LedgerCommand::Statement { account, from, until, format, output: None } => {
            statement(&app, &viewer, account, (from.as_deref(), until.as_deref()), *format)
        }
        LedgerCommand::Balance { account, at } => {
            let at = at.as_deref().map(Timestamp::parse).transpose()?;
            let (at, balance) = app.balance_at(&viewer, &AccountId::parse(account)?, at)?;
            println!("{at}  {balance}");
            Ok(Verdict::Done)
        }
        LedgerCommand::Transfer { id, format } => {
            let entry = app.transfer_outcome(&viewer, &TransferId::parse(id)?)?;
            if *format == Format::Json {
                show::json(&entry)?;
            } else {
                println!("{}  {} → {}  {}  {}", entry.at, entry.moved.debit, entry.moved.credit, entry.moved.amount, entry.status.as_str());
            }
            Ok(Verdict::Done)
        }
        LedgerCommand::Reconcile { account, file } => reconcile(&app, &viewer, account, file, world.lang),
        LedgerCommand::Audit => {
            let faults = app.audit_ledger(&viewer)?;
            for fault in &faults {
                eprintln!("{}: {}", fault.about, fault.what.get(world.lang));
            }
            println!("{}", faults.len());
            Ok(if faults.is_empty() { Verdict::Done } else { Verdict::Wanting })
        }
        LedgerCommand::Expire => {
            println!("{}", app.expire_reservations(&viewer)?);
            Ok(Verdict::Done)
        }
    }
}

fn accounts(app: &App, viewer: &Viewer, kind: Option<&str>, format: Format, lang: Lang) -> Outcome {
    let kind = kind.map(|word| AccountKind::parse(word).with_context(|| format!("there is no kind of account `{word}`"))).transpose()?;
    listed(&app.account_balances(viewer, kind)?, format, lang)
}

fn listed(accounts: &[AccountBalance], format: Format, lang: Lang) -> Outcome {
    if format == Format::Json {
        show::json(&accounts)?;
        return Ok(Verdict::Done);
    }
    for account in accounts {
        println!("{}  {}  {}", account.account, account.kind.get(lang), account.balance);
    }
    Ok(Verdict::Done)
}

fn sums(app: &App, viewer: &Viewer, format: Format, lang: Lang) -> Outcome {
    let groups = app.account_groups(viewer)?;
    if format == Format::Json {
        show::json(&groups)?;
        return Ok(Verdict::Done);
    }
    for group in groups {
        println!("{}  {}  {}  {}  {}", group.kind_name.get(lang), group.region_name, group.accounts, group.balance, group.reserved);
    }
    Ok(Verdict::Done)
}

fn trial(app: &App, viewer: &Viewer, format: Format) -> Outcome {
    let trial = app.trial_balance(viewer)?;
    let even = trial.is_even();
    if format == Format::Json {
        show::json(&trial)?;
    } else {
        for row in &trial.rows {
            println!("{}  {}  {}", row.account, row.debit, row.credit);
        }
        println!("{}  {}", trial.debits, trial.credits);
    }
    Ok(if even { Verdict::Done } else { Verdict::Wanting })
}

fn statement(app: &App, viewer: &Viewer, account: &str, (from, until): (Option<&str>, Option<&str>), format: Format) -> Outcome {
    let day = |text: Option<&str>| text.map(Date::parse).transpose();
    let statement = app.statement(viewer, &AccountId::parse(account)?, day(from)?, day(until)?)?;
    if format == Format::Json {
        show::json(&statement)?;
        return Ok(Verdict::Done);
    }
    println!("{}", statement.opening);
    for line in &statement.lines {
        println!("{}  {}  {}  {}  {}  {}", line.at.china_minute(), line.transfer, line.counter, line.debit, line.credit, line.balance);
    }
    println!("{}", statement.closing);
    Ok(Verdict::Done)
}

fn reconcile(app: &App, viewer: &Viewer, account: &str, file: &Path, lang: Lang) -> Outcome {
    let bytes = std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let (found, diagnostics) = app.reconcile(viewer, &AccountId::parse(account)?, &file.display().to_string(), &bytes)?;
    println!("{}", found.matched.len());
    for diagnostic in &diagnostics {
        eprintln!("{}", show::diagnostic(diagnostic, lang));
    }
    for difference in &found.differences {
        eprintln!("{}", difference.reason().get(lang));
    }
    Ok(if found.differences.is_empty() && diagnostics.is_empty() { Verdict::Done } else { Verdict::Wanting })
}
