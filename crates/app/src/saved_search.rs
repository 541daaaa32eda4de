//! Searches that people keep: found again on their page, read as a feed, and told of when something
//! new turns up. What a search finds is what its owner may see at that moment.

use crate::accounts::invalid;
use crate::choice::Topic;
use crate::notices::put_notice;
use crate::sessions::{later, own_login, viewer_of};
use crate::{App, AppError, SearchRequest, Sort, Viewer};
use duijie_journal::Actor;
use duijie_vocab::{Digest, RecordId, Timestamp, text};
use serde::{Deserialize, Serialize};

/// A saved search as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedSearch {
    pub id: String,
    pub name: String,
    /// The query string of the search page.
    pub query: String,
    /// Whether a notice says that something new turned up.
    pub tells: bool,
    pub made: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    gone: bool,
    login: String,
    made: Timestamp,
    name: String,
    query: String,
    request: SearchRequest,
    tells: bool,
}

const PREFIX: &str = "search:";
/// The prefix of what a notice about a search calls it.
pub(crate) const ABOUT: &str = "srch";
const TOLD: &str = "search-told";
const RUN: &str = "search-run";
const ID_DIGITS: usize = 16;
const MAX_SEARCHES: usize = 50;
const MAX_QUERY: usize = 1_000;
/// Results looked at in one run; a notice says how many of them are new.
const NEWEST: usize = 100;
/// Between two runs.
const PAUSE_MICROS: i64 = 10 * 60_000_000;
const FOREVER_MICROS: i64 = 100 * 366 * 86_400_000_000;

impl App {
    /// Keeps a search under a name. `query` is the query string of its page.
    pub fn save_search(&self, viewer: &Viewer, name: &str, query: &str, request: &SearchRequest, tells: bool) -> Result<String, AppError> {
        let (login, name) = (own_login(viewer)?, name.trim());
        if name.is_empty() || name.chars().count() > 60 || query.len() > MAX_QUERY {
            return Err(invalid("search.name", text!("请为检索起名，不超过 60 字", "give the search a name of at most 60 characters")));
        }
        if self.searches_kept()?.iter().filter(|(_, kept)| kept.login == login).count() >= MAX_SEARCHES {
            return Err(invalid("search.many", text!("最多保存 {MAX_SEARCHES} 个检索", "at most {MAX_SEARCHES} searches are kept")));
        }
        let id = Digest(self.random()).to_string()[..ID_DIGITS].to_string();
        let now = self.now();
        let kept = Kept { gone: false, login, made: now, name: name.to_string(), query: query.to_string(), request: request.clone(), tells };
        let (key, told) = (id.clone(), now.to_string());
        self.write(&self.actor(viewer)?, move |tx| {
            tx.keep(TOLD, &key, &told, later(now, FOREVER_MICROS))?;
            Ok(tx.put_setting(&format!("{PREFIX}{key}"), &written(&kept)?).map(drop)?)
        })?;
        Ok(id)
    }

    /// The viewer's searches, the newest first.
    pub fn saved_searches(&self, viewer: &Viewer) -> Result<Vec<SavedSearch>, AppError> {
        let login = own_login(viewer)?;
        let mut own: Vec<(String, Kept)> = self.searches_kept()?.into_iter().filter(|(_, kept)| kept.login == login).collect();
        own.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.made));
        let line =
            |(id, kept): (String, Kept)| SavedSearch { id, name: kept.name, query: kept.query, tells: kept.tells, made: kept.made.china_date().to_string() };
        Ok(own.into_iter().map(line).collect())
    }

    /// Whether notices tell of a search's new results from now on.
    pub fn tell_search(&self, viewer: &Viewer, id: &str, tells: bool) -> Result<(), AppError> {
        self.change_search(viewer, id, |kept| Kept { tells, ..kept })
    }

    /// Forgets a search.
    pub fn drop_search(&self, viewer: &Viewer, id: &str) -> Result<(), AppError> {
        self.change_search(viewer, id, |kept| Kept { gone: true, ..kept })
    }

    /// Puts notices of new results into inboxes; how many. Within ten minutes of the last run it does nothing.
    pub fn tell_searches(&self) -> Result<usize, AppError> {
        let now = self.now();
        if self.store().read(|view| view.kept(RUN, "", now))?.is_some() {
            return Ok(0);
        }
        self.write(&Actor::system(), move |tx| Ok(tx.keep(RUN, "", "", later(now, PAUSE_MICROS))?))?;
        let mut told = 0;
        for (id, kept) in self.searches_kept()?.into_iter().filter(|(_, kept)| kept.tells) {
            told += usize::from(self.tell_new(&id, &kept)?);
        }
        Ok(told)
    }

    /// Tells the owner of a search what is new since the last time; whether there was anything.
    fn tell_new(&self, id: &str, kept: &Kept) -> Result<bool, AppError> {
        let account = self.store().read(|view| view.account(&kept.login))?.filter(|account| !account.disabled);
        let Some(viewer) = account.map(viewer_of) else { return Ok(false) };
        let now = self.now();
        let since = self.store().read(|view| view.kept(TOLD, id, now))?.and_then(|text| Timestamp::parse(&text).ok()).unwrap_or(kept.made);
        let request = SearchRequest { sort: Sort::Newest, page: 1, per_page: NEWEST, ..kept.request.clone() };
        let hits = self.search(&viewer, &request)?.hits;
        let new = hits.iter().filter(|hit| hit.updated > since).count();
        let Some(newest) = hits.iter().map(|hit| hit.updated).max().filter(|_| new > 0) else { return Ok(false) };
        let (key, name, region, login) = (id.to_string(), kept.name.clone(), viewer.region, kept.login.clone());
        self.write(&Actor::system(), move |tx| {
            let about = RecordId::derive(ABOUT, &key);
            let said = text!("“{name}”有 {new} 条新结果", "{new} new results for “{name}”");
            put_notice(tx, (&about, newest.micros(), 0), (&name, region), &format!("user:{login}"), (Topic::Work, &said))?;
            Ok(tx.keep(TOLD, &key, &newest.to_string(), later(now, FOREVER_MICROS))?)
        })?;
        Ok(true)
    }

    fn change_search(&self, viewer: &Viewer, id: &str, change: impl FnOnce(Kept) -> Kept) -> Result<(), AppError> {
        let login = own_login(viewer)?;
        let key = format!("{PREFIX}{id}");
        let value = self.store().read(|view| view.setting(&key))?.ok_or(AppError::NotFound)?;
        let kept = parsed(&value)?;
        if kept.login != login || kept.gone {
            return Err(AppError::NotFound);
        }
        let value = written(&change(kept))?;
        self.write(&self.actor(viewer)?, move |tx| Ok(tx.put_setting(&key, &value).map(drop)?))
    }

    fn searches_kept(&self) -> Result<Vec<(String, Kept)>, AppError> {
        let settings = self.store().read(|view| view.settings(PREFIX))?;
        let all = settings.into_iter().map(|(key, value)| Ok((key[PREFIX.len()..].to_string(), parsed(&value)?))).collect::<Result<Vec<_>, AppError>>()?;
        Ok(all.into_iter().filter(|(_, kept): &(String, Kept)| !kept.gone).collect())
    }
}

fn parsed(value: &str) -> Result<Kept, AppError> {
    serde_json::from_str(value).map_err(|fault| AppError::Internal(fault.into()))
}

fn written(kept: &Kept) -> Result<String, AppError> {
    serde_json::to_string(kept).map_err(|fault| AppError::Internal(fault.into()))
}
