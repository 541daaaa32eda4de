//! The newest results of a search as an Atom feed (RFC 4287): the search is saved wherever the feed
//! is read. Only what everybody may read stands in it, whoever asks.

use super::search::read_request;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use duijie_app::{Hit, SearchPage, Segment, Sort, Viewer};
use duijie_vocab::Lang;
use std::fmt::Write;
use std::sync::Arc;

const ENTRIES: usize = 50;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let mut request = read_request(&visit.query, None)?;
    (request.sort, request.page, request.per_page) = (Sort::Newest, 1, ENTRIES);
    let text = request.text.clone();
    let found = portal.ask(move |app| app.search(&Viewer::public(), &request)).await?;
    let url = portal.options.public_url.trim_end_matches('/');
    let feed = atom(url, &visit, &text, &found);
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response())
}

fn atom(url: &str, visit: &Visit, text: &str, found: &SearchPage) -> String {
    let own = format!("{url}{}", visit.here());
    let page = format!("{url}{}", visit.query.behind("/search"));
    let updated = found.hits.iter().map(|hit| hit.updated).max().map_or_else(|| "1970-01-01T00:00:00Z".to_string(), |at| at.to_string());
    let name = match visit.lang {
        Lang::Zh => "对接",
        Lang::En => "Duijie",
    };
    let title = if text.is_empty() { name.to_string() } else { format!("{name} · {text}") };
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<id>{own}</id><title>{title}</title>\
         <updated>{updated}</updated><link rel=\"self\" href=\"{own}\"/><link href=\"{page}\"/><author><name>{name}</name></author>\n",
        visit.lang.tag(),
        own = escaped(&own),
        title = escaped(&title),
        page = escaped(&page),
    );
    found.hits.iter().for_each(|hit| entry(&mut feed, url, visit.lang, hit));
    feed.push_str("</feed>\n");
    feed
}

fn entry(feed: &mut String, url: &str, lang: Lang, hit: &Hit) {
    let plain = |segments: &[Segment]| escaped(&segments.iter().map(|segment| segment.text.as_str()).collect::<String>());
    let link = escaped(&format!("{url}/{}/{}", hit.kind, hit.id));
    let written = writeln!(
        feed,
        "<entry><id>{link}</id><title>{}</title><updated>{}</updated><link href=\"{link}\"/><category term=\"{}\" label=\"{}\"/><summary>{}</summary></entry>",
        plain(&hit.title),
        hit.updated,
        escaped(&hit.kind),
        escaped(hit.kind_name.get(lang)),
        plain(&hit.snippet),
    );
    written.expect("BUG: a text takes everything that is written to it");
}

/// `text` in XML; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_element() {
        assert_eq!(escaped("a<b>&\"\u{1}\u{ffff}\n"), "a&lt;b&gt;&amp;&quot; ");
    }
}
