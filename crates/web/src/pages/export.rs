//! Whole lists, tables about money and blank templates as files.

use super::money_file::money_file;
use super::search::read_request;
use crate::fault::Fault;
use crate::kind;
use crate::portal::Portal;
use crate::render::download;
use crate::visit::Visit;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use duijie_app::{AppError, ExportFormat};
use duijie_record::Schema;
use http_body_util::channel::{Channel, Sender};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use tokio::runtime::Handle;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CHUNK_BYTES: usize = 64 * 1024;

pub(crate) async fn export(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(file): Path<String>) -> Result<Response, Fault> {
    if let Some(table) = money_file(&portal, &visit, &file).await? {
        return Ok(table);
    }
    let (schema, ending) = split(&file)?;
    let (format, mime) = format(ending).ok_or_else(Fault::not_found)?;
    let request = read_request(&visit.query.without("page").without("per_page"), Some(schema))?;
    let (viewer, lang) = (visit.viewer.clone(), visit.lang);
    // The list goes to disk first: a refusal is then still a page, and memory does not grow with the list.
    let file = portal.ask(move |app| {
        let mut out = BufWriter::new(tempfile::tempfile().map_err(inside)?);
        app.export(&viewer, &request, &schema.kind, format, lang, &mut out)?;
        out.flush().map_err(inside)?;
        out.into_inner().map_err(|fault| inside(fault.into_error()))
    });
    send(file.await?, &format!("{}.{ending}", schema.plural.get(visit.lang)), mime)
}

pub(crate) async fn template(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(file): Path<String>) -> Result<Response, Fault> {
    let (schema, ending) = split(&file)?;
    if ending != "xlsx" {
        return Err(Fault::not_found());
    }
    let lang = visit.lang;
    let bytes = portal.ask(move |app| app.template(&schema.kind, lang)).await?;
    Ok(download(&format!("{}.xlsx", schema.name.get(lang)), XLSX, Body::from(bytes)))
}

/// The kind and the ending of a name such as `need.xlsx`.
fn split(file: &str) -> Result<(&'static Schema, &str), Fault> {
    let (kind, ending) = file.split_once('.').ok_or_else(Fault::not_found)?;
    Ok((kind::known(kind).ok_or_else(Fault::not_found)?, ending))
}

pub(super) fn format(ending: &str) -> Option<(ExportFormat, &'static str)> {
    match ending {
        "xlsx" => Some((ExportFormat::Xlsx, XLSX)),
        "csv" => Some((ExportFormat::Csv, "text/csv; charset=utf-8")),
        "json" => Some((ExportFormat::Json, "application/json")),
        "jsonl" => Some((ExportFormat::Jsonl, "application/jsonl")),
        _ => None,
    }
}

fn inside(error: std::io::Error) -> AppError {
    AppError::Internal(error.into())
}

pub(super) fn send(mut file: File, name: &str, mime: &'static str) -> Result<Response, Fault> {
    let length = file.seek(SeekFrom::End(0)).and_then(|length| file.seek(SeekFrom::Start(0)).map(|_| length)).map_err(Fault::internal)?;
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(2);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || copy(file, sender, &runtime));
    let mut response = download(name, mime, Body::new(body));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// Sends the file piece by piece until its end, or until nobody wants it any more.
fn copy(mut file: File, mut sender: Sender<Bytes, std::io::Error>, runtime: &Handle) {
    loop {
        let mut piece = Vec::with_capacity(CHUNK_BYTES);
        match (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut piece) {
            Ok(0) => return,
            Ok(_) if runtime.block_on(sender.send_data(Bytes::from(piece))).is_err() => return,
            Ok(_) => {}
            Err(error) => return sender.abort(error),
        }
    }
}
