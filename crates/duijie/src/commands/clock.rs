//! `duijie clock`

use crate::arguments::{Clock, ClockCommand, Format};
use crate::world::World;
use crate::{Outcome, Verdict, show};

pub(crate) fn run(world: &World, command: &Clock) -> Outcome {
    let app = world.open_existing()?;
    match &command.command {
        ClockCommand::Run { format } => {
            let report = app.run_clocks()?;
            if *format == Format::Json {
                show::json(&report)?;
            } else {
                println!("{} clocks rang for {} cases, {} abandoned", report.rang, report.cases, report.abandoned);
            }
        }
        ClockCommand::Next { format } => {
            let clocks = app.next_clocks()?;
            if *format == Format::Json {
                show::json(&clocks)?;
            } else {
                for clock in clocks {
                    println!("{}  {}  {}", clock.at, clock.case, clock.clock.get(world.lang));
                }
            }
        }
    }
    Ok(Verdict::Done)
}
