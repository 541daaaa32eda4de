//! The real clock, real randomness, and the data directory that the arguments name.

use crate::arguments::Arguments;
use anyhow::{Context, bail};
use duijie_app::{App, AppOptions, Outbound, OutboundOptions, TlsRoots, Viewer};
use duijie_record::{Schema, schemas};
use duijie_vocab::{Clock, Date, Entropy, Lang, RegionCode, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) struct World {
    pub(crate) data: PathBuf,
    pub(crate) database: Option<String>,
    pub(crate) lang: Lang,
    /// What an embedding server knows this installation by.
    embedding_key: Option<String>,
    /// Whom connections trust.
    pub(crate) roots: TlsRoots,
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the real clock is made")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(micros).expect("BUG: the system clock is beyond the year 9998")
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("BUG: the operating system gives no random bytes");
    }
}

impl World {
    pub(crate) fn of(arguments: &Arguments) -> anyhow::Result<World> {
        let roots = arguments.tls_roots.as_deref().map(TlsRoots::read).transpose()?.unwrap_or_default();
        let (data, database) = (arguments.data.clone(), arguments.database.clone());
        Ok(World { data, database, lang: arguments.lang(), embedding_key: embedding_key(), roots })
    }

    /// Opens the data directory, making it if needed.
    pub(crate) fn open(&self) -> anyhow::Result<App> {
        let app = App::open(self.options())?.with_outbound(Outbound::new(self.outbound()));
        Ok(match &self.embedding_key {
            Some(key) => app.with_embedding_key(key),
            None => app,
        })
    }

    /// Opens a data directory that has to be there.
    pub(crate) fn open_existing(&self) -> anyhow::Result<App> {
        if self.database.is_none() && !self.data.join("duijie.db").exists() {
            bail!("there is no data in `{}`; name the data directory with --data, or begin one with `duijie import FILE`", self.data.display());
        }
        self.open()
    }

    /// The data directory, if there is one.
    pub(crate) fn opened(&self) -> anyhow::Result<Option<App>> {
        if self.database.is_none() && !self.data.join("duijie.db").exists() { Ok(None) } else { self.open().map(Some) }
    }

    pub(crate) fn options(&self) -> AppOptions {
        AppOptions {
            data: self.data.clone(),
            database: self.database.clone(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            group: Default::default(),
        }
    }

    /// What requests to others may do, as far as no command says more.
    pub(crate) fn outbound(&self) -> OutboundOptions {
        OutboundOptions { roots: self.roots.clone(), ..OutboundOptions::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// The day it is in China.
    pub(crate) fn today(&self) -> Date {
        self.now().china_date()
    }

    /// Whoever holds the data directory holds everything in it.
    pub(crate) fn viewer(&self) -> Viewer {
        Viewer::operator()
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
fn embedding_key() -> Option<String> {
    std::env::var("DUIJIE_EMBEDDING_KEY").ok().filter(|key| !key.is_empty())
}

pub(crate) fn region(word: Option<&str>) -> anyhow::Result<Option<RegionCode>> {
    word.map(|word| RegionCode::find(word).with_context(|| format!("--region {word}"))).transpose()
}

/// The schema of the kind that a word names.
pub(crate) fn kind(word: &str) -> anyhow::Result<&'static Schema> {
    let all = || schemas().iter().map(|schema| schema.kind.as_str()).collect::<Vec<_>>().join(", ");
    schemas().get(word).or_else(|| schemas().named(word)).with_context(|| format!("there is no kind `{word}`; choose one of {}", all()))
}
