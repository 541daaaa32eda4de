//! What a form sent, read and checked in one place before any handler runs: it came from a page of
//! ours, it is no larger than allowed, its text is UTF-8, and it carries the token of its holder.

use crate::fault::{Fault, Resubmit};
use crate::portal::Portal;
use crate::query::Pairs;
use crate::visit::Visit;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};
use duijie_app::{Action, AppError, DOCUMENT_LIMIT_BYTES, Target};
use http_body_util::BodyExt;
use std::time::Duration;

/// The fields of a form and the files that came with it.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    pub(crate) fields: Pairs,
    pub(crate) files: Vec<Upload>,
}

#[derive(Debug)]
pub(crate) struct Upload {
    /// The field of the form that it came in.
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

impl Posted {
    /// The file of a form that has one.
    pub(crate) fn file(&self) -> Option<&Upload> {
        self.files.first()
    }

    /// The file that came in a field.
    pub(crate) fn file_in(&self, field: &str) -> Option<&Upload> {
        self.files.iter().find(|upload| upload.field == field)
    }
}

/// The field that carries the form token.
pub(crate) const TOKEN: &str = "_token";
/// The most that a form without a file may hold, in bytes.
pub(crate) const FORM_LIMIT_BYTES: usize = 1024 * 1024;
/// What is read and thrown away of a body that is too large, so that the browser stays to see why.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;
/// Room for the other fields and the boundaries beside an uploaded file.
const MULTIPART_ROOM_BYTES: usize = 64 * 1024;
const FORM_TIME: Duration = Duration::from_secs(30);
const UPLOAD_TIME: Duration = Duration::from_secs(300);

/// Reads and checks the form in `request`.
pub(crate) async fn read(portal: &Portal, visit: &Visit, request: Request) -> Result<Posted, Fault> {
    let same_origin = check_origin(request.headers(), &portal.options.public_url)?;
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let posted = match media.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => read_form(request).await?,
        "multipart/form-data" => {
            // Nobody makes us keep a file before we know that they may send one; it is let past, so
            // that the browser comes to read why.
            let documents = if visit.viewer.login.is_some() { documents_to(&visit.path) } else { 0 };
            let limit = portal.options.upload_limit_bytes.min(if documents > 0 { DOCUMENT_LIMIT_BYTES } else { usize::MAX });
            let may = if documents > 0 { Ok(()) } else { visit.viewer.may(Action::Import, &Target::default()) };
            if let Err(refused) = may {
                within(UPLOAD_TIME, collect(request, 0, 0)).await.err();
                return Err(AppError::from(refused).into());
            }
            read_upload(portal, (limit, documents.max(1)), request).await?
        }
        _ => return Err(Fault::unsupported_media()),
    };
    let token = posted.fields.get(TOKEN).unwrap_or_default();
    if portal.seal.is_form_token(token, &visit.holder) {
        return Ok(posted);
    }
    // Only a page of ours gets its own words back under a fresh token.
    let resubmit = if same_origin && posted.files.is_empty() { Resubmit::of(&visit.here(), &posted.fields) } else { None };
    Err(Fault::stale_form(resubmit))
}

/// Whether the browser vouches that a page of ours sent the request; a request that it says comes
/// from elsewhere is refused. Programs send neither header; the token decides about them.
fn check_origin(headers: &HeaderMap, public_url: &str) -> Result<bool, Fault> {
    let line = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"));
    match line("sec-fetch-site") {
        Some("same-origin") => return Ok(true),
        Some(_) => return Err(Fault::foreign()),
        None => {}
    }
    let Some(origin) = line("origin") else { return Ok(false) };
    let host = line("host").unwrap_or_default();
    let own = origin == public_url.trim_end_matches('/') || origin.split_once("://").is_some_and(|(_, authority)| authority == host);
    if own { Ok(true) } else { Err(Fault::foreign()) }
}

async fn read_form(request: Request) -> Result<Posted, Fault> {
    let bytes = within(FORM_TIME, collect(request, FORM_LIMIT_BYTES, FORM_LIMIT_BYTES)).await?;
    let fields = Pairs::parse(&bytes).map_err(|_| Fault::bad_encoding())?;
    Ok(Posted { fields, files: Vec::new() })
}

