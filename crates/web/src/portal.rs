//! The portal as one value, and the router over it.

use crate::asset::Assets;
use crate::attend::{attend, policy};
use crate::fault::Fault;
use crate::once::Once;
use crate::options::Options;
use crate::pace::Pace;
use crate::render::Pages;
use crate::routes;
use crate::seal::Seal;
use crate::stash::Stash;
use crate::throttle::Throttle;
use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::from_fn_with_state;
use duijie_app::{App, AppError};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

/// Uploads that are taken in at once; each may hold the upload limit in memory.
const UPLOADS: usize = 4;
/// Visitors for whom a login provider is asked at once; each may wait for its answers.
const PROVIDERS: usize = 4;
/// Use cases that run at once; more would only take turns on the processors.
const WORKERS: usize = 16;

pub(crate) struct Portal {
    pub(crate) app: Arc<App>,
    pub(crate) options: Options,
    pub(crate) pages: Pages,
    pub(crate) seal: Seal,
    pub(crate) stash: Stash,
    pub(crate) throttle: Throttle,
    pub(crate) pace: Pace,
    pub(crate) once: Once,
    /// What pages may load and from where.
    pub(crate) policy: HeaderValue,
    pub(crate) visits: Semaphore,
    pub(crate) uploads: Semaphore,
    pub(crate) providers: Semaphore,
    workers: Semaphore,
}

/// Every page and the API over `app`.
pub fn router(app: Arc<App>, options: Options) -> Router {
    let portal = Arc::new(Portal {
        seal: Seal::new(app.form_key()),
        stash: Stash::new(options.upload_limit_bytes),
        visits: Semaphore::new(options.visits),
        policy: policy(&options.tiles),
        app,
        options,
        pages: Pages::over(Assets::here()),
        throttle: Throttle::new(),
        pace: Pace::new(),
        once: Once::new(),
        uploads: Semaphore::new(UPLOADS),
        providers: Semaphore::new(PROVIDERS),
        workers: Semaphore::new(WORKERS),
    });
    let packed = CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest);
    routes::all().layer(from_fn_with_state(portal.clone(), attend)).layer(packed).with_state(portal)
}

impl Portal {
    /// Runs a use case, which may wait for the disk, on a thread where waiting is allowed.
    pub(crate) async fn ask<T: Send + 'static>(&self, work: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static) -> Result<T, Fault> {
        let _place = self.workers.acquire().await.map_err(Fault::internal)?;
        let app = self.app.clone();
        tokio::task::spawn_blocking(move || work(&app)).await.map_err(Fault::internal)?.map_err(Fault::from)
    }
}
