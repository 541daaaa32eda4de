//! Webhooks: who wants to be told of what, and where. A webhook acts with the rights of the account
//! that made it. The journal keeps who made it and where it goes; the secret that its messages are
//! signed with stands beside the journal, so that no export of it holds one.

use crate::accounts::invalid;
use crate::once::{Once, once};
use crate::outbound::NamedBy;
use crate::sessions::{later, own_login};
use crate::webhook_delivery::{HookFailure, follower};
use crate::{App, AppError, Role, Viewer};
use data_encoding::BASE64;
use duijie_journal::Event;
use duijie_store::{Tx, View};
use duijie_vocab::{Digest, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

/// Something that a webhook tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HookEvent {
    /// A record was made, changed, withdrawn or merged.
    #[serde(rename = "record.changed")]
    Record,
    /// A case went one step on.
    #[serde(rename = "case.moved")]
    Case,
    /// An entitlement, a voucher or an order went one step on.
    #[serde(rename = "payout.moved")]
    Payout,
}

/// A webhook as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HookLine {
    pub id: String,
    pub login: String,
    pub url: String,
    pub events: Vec<HookEvent>,
    pub region: RegionCode,
    pub region_name: String,
    pub made: String,
    /// The entry up to which everything was told.
    pub told: i64,
    /// Why messages do not arrive, if they do not.
    pub failure: Option<HookFailure>,
}

/// A webhook that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewHook {
    pub id: String,
    /// What messages are signed with, in the form of Standard Webhooks; it is shown this once.
    pub secret: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) events: Vec<HookEvent>,
    pub(crate) gone: bool,
    pub(crate) login: String,
    pub(crate) made: Timestamp,
    pub(crate) region: RegionCode,
    pub(crate) url: String,
}

/// The kinds of matters that are about money. Letters, visits and who looked at what are nobody's news.
const MONEY: [&str; 4] = ["entitlement", "voucher", "order", "agency_filing"];
const PREFIX: &str = "webhook:";
const SECRETS: &str = "webhook-secret";
/// Secrets are kept until they are replaced.
const FOREVER_MICROS: i64 = 100 * 366 * 86_400_000_000;
const MARK: &str = "whsec_";
const ID_DIGITS: usize = 16;
const MAX_HOOKS: usize = 10;
const MAX_URL: usize = 500;

impl HookEvent {
    pub const ALL: [HookEvent; 3] = [HookEvent::Record, HookEvent::Case, HookEvent::Payout];

    pub fn as_str(self) -> &'static str {
        match self {
            HookEvent::Record => "record.changed",
            HookEvent::Case => "case.moved",
            HookEvent::Payout => "payout.moved",
        }
    }

    pub fn name(self) -> Text {
        match self {
            HookEvent::Record => text!("记录有变化", "records change"),
            HookEvent::Case => text!("对接事项推进", "cases move on"),
            HookEvent::Payout => text!("兑付事项推进", "payouts move on"),
        }
    }

    pub fn parse(word: &str) -> Option<HookEvent> {
        HookEvent::ALL.into_iter().find(|event| event.as_str() == word)
    }

    /// What kind of news an entry is, if it is any.
    pub(crate) fn of(event: &Event) -> Option<HookEvent> {
        match event {
            Event::RecordPut(_) => Some(HookEvent::Record),
            Event::MatterMoved(moved) if moved.of == crate::casework::CASE => Some(HookEvent::Case),
            Event::MatterMoved(moved) if MONEY.contains(&moved.of.as_str()) => Some(HookEvent::Payout),
            _ => None,
        }
    }
}

impl App {
    /// Makes a webhook of the viewer's that tells of `events` in `region` from now on.
    pub fn make_hook(&self, viewer: &Viewer, url: &str, events: &[HookEvent], region: Option<RegionCode>) -> Result<NewHook, AppError> {
        self.make_hook_once(viewer, None, url, events, region)
    }

    /// As [`App::make_hook`]; under the same name it is made once.
    pub fn make_hook_once(
        &self,
        viewer: &Viewer,
        name: Option<&Once>,
        url: &str,
        events: &[HookEvent],
        region: Option<RegionCode>,
    ) -> Result<NewHook, AppError> {
        let login = own_login(viewer)?;
        let url = url.trim();
        if url.len() > MAX_URL || self.outbound().check(NamedBy::Person, url).is_err() {
            let message = text!("请写一个公网上的 https 地址，不含用户名和密码", "give an https address on the public Internet, without name and password");
            return Err(invalid("webhook.url", message));
        }
        if events.is_empty() {
            return Err(invalid("webhook.events", text!("请选择要通知的事项", "choose what to be told of")));
        }
        let region = region.unwrap_or(viewer.region);
        if !viewer.region.contains(region) {
            return Err(invalid("webhook.region", text!("地区须在账号的地区之内", "the region has to lie within the account's")));
        }
        let mut events = events.to_vec();
        events.sort();
        events.dedup();
        let id = Digest(self.random()).to_string()[..ID_DIGITS].to_string();
        let secret = format!("{MARK}{}", BASE64.encode(&self.random()));
        let hook = Hook { events, gone: false, login, made: self.now(), region, url: url.to_string() };
        let (made, expires) = (NewHook { id, secret }, later(self.now(), FOREVER_MICROS));
        let (viewer, name) = (viewer.clone(), name.cloned());
        self.write(&self.actor(&viewer)?, move |tx| once(tx, &viewer, name.as_ref(), |tx| put_hook(tx, &hook, &made, expires)))
    }

