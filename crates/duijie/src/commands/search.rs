//! `duijie search`

use crate::arguments::{Format, Search};
use crate::world::{World, kind, region};
use crate::{Outcome, Verdict, show};
use duijie_app::SearchRequest;
use duijie_vocab::text;

pub(crate) fn run(world: &World, command: &Search) -> Outcome {
    let app = world.open_existing()?;
    app.follow(&mut |_| {})?;
    app.load_meaning();
    let request = SearchRequest {
        text: command.words.join(" "),
        kinds: command.kind.iter().map(|word| kind(word).map(|schema| schema.kind.clone())).collect::<anyhow::Result<_>>()?,
        region: region(command.region.as_deref())?,
        valid: command.valid,
        per_page: command.limit,
        page: 1,
        ..SearchRequest::default()
    };
    let found = app.search(&world.viewer(), &request)?;
    if command.format == Format::Json {
        show::json(&found)?;
        return Ok(Verdict::Done);
    }
    if let Some(why) = &found.without_meaning {
        eprintln!("{}", text!("仅按文字检索：{}", "found by words alone: {}", why.get(world.lang)).get(world.lang));
    }
    for hit in &found.hits {
        println!("{}  {}  [{}]  {}", hit.kind_name.get(world.lang), show::segments(&hit.title), hit.id, hit.region_name);
        let snippet = show::segments(&hit.snippet);
        if !snippet.is_empty() {
            println!("     {snippet}");
        }
    }
    let total = found.total;
    eprintln!("{}", text!("共 {total} 条", "{total} found").get(world.lang));
    Ok(Verdict::Done)
}
