//! `duijie duplicates`

use crate::arguments::{Duplicates, Format};
use crate::world::{World, kind};
use crate::{Outcome, Verdict, show};

pub(crate) fn run(world: &World, command: &Duplicates) -> Outcome {
    let app = world.open_existing()?;
    let pairs = app.duplicates(&world.viewer(), &kind(&command.kind)?.kind)?;
    if command.format == Format::Json {
        show::json(&pairs)?;
        return Ok(Verdict::Done);
    }
    for pair in &pairs {
        println!("{:>3}%  {} [{}]  =  {} [{}]  {}", pair.percent, pair.first.title, pair.first.id, pair.second.title, pair.second.id, pair.why.get(world.lang));
    }
    Ok(Verdict::Done)
}
