//! `duijie account`

use crate::arguments::{Account, AccountCommand, Format};
use crate::world::{World, region};
use crate::{Outcome, Verdict, show};
use anyhow::Context;
use duijie_app::{NewAccount, Role};
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
