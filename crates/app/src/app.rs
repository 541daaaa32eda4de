//! The product as one value: the store, what follows from it, and the world that was given.

use crate::as_of::AsOf;
use crate::crowd::GatheredCrowd;
use crate::decided::Decided;
use crate::document_file::DocumentFiles;
use crate::follow::open_index;
use crate::login_provider::LoginProviders;
use crate::mail::{Outbox, Post};
use crate::meaning::Meanings;
use crate::outbound::{Outbound, OutboundOptions};
use crate::standings::Standings;
use crate::topics::LearntTopics;
use crate::{AppError, Network, PolicyFiles, SearchPage, Spread, Viewer};
use duijie_journal::Actor;
use duijie_search::{Index, Secret};
use duijie_store::{GroupCommit, Location, OpenError, Options, Store, Tx};
use duijie_vocab::{Clock, Entropy, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

pub struct App {
    dir: PathBuf,
    store: Store,
    pub(crate) index: Index,
    pub(crate) topics: LearntTopics,
    pub(crate) meanings: Meanings,
    pub(crate) policies: RwLock<Arc<PolicyFiles>>,
    pub(crate) crowd: Mutex<Option<GatheredCrowd>>,
    /// Held while all firms of a region are read, which takes a connection for as long as it lasts.
    pub(crate) roll: Mutex<()>,
    pub(crate) decided: Mutex<Decided>,
    pub(crate) found: AsOf<SearchPage>,
    pub(crate) spreads: AsOf<Spread>,
    pub(crate) networks: AsOf<Network>,
    pub(crate) counted: AsOf<Vec<(String, i64)>>,
    pub(crate) standings: Mutex<Standings>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    form_key: [u8; 32],
    post: Arc<dyn Post>,
    outbound: Outbound,
    providers: LoginProviders,
}

/// Where the data is and what the product needs from the world.
pub struct AppOptions {
    /// The data directory. It is made if it is not there.
    pub data: PathBuf,
    /// A `postgres://` address, or nothing for the embedded database in the data directory.
    pub database: Option<String>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub group: GroupCommit,
}

#[derive(Debug, thiserror::Error)]
pub enum AppOpenError {
    #[error("the data directory `{0}` cannot be made or written; check the path and who may write there")]
    Directory(PathBuf, #[source] std::io::Error),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("the search index in `{0}` cannot be opened; `duijie rebuild search` makes it anew")]
    Index(PathBuf, #[source] anyhow::Error),
    #[error("{0}")]
    Start(#[from] AppError),
}

const DATABASE: &str = "duijie.db";
const INDEX: &str = "index";
const OUTBOX: &str = "outbox";
/// Pages of results that are kept; one has some 20 to 50 KB.
const PAGES_KEPT: usize = 1_024;
const SPREADS_KEPT: usize = 256;
const NETWORKS_KEPT: usize = 32;
/// Where the documents of cases are.
pub(crate) const FILES: &str = "files";

impl App {
    /// Opens the data directory, making what is not there yet.
    pub fn open(options: AppOptions) -> Result<App, AppOpenError> {
        std::fs::create_dir_all(&options.data).map_err(|fault| AppOpenError::Directory(options.data.clone(), fault))?;
        let location = App::location(&options.data, options.database.as_deref());
        let mut store_options = Options::new(Arc::clone(&options.clock), Arc::clone(&options.entropy));
        store_options.group = options.group;
        let store = Store::open(location, store_options)?;
        let index = open_index(&options.data.join(INDEX), &store)?;
        let topics = LearntTopics::beside(&options.data.join(INDEX));
        let meanings = Meanings::of(&options.data);
        let mut form_key = [0; 32];
        options.entropy.fill(&mut form_key);
        let app = App {
            post: Arc::new(Outbox(options.data.join(OUTBOX))),
            outbound: Outbound::new(OutboundOptions::default()),
            providers: LoginProviders::default(),
            dir: options.data,
            store,
            index,
            topics,
            meanings,
            policies: RwLock::new(Arc::new(PolicyFiles::default())),
            crowd: Mutex::new(None),
            roll: Mutex::default(),
            decided: Mutex::new(Decided::default()),
            found: AsOf::new(PAGES_KEPT),
            spreads: AsOf::new(SPREADS_KEPT),
            networks: AsOf::new(NETWORKS_KEPT),
            counted: AsOf::new(1),
            standings: Mutex::default(),
            clock: options.clock,
            entropy: options.entropy,
            form_key,
        };
        app.load_policies()?;
        Ok(app)
    }

    /// Where the store of a data directory is.
    pub fn location(data: &Path, database: Option<&str>) -> Location {
        database.map_or_else(|| Location::Sqlite(data.join(DATABASE)), |url| Location::Postgres(url.to_string()))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The same product with `post` for its letters.
    #[must_use]
    pub fn with_post(self, post: Arc<dyn Post>) -> App {
        App { post, ..self }
    }

    /// The same product with `outbound` for what it sends to other programs; embedding servers are
    /// trusted as it trusts others.
    #[must_use]
    pub fn with_outbound(self, outbound: Outbound) -> App {
        App { meanings: self.meanings.trusting(outbound.roots()), outbound, ..self }
    }

    /// The same product with `providers` who may say who somebody is.
    #[must_use]
    pub fn with_login_providers(self, providers: LoginProviders) -> App {
        App { providers, ..self }
    }

    pub fn login_providers(&self) -> &LoginProviders {
        &self.providers
    }

    /// The one client for requests to other programs.
    pub fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// The same product with `key` for the embedding server.
    #[must_use]
    pub fn with_embedding_key(self, key: &str) -> App {
        App { meanings: self.meanings.with_key(Secret::new(key)), ..self }
    }

    pub(crate) fn documents(&self) -> DocumentFiles {
        DocumentFiles(self.dir.join(FILES))
    }

    pub(crate) fn post(&self) -> &dyn Post {
        &*self.post
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A key for the tokens of forms, made anew at each start.
    pub fn form_key(&self) -> [u8; 32] {
        self.form_key
    }

    /// Who is written into the journal for what `viewer` does.
    pub(crate) fn actor(&self, viewer: &Viewer) -> Result<Actor, AppError> {
        match &viewer.login {
            Some(login) => Actor::user(login).map_err(|fault| AppError::Internal(fault.into())),
            None => Ok(Actor::system()),
        }
    }

    /// One use case, one transaction.
    pub(crate) fn write<T: Send + 'static>(&self, actor: &Actor, act: impl FnMut(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static) -> Result<T, AppError> {
        self.store.write(actor, act).map_err(AppError::from)
    }
}
