//! `duijie serve`

use crate::arguments::Serve;
use crate::world::World;
use crate::{Outcome, Verdict};
use anyhow::Context;
use duijie_app::{LoginProviders, Outbound, OutboundOptions, Smtp};
use duijie_vocab::{Text, text};
use duijie_web::{Options, TileLayer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) fn run(world: &World, command: &Serve) -> Outcome {
    let providers = command.login_providers.as_deref().map(LoginProviders::read).transpose()?.unwrap_or_default();
    let outbound = OutboundOptions { private: command.private_receivers, hosts: command.robot_hosts.clone(), ..world.outbound() };
    let app = world.open()?.with_outbound(Outbound::new(outbound)).with_login_providers(providers);
    let app = Arc::new(match (&command.smtp, &command.mail_from) {
        (Some(address), Some(sender)) => app.with_post(Arc::new(Smtp::at(address, sender, &world.roots)?)),
        _ => app,
    });
    let stop = Arc::new(AtomicBool::new(false));
    let follower = {
        let (app, stop) = (Arc::clone(&app), Arc::clone(&stop));
        std::thread::Builder::new().name("search follower".into()).spawn(move || {
            app.follow_until(&stop, &|fault| eprintln!("search follower: {fault}"));
        })?
    };
    let decisions = {
        let (app, stop) = (Arc::clone(&app), Arc::clone(&stop));
        std::thread::Builder::new().name("decisions follower".into()).spawn(move || {
            app.follow_decisions_until(&stop, &|fault| eprintln!("decisions follower: {fault}"));
        })?
    };
    let clocks = {
        let (app, stop) = (Arc::clone(&app), Arc::clone(&stop));
        let portal = command.public_url.clone().unwrap_or_else(|| format!("http://{}", command.listen));
        std::thread::Builder::new().name("clocks".into()).spawn(move || {
            app.run_clocks_until(&stop, &portal, &|fault| eprintln!("clocks: {fault}"));
        })?
    };
    let hooks = {
        let (app, stop) = (Arc::clone(&app), Arc::clone(&stop));
        let portal = command.public_url.clone().unwrap_or_else(|| format!("http://{}", command.listen));
        std::thread::Builder::new().name("webhooks".into()).spawn(move || {
            app.send_hooks_until(&stop, &portal, &|fault| eprintln!("webhooks: {fault}"));
        })?
    };
    let meaning = {
        let (app, stop) = (Arc::clone(&app), Arc::clone(&stop));
        std::thread::Builder::new().name("vectors follower".into()).spawn(move || {
            app.follow_meaning_until(&stop, &|fault| eprintln!("vectors follower: {fault}"));
        })?
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(&command.listen)
            .await
            .with_context(|| format!("cannot listen on {}; is another server running there?", command.listen))?;
        let address = listener.local_addr()?;
        let public_url = command.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        println!("{}", text!("门户地址 {public_url}", "serving at {public_url}").get(world.lang));
        let options = Options {
            https: public_url.starts_with("https://"),
            public_url,
            trusted_proxies: command.trusted_proxies.clone(),
            tiles: command.tiles.iter().map(|address| TileLayer::parse(address)).collect::<Result<_, _>>()?,
            tiles_credit: command.tiles_credit.clone(),
            demo_logins: logins(&command.show_logins)?,
            ..Options::default()
        };
        duijie_web::serve(app, listener, options, end()).await?;
        anyhow::Ok(())
    });
    stop.store(true, Ordering::Relaxed);
    if follower.join().is_err() {
        eprintln!("the search follower ended in a panic");
    }
    if decisions.join().is_err() {
        eprintln!("the decisions follower ended in a panic");
    }
    if meaning.join().is_err() {
        eprintln!("the vectors follower ended in a panic");
    }
    if clocks.join().is_err() {
        eprintln!("the clocks ended in a panic");
    }
    if hooks.join().is_err() {
        eprintln!("the webhooks ended in a panic");
    }
    served.map(|()| Verdict::Done)
}

fn logins(given: &[String]) -> anyhow::Result<Vec<(String, String, Text)>> {
    let login = |text: &String| {
        let parts: Vec<&str> = text.splitn(3, ':').collect();
        let [login, password, role] = parts.as_slice() else { anyhow::bail!("--show-login `{text}` is not LOGIN:PASSWORD:ROLE") };
        let named = duijie_app::Role::parse(role).map_or_else(|| Text::new(*role, *role), duijie_app::Role::name);
        Ok(((*login).to_string(), (*password).to_string(), named))
    };
    given.iter().map(login).collect()
}

/// Until the terminal or the system asks to end.
async fn end() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(_) => return,
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => if interrupted.is_err() { terminate.recv().await; },
        _ = terminate.recv() => {}
    }
}
