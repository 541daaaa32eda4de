//! `duijie account`

use crate::arguments::{Account, AccountCommand, Format};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{NewAccount, Role, Scope};
use duijie_vocab::{RecordId, RegionCode};
use std::io::BufRead;

pub(crate) fn run(world: &World, command: &Account) -> Outcome {
    let app = world.open()?;
    match &command.command {
        AccountCommand::Add { login, role, name, region: place, organization } => {
            let role = Role::parse(role).with_context(|| format!("there is no role `{role}`; choose member, adviser, officer, leader or admin"))?;
            let organization = match organization.as_deref().map(|word| (word, RecordId::parse(word))) {
                None => None,
                Some((_, Some(id))) => Some(id),
                Some((word, None)) => {
                    Some(app.organization_named(word)?.with_context(|| format!("no organization, or several, are called `{word}`; give the id"))?)
                }
            };
            let mut password = String::new();
            std::io::stdin().lock().read_line(&mut password)?;
            let account = NewAccount {
                login: login.clone(),
                name: name.clone(),
                password: password.trim_end_matches(['\r', '\n']).to_string(),
                role,
                region: region(place.as_deref())?.unwrap_or(RegionCode::NATION),
                organization,
            };
            app.put_account(&world.viewer(), &account)?;
        }
        AccountCommand::Key { login, name, scopes, region: place, days } => {
            let parse = |word: &String| Scope::parse(word).with_context(|| format!("there is no scope `{word}`; choose read or write"));
            let scopes = scopes.iter().map(parse).collect::<anyhow::Result<Vec<_>>>()?;
            let key = app.make_key(&world.viewer(), login, name, &scopes, region(place.as_deref())?, *days)?;
            println!("{}", key.secret);
        }
        AccountCommand::Keys { login, format } => {
            let keys = app.keys(&world.viewer(), login)?;
            if *format == Format::Json {
                show::json(&keys)?;
            } else {
                for key in keys {
                    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
                    let state = if key.revoked { "revoked" } else { "in use" };
                    println!("{}  {}  {}  {}  until {}  {state}", key.id, key.name, scopes.join(","), key.region_name, key.expires);
                }
            }
        }
        AccountCommand::Revoke { id } => app.revoke_key(&world.viewer(), id)?,
        AccountCommand::List { format } => {
            let accounts = app.accounts(&world.viewer())?;
            if *format == Format::Json {
                show::json(&accounts)?;
            } else {
                for account in accounts {
                    println!("{}  {}  {}  {}", account.login, account.role, account.region_name, account.name);
                }
            }
        }
    }
    Ok(Verdict::Done)
}
