//! `duijie webhook`

use crate::arguments::{Format, Webhook, WebhookCommand};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{HookEvent, Outbound, OutboundOptions};

pub(crate) fn run(world: &World, command: &Webhook) -> Outcome {
    let app = world.open_existing()?;
    match &command.command {
        WebhookCommand::Add { login, url, events, region: place, private } => {
            let known = || HookEvent::ALL.map(HookEvent::as_str).join(", ");
            let event = |word: &String| HookEvent::parse(word).with_context(|| format!("there is no event `{word}`; choose among {}", known()));
            let events = events.iter().map(event).collect::<anyhow::Result<Vec<_>>>()?;
            let app = app.with_outbound(Outbound::new(OutboundOptions { private: *private, ..world.outbound() }));
            let made = app.make_hook(&app.act_as(login)?, url, &events, region(place.as_deref())?)?;
            eprintln!("{}", made.id);
            println!("{}", made.secret);
        }
        WebhookCommand::List { format } => {
            let hooks = app.hooks(&world.viewer())?;
            if *format == Format::Json {
                show::json(&hooks)?;
            } else {
                for hook in hooks {
                    let events: Vec<&str> = hook.events.iter().map(|event| event.as_str()).collect();
                    let state = hook.failure.map_or_else(|| "in order".to_string(), |failure| format!("failed {} times: {}", failure.times, failure.why));
                    println!("{}  {}  {}  {}  {}  told up to {}  {state}", hook.id, hook.login, hook.url, events.join(","), hook.region_name, hook.told);
                }
            }
        }
        WebhookCommand::Remove { id } => app.remove_hook(&world.viewer(), id)?,
        WebhookCommand::Run { public_url, private, format } => {
            let report = app.with_outbound(Outbound::new(OutboundOptions { private: *private, ..world.outbound() })).send_hooks(public_url)?;
            if *format == Format::Json {
                show::json(&report)?;
            } else {
                println!("{} events in {} messages, {} failures", report.events, report.messages, report.failures);
            }
            if report.failures > 0 {
                return Ok(Verdict::Wanting);
            }
        }
    }
    Ok(Verdict::Done)
}
