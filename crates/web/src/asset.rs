//! The portal's own style, script and mark, served under a path that holds their digest, so that
//! browsers may keep them for good.

use crate::fault::Fault;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Response, StatusCode, header};
use duijie_vocab::Digest;
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    mime: &'static str,
    bytes: &'static [u8],
    digest: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::new("portal.css", "text/css; charset=utf-8", include_bytes!("../assets/portal.css")),
        Asset::new("portal.js", "text/javascript; charset=utf-8", include_bytes!("../assets/portal.js")),
        Asset::new("mark.svg", "image/svg+xml", include_bytes!("../assets/mark.svg")),
    ]
});

impl Asset {
    fn new(name: &'static str, mime: &'static str, bytes: &'static [u8]) -> Asset {
        // Sixteen digits tell versions apart; nothing is proved by them.
        let digest = Digest::of(&[bytes]).to_string()[..16].to_string();
        Asset { name, mime, bytes, digest }
    }
}

/// The path of the asset called `name`, if there is one.
pub(crate) fn path(name: &str) -> Option<String> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| format!("/assets/{}/{}", asset.digest, asset.name))
}

pub(crate) async fn show(Path((digest, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    let asset = ASSETS.iter().find(|asset| asset.name == name && asset.digest == digest).ok_or_else(Fault::not_found)?;
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| tags.contains(&asset.digest));
    let response = Response::builder()
        .status(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK })
        .header(header::CONTENT_TYPE, asset.mime)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::ETAG, format!("\"{}\"", asset.digest))
        .body(if known { Body::empty() } else { Body::from(asset.bytes) });
    response.map_err(Fault::internal)
}
