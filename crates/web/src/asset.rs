//! The portal's own style, script and mark, and the bundled scripts where the build had them, served
//! under a path that holds their digest, so that browsers may keep them for good.

use crate::fault::Fault;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use duijie_vocab::Digest;
use flate2::read::GzDecoder;
use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;

include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// Everything that pages load besides themselves.
pub(crate) struct Assets(Vec<Asset>);

struct Asset {
    name: &'static str,
    bytes: &'static [u8],
    /// Whether `bytes` are packed with gzip.
    packed: bool,
    digest: String,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets::of(BUNDLE));

impl Assets {
    /// What this binary serves.
    pub(crate) fn here() -> &'static Assets {
        &ASSETS
    }

    /// The portal's own files and a bundle: names with bytes that are packed with gzip.
    pub(crate) fn of(bundle: &[(&'static str, &'static [u8])]) -> Assets {
        let own = [
            Asset::new("portal.css", include_bytes!("../assets/portal.css"), false),
            Asset::new("portal.js", include_bytes!("../assets/portal.js"), false),
            Asset::new("mark.svg", include_bytes!("../assets/mark.svg"), false),
        ];
        Assets(own.into_iter().chain(bundle.iter().map(|(name, bytes)| Asset::new(name, bytes, true))).collect())
    }

    /// The path of the asset called `name`, if there is one.
    pub(crate) fn path(&self, name: &str) -> Option<String> {
        self.0.iter().find(|asset| asset.name == name).map(|asset| format!("/assets/{}/{}", asset.digest, asset.name))
    }

    fn answer(&self, digest: &str, name: &str, headers: &HeaderMap) -> Result<Response<Body>, Fault> {
        let asset = self.0.iter().find(|asset| asset.name == name && asset.digest == digest).ok_or_else(Fault::not_found)?;
        let says = |header, word: &str| headers.get_all(header).iter().any(|line| line.to_str().is_ok_and(|line| line.contains(word)));
        let known = says(header::IF_NONE_MATCH, &asset.digest);
        let packed = asset.packed && says(header::ACCEPT_ENCODING, "gzip");
        let body = if known { Cow::default() } else { asset.body(packed).map_err(Fault::internal)? };
        let mut response = Response::new(Body::from(body.into_owned()));
        *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.mime()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        headers.insert(header::ETAG, HeaderValue::try_from(format!("\"{}\"", asset.digest)).map_err(Fault::internal)?);
        if asset.packed {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(response)
    }
}

impl Asset {
    fn new(name: &'static str, bytes: &'static [u8], packed: bool) -> Asset {
        // Sixteen digits tell versions apart; nothing is proved by them.
        let digest = Digest::of(&[bytes]).to_string()[..16].to_string();
        Asset { name, bytes, packed, digest }
    }

    fn mime(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// The bytes as they travel: packed as they are, or unpacked for the few who take nothing packed.
    fn body(&self, packed: bool) -> std::io::Result<Cow<'static, [u8]>> {
        if packed || !self.packed {
            return Ok(Cow::Borrowed(self.bytes));
        }
        let mut plain = Vec::new();
        GzDecoder::new(self.bytes).read_to_end(&mut plain)?;
        Ok(Cow::Owned(plain))
    }
}

pub(crate) async fn show(Path((digest, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response<Body>, Fault> {
    ASSETS.answer(&digest, &name, &headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const SCRIPT: &str = "export const map = 1;";

    fn bundled() -> Assets {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(SCRIPT.as_bytes()).unwrap();
        let packed: &'static [u8] = packer.finish().unwrap().leak();
        Assets::of(&[("map.js", packed), ("map.css", packed)])
    }

    async fn asked(assets: &Assets, path: &str, asked: &[(header::HeaderName, &str)]) -> (Response<()>, Vec<u8>) {
        let (digest, name) = path.strip_prefix("/assets/").and_then(|rest| rest.split_once('/')).unwrap();
        let headers = asked.iter().map(|(name, value)| (name.clone(), HeaderValue::try_from(*value).unwrap())).collect();
        let (parts, body) = assets.answer(digest, name, &headers).ok().unwrap().into_parts();
        (Response::from_parts(parts, ()), axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn a_bundled_script_travels_packed_and_is_kept_for_good() {
        let assets = bundled();
        let path = assets.path("map.js").unwrap();
        let (packed, bytes) = asked(&assets, &path, &[(header::ACCEPT_ENCODING, "gzip, br")]).await;
        let said = |response: &Response<()>, name| response.headers().get(name).map(|value| value.to_str().unwrap().to_string()).unwrap_or_default();
        assert_eq!(said(&packed, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert_eq!(said(&packed, header::CONTENT_ENCODING), "gzip");
        assert_eq!(said(&packed, header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(said(&packed, header::VARY), "accept-encoding");
        assert_eq!(bytes[..2], [0x1f, 0x8b]);
        let (plain, bytes) = asked(&assets, &path, &[]).await;
        assert_eq!((said(&plain, header::CONTENT_ENCODING), bytes.as_slice()), (String::new(), SCRIPT.as_bytes()));
        let (known, bytes) = asked(&assets, &path, &[(header::IF_NONE_MATCH, &said(&packed, header::ETAG))]).await;
        assert_eq!((known.status(), bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        let (style, _) = asked(&assets, &assets.path("map.css").unwrap(), &[]).await;
        assert_eq!(said(&style, header::CONTENT_TYPE), "text/css; charset=utf-8");
    }

    #[test]
    fn what_was_not_bundled_has_no_path() {
        let assets = Assets::of(&[]);
        assert_eq!(assets.path("map.js"), None);
        assert!(assets.answer("0", "map.js", &HeaderMap::new()).is_err());
        assert!(assets.path("portal.css").is_some());
    }

    /// Only files that pages name are bundled, and a bundle is whole.
    #[test]
    fn the_bundle_of_this_build_is_whole_or_not_there() {
        let names: Vec<&str> = BUNDLE.iter().map(|(name, _)| *name).collect();
        assert!(names.is_empty() || names == ["charts.js", "licences.txt", "map-worker.js", "map.css", "map.js"], "{names:?}");
        for (name, bytes) in BUNDLE {
            let mut plain = Vec::new();
            GzDecoder::new(*bytes).read_to_end(&mut plain).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            assert!(!plain.is_empty(), "{name}");
        }
    }
}