/// How many documents of a case or of an order a form at this path may carry, which everybody with an
/// account may try; whose case or order it is decides the use case.
fn documents_to(path: &str) -> usize {
    match path {
        "/vouchers" => 1,
        "/orders" => 2,
        _ => usize::from(path.strip_prefix("/case/").is_some_and(|rest| rest.ends_with("/documents"))),
    }
}

/// Reads a form with at most `most` files of at most `limit` bytes each.
async fn read_upload(portal: &Portal, (limit, most): (usize, usize), request: Request) -> Result<Posted, Fault> {
    let _place = portal.uploads.try_acquire().map_err(|_| Fault::busy())?;
    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), body);
    let bytes = within(UPLOAD_TIME, collect(head, limit.saturating_mul(most).saturating_add(MULTIPART_ROOM_BYTES), limit)).await?;
    let mut whole = Request::from_parts(parts, Body::from(bytes));
    axum::extract::DefaultBodyLimit::disable().apply(&mut whole);
    let mut multipart = Multipart::from_request(whole, &()).await.map_err(|_| Fault::unsupported_media())?;
    let mut posted = Posted::default();
    while let Some(field) = multipart.next_field().await.map_err(|_| Fault::unsupported_media())? {
        let name = field.name().unwrap_or_default().to_string();
        let file = field.file_name().map(base_name);
        let bytes = field.bytes().await.map_err(|_| Fault::unsupported_media())?;
        match file {
            Some(_) if bytes.len() > limit => return Err(Fault::too_large(limit)),
            // A field in which nobody chose a file comes without a name.
            Some(file) if file.is_empty() => {}
            Some(_) if posted.files.len() == most => return Err(Fault::too_large(limit)),
            Some(file) => posted.files.push(Upload { field: name, name: file, bytes }),
            None => {
                let value = String::from_utf8(bytes.to_vec()).map_err(|_| Fault::bad_encoding())?;
                posted.fields.0.push((name, value));
            }
        }
    }
    Ok(posted)
}

/// The name without the folders that some browsers send with it, at most 200 characters.
pub(crate) fn base_name(sent: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The whole body, or the fault that says that at most `told` bytes are taken.
pub(crate) async fn collect(request: Request, limit: usize, told: usize) -> Result<Vec<u8>, Fault> {
    let mut body = request.into_body();
    let mut bytes = Vec::new();
    let mut seen = 0usize;
    while let Some(frame) = body.frame().await {
        // The client went away; nobody will read the answer.
        let frame = frame.map_err(|_| Fault::too_slow())?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
        if seen > limit.saturating_add(DRAINED_BYTES) {
            break;
        }
    }
    if seen > limit { Err(Fault::too_large(told)) } else { Ok(bytes) }
}

pub(crate) async fn within_form_time<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    within(FORM_TIME, work).await
}

pub(crate) async fn within_upload_time<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    within(UPLOAD_TIME, work).await
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::time::timeout(time, work).await.map_err(|_| Fault::too_slow())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn origin(lines: &[(&'static str, &'static str)]) -> Result<bool, u16> {
        let headers: HeaderMap = lines.iter().map(|(name, value)| (axum::http::HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        check_origin(&headers, "https://duijie.example.cn").map_err(|fault| fault.status.as_u16())
    }

    #[test]
    fn a_request_from_another_site_is_refused_whatever_else_it_says() {
        assert_eq!(origin(&[("sec-fetch-site", "cross-site"), ("origin", "https://duijie.example.cn")]), Err(403));
        assert_eq!(origin(&[("sec-fetch-site", "same-site")]), Err(403));
        assert_eq!(origin(&[("origin", "https://elsewhere.example"), ("host", "duijie.example.cn")]), Err(403));
        assert_eq!(origin(&[("origin", "null"), ("host", "duijie.example.cn")]), Err(403));
    }

    #[test]
    fn a_page_of_ours_is_known_by_either_header() {
        assert_eq!(origin(&[("sec-fetch-site", "same-origin")]), Ok(true));
        assert_eq!(origin(&[("origin", "https://duijie.example.cn"), ("host", "inside:8080")]), Ok(true));
        assert_eq!(origin(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]), Ok(true));
        assert_eq!(origin(&[]), Ok(false));
    }

    #[test]
    fn a_file_name_loses_its_folders() {
        assert_eq!(base_name("C:\\表\\需求.xlsx"), "需求.xlsx");
        assert_eq!(base_name("../../etc/passwd"), "passwd");
    }
}
