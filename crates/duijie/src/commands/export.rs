//! `duijie export` and `duijie template`

use crate::arguments::{Export, Template};
use crate::world::{World, kind, region};
use crate::{Outcome, Verdict};
use anyhow::Context;
use duijie_app::{ExportFormat, SearchRequest};
use std::fs::File;
use std::io::{BufWriter, Write};

pub(crate) fn run(world: &World, command: &Export) -> Outcome {
    let app = world.open_existing()?;
    let Some(word) = &command.kind else {
        return whole(&app, command);
    };
    let schema = kind(word)?;
    let named = command.output.as_ref().and_then(|path| path.extension()).map(|ending| ending.to_string_lossy().into_owned());
    let format = command.format.clone().or(named).unwrap_or_else(|| "jsonl".to_string());
    let format = ExportFormat::parse(&format).with_context(|| format!("there is no format `{format}`; choose xlsx, csv, json or jsonl"))?;
    let request = SearchRequest { text: command.search.clone(), region: region(command.region.as_deref())?, ..SearchRequest::default() };
    let count = match &command.output {
        Some(path) => {
            let mut out = BufWriter::new(File::create(path).with_context(|| format!("`{}` cannot be written", path.display()))?);
            let count = app.export(&world.viewer(), &request, &schema.kind, format, world.lang, &mut out)?;
            out.flush()?;
            count
        }
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            let count = app.export(&world.viewer(), &request, &schema.kind, format, world.lang, &mut out)?;
            out.flush()?;
            count
        }
    };
    eprintln!("{count} records");
    Ok(Verdict::Done)
}

/// The whole store with its history, one JSON object a line; `duijie restore` reads it back.
fn whole(app: &duijie_app::App, command: &Export) -> Outcome {
    if let Some(format) = command.format.as_deref().filter(|format| *format != "jsonl") {
        anyhow::bail!("the whole store is written as jsonl, not as {format}; name a kind with --kind");
    }
    match &command.output {
        Some(path) => app.dump(path)?,
        None => app.dump_to(&mut std::io::stdout().lock())?,
    }
    Ok(Verdict::Done)
}

pub(crate) fn template(world: &World, command: &Template) -> Outcome {
    let schema = kind(&command.kind)?;
    // With a data directory at hand the template has the facts that its measures declare.
    let bytes = match world.opened()? {
        Some(app) => app.template(&schema.kind, world.lang)?,
        None => duijie_app::template(&schema.kind, world.lang)?,
    };
    std::fs::write(&command.output, bytes).with_context(|| format!("`{}` cannot be written", command.output.display()))?;
    Ok(Verdict::Done)
}
