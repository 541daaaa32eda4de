//! `duijie case`

use crate::arguments::{Case, CaseCommand, Format};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::{Context, bail};
use duijie_app::{App, DeskQuery, case_state, case_table, every_page};
use duijie_vocab::RecordId;
use std::path::Path;

pub(crate) fn run(world: &World, command: &Case) -> Outcome {
    if let CaseCommand::Table = &command.command {
        print!("{}", case_table(world.lang));
        return Ok(Verdict::Done);
    }
    let app = world.open_existing()?;
    match &command.command {
        CaseCommand::List { state, region: place, format } => list(world, &app, state.as_deref(), place.as_deref(), *format),
        CaseCommand::Show { id, format } => show_case(world, &app, id, *format),
        CaseCommand::Play { file } => play(world, &app, file),
        CaseCommand::Rules { file } => rules(world, &app, file.as_deref()),
        CaseCommand::Table => Ok(Verdict::Done),
    }
}

fn list(world: &World, app: &App, state: Option<&str>, place: Option<&str>, format: Format) -> Outcome {
    let state = state.map(|word| case_state(word).with_context(|| format!("there is no state `{word}`"))).transpose()?;
    let mut query = DeskQuery { state, region: region(place)?, ..DeskQuery::default() };
    let rows = every_page(|after| {
        query.after = after;
        app.case_desk(&world.viewer(), &query).map(|desk| (desk.rows, desk.next))
    })?;
    if format == Format::Json {
        show::json(&rows)?;
        return Ok(Verdict::Done);
    }
    for row in rows {
        let organization = row.organization.unwrap_or_default();
        println!("{}  {}  {}  {}  {}", row.id, row.state_name.get(world.lang), row.title, organization, row.turn.get(world.lang));
    }
    Ok(Verdict::Done)
}

fn show_case(world: &World, app: &App, id: &str, format: Format) -> Outcome {
    let id = RecordId::parse(id).with_context(|| format!("`{id}` is not the id of a case"))?;
    let case = app.case(&world.viewer(), &id)?;
    if format == Format::Json {
        show::json(&case)?;
        return Ok(Verdict::Done);
    }
    println!("{}  [{}]  {}", case.need.title, case.id, case.state_name.get(world.lang));
    println!("{}", case.turn.get(world.lang));
    for line in &case.timeline {
        println!("{:>8}  {}  {}  {}  {}", line.seq, line.at, line.who, line.what.get(world.lang), line.why);
    }
    Ok(Verdict::Done)
}

fn rules(world: &World, app: &App, file: Option<&Path>) -> Outcome {
    match file {
        None => print!("{}", app.case_rules()?),
        Some(file) => {
            let yaml = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
            app.put_case_rules(&world.viewer(), &yaml)?;
        }
    }
    Ok(Verdict::Done)
}

fn play(world: &World, app: &App, file: &Path) -> Outcome {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("`{shown}` cannot be read"))?;
    if text.trim().is_empty() {
        bail!("`{shown}` is empty");
    }
    app.follow(&mut |_| {})?;
    let played = app.play_cases(&world.viewer(), &shown, &text)?;
    println!("{} cases opened, {} acts", played.opened, played.acted);
    for fault in &played.faults {
        eprintln!("{}", show::diagnostic(fault, world.lang));
    }
    Ok(if played.faults.is_empty() { Verdict::Done } else { Verdict::Wanting })
}
