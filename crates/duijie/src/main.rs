//! The command line. Data goes to standard output, everything else to standard error. Exit code 0:
//! done; 1: refused or found wanting; 2: wrong usage.

mod arguments;
mod commands;
mod money_arguments;
mod show;
mod world;

use arguments::{Arguments, Command};
use clap::Parser;
use duijie_app::AppError;
use duijie_vocab::Lang;
use std::process::ExitCode;

/// Many small values live briefly in every engine; SQLite takes its memory here too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command ends with when nothing broke: whether everything was as it should be.
pub(crate) type Outcome = anyhow::Result<Verdict>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    /// Something was refused or found wanting, and has been told.
    Wanting,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let lang = arguments.lang();
    // A reader that has seen enough, such as `head`, ends a command quietly. The portal goes on: to it a
    // pipe that breaks is an error like others.
    if !matches!(arguments.command, Command::Serve(_)) {
        sigpipe::reset();
    }
    match run(arguments) {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::Wanting) => ExitCode::from(1),
        Err(error) => {
            report(&error, lang);
            ExitCode::from(1)
        }
    }
}

fn run(arguments: Arguments) -> Outcome {
    let world = world::World::of(&arguments)?;
    match arguments.command {
        Command::Import(command) => commands::import::run(&world, &command),
        Command::Export(command) => commands::export::run(&world, &command),
        Command::Template(command) => commands::export::template(&world, &command),
        Command::Search(command) => commands::search::run(&world, &command),
        Command::Match(command) => commands::matching::run(&world, &command),
        Command::Policy(command) => commands::policy::run(&world, &command),
        Command::Payout(command) => commands::payout::run(&world, &command),
        Command::Voucher(command) => commands::voucher::run(&world, &command),
        Command::Ledger(command) => commands::ledger::run(&world, &command),
        Command::Serve(command) => commands::serve::run(&world, &command),
        Command::Case(command) => commands::case::run(&world, &command),
        Command::Clock(command) => commands::clock::run(&world, &command),
        Command::Webhook(command) => commands::webhook::run(&world, &command),
        Command::Account(command) => commands::account::run(&world, &command),
        Command::Duplicates(command) => commands::duplicates::run(&world, &command),
        Command::Check(command) => commands::upkeep::check(&world, &command),
        Command::Rebuild(command) => commands::upkeep::rebuild(&world, &command),
        Command::Backup(command) => commands::upkeep::backup(&world, &command),
        Command::Restore(command) => commands::upkeep::restore(&world, &command),
        Command::Doctor(command) => commands::upkeep::doctor(&world, &command),
        Command::Eval(command) => commands::eval::run(&world, &command),
        Command::Version => commands::upkeep::version(),
    }
}

/// Tells a person what went wrong: the faults of an input one by one, otherwise the chain of causes.
fn report(error: &anyhow::Error, lang: Lang) {
    match error.downcast_ref::<AppError>() {
        Some(AppError::Invalid(faults)) => faults.iter().for_each(|fault| eprintln!("{}", show::diagnostic(fault, lang))),
        Some(app @ AppError::Internal(source)) => {
            eprintln!("{}: {source:#}", app.message().get(lang));
        }
        Some(app) => eprintln!("{}", app.message().get(lang)),
        None => eprintln!("{error:#}"),
    }
}
