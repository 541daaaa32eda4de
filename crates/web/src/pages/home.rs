//! The home page: one search box, the figures as of a journal entry, ways in, and what is new.

use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Figures, Hit, SearchRequest, Sort};
use duijie_vocab::Text;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct HomePage {
    figures: Figures,
    shares: Vec<Share>,
    decided: usize,
    newest: Vec<Hit>,
}

/// One outcome's part of all decisions, in percent of the bar's width.
#[derive(Serialize)]
struct Share {
    outcome: String,
    name: Text,
    count: usize,
    from: f64,
    width: f64,
}

const NEWEST: usize = 8;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| {
        let request = SearchRequest { sort: Sort::Newest, page: 1, per_page: NEWEST, ..SearchRequest::default() };
        Ok(HomePage::of(app.figures()?, app.search(&viewer, &request)?.hits))
    });
    portal.pages.show(&portal, &visit, "home.html", page.await?)
}

impl HomePage {
    pub(crate) fn of(figures: Figures, newest: Vec<Hit>) -> HomePage {
        let decided: usize = figures.decisions.iter().map(|(_, _, count)| count).sum();
        let mut from = 0.0;
        let mut shares = Vec::new();
        for (outcome, name, count) in figures.decisions.iter().filter(|(_, _, count)| *count > 0) {
            // Counts of decisions stay far below 2^52, so they are exact as floats.
            let width = *count as f64 * 100.0 / decided as f64;
            shares.push(Share { outcome: outcome.clone(), name: name.clone(), count: *count, from, width });
            from += width;
        }
        HomePage { figures, shares, decided, newest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_fill_the_bar() {
        let page = HomePage::of(crate::sample::figures(), Vec::new());
        let last = page.shares.last().unwrap();
        assert!((last.from + last.width - 100.0).abs() < 1e-9);
    }
}