    /// Ends a webhook; nothing is sent from now on.
    pub fn remove_hook(&self, viewer: &Viewer, id: &str) -> Result<(), AppError> {
        own_login(viewer)?;
        let hook = self.hook(id)?.ok_or(AppError::NotFound)?;
        // Whose it is, is not told to others.
        self.may_keep_keys(viewer, &hook.login).map_err(|_| AppError::NotFound)?;
        let (key, value) = (id.to_string(), written(&Hook { gone: true, ..hook })?);
        self.write(&self.actor(viewer)?, move |tx| {
            tx.forget(SECRETS, &key)?;
            Ok(tx.put_setting(&format!("{PREFIX}{key}"), &value).map(drop)?)
        })
    }

    /// The viewer's webhooks, or for an administrator all of them, the newest first.
    pub fn hooks(&self, viewer: &Viewer) -> Result<Vec<HookLine>, AppError> {
        let login = own_login(viewer)?;
        let all = viewer.role == Role::Admin;
        let mut hooks: Vec<(String, Hook)> = self.hooks_in_force()?.into_iter().filter(|(_, hook)| all || hook.login == login).collect();
        hooks.sort_by_key(|(_, hook)| std::cmp::Reverse(hook.made));
        hooks.into_iter().map(|(id, hook)| self.hook_line(id, hook)).collect()
    }

    fn hook_line(&self, id: String, hook: Hook) -> Result<HookLine, AppError> {
        Ok(HookLine {
            told: self.store().read(|view| view.cursor(&follower(&id)))?,
            failure: self.hook_failure(&id)?,
            id,
            login: hook.login,
            url: hook.url,
            events: hook.events,
            region: hook.region,
            region_name: hook.region.path(),
            made: hook.made.china_minute(),
        })
    }

    pub(crate) fn hooks_in_force(&self) -> Result<Vec<(String, Hook)>, AppError> {
        self.store().read(in_force)
    }

    fn hook(&self, id: &str) -> Result<Option<Hook>, AppError> {
        let value = self.store().read(|view| view.setting(&format!("{PREFIX}{id}")))?;
        Ok(value.map(|value| parsed(&value)).transpose()?.filter(|hook| !hook.gone))
    }

    /// The key that messages of a webhook are signed with.
    pub(crate) fn hook_key(&self, id: &str) -> Result<Option<Vec<u8>>, AppError> {
        let now = self.now();
        let secret = self.store().read(|view| view.kept(SECRETS, id, now))?;
        Ok(secret.and_then(|secret| BASE64.decode(secret.strip_prefix(MARK)?.as_bytes()).ok()))
    }
}

fn put_hook(tx: &mut Tx<'_>, hook: &Hook, made: &NewHook, expires: Timestamp) -> Result<NewHook, AppError> {
    if in_force(&mut tx.view())?.iter().filter(|(_, other)| other.login == hook.login).count() >= MAX_HOOKS {
        return Err(invalid("webhook.many", text!("每个账号最多 {MAX_HOOKS} 个", "an account has at most {MAX_HOOKS}")));
    }
    let head = tx.view().head()?.seq;
    tx.put_setting(&format!("{PREFIX}{}", made.id), &written(hook)?)?;
    tx.keep(SECRETS, &made.id, &made.secret, expires)?;
    tx.set_cursor(&follower(&made.id), head)?;
    Ok(made.clone())
}

/// The webhooks that were not ended, by id.
fn in_force(view: &mut View<'_>) -> Result<Vec<(String, Hook)>, AppError> {
    let hooks = view.settings(PREFIX)?.into_iter().map(|(key, value)| Ok((key[PREFIX.len()..].to_string(), parsed(&value)?)));
    let hooks = hooks.collect::<Result<Vec<_>, AppError>>()?;
    Ok(hooks.into_iter().filter(|(_, hook)| !hook.gone).collect())
}

fn parsed(value: &str) -> Result<Hook, AppError> {
    serde_json::from_str(value).map_err(|fault| AppError::Internal(fault.into()))
}

fn written(hook: &Hook) -> Result<String, AppError> {
    serde_json::to_string(hook).map_err(|fault| AppError::Internal(fault.into()))
}
