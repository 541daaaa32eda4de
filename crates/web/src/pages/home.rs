//! The home page: one search box, the figures as of a journal entry, ways in, and what is new.

use super::decisions::rank;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use duijie_app::{Figures, Hit, SearchRequest, Sort};
use duijie_vocab::{RegionCode, Text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct HomePage {
    figures: Figures,
    shares: Vec<Share>,
    decided: usize,
    needs: Vec<Hit>,
    offers: Vec<Hit>,
    /// What everybody should know at the moment; empty for nothing.
    notice: String,
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

const NEWEST: usize = 5;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>) -> Result<Response, Fault> {
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| {
        let newest = |kind: &str| {
            let request = SearchRequest { kinds: vec![kind.to_string()], sort: Sort::Newest, page: 1, per_page: NEWEST, ..SearchRequest::default() };
            app.search(&viewer, &request).map(|page| page.hits)
        };
        let notice = app.configuration(RegionCode::NATION)?.notice;
        Ok(HomePage { notice, ..HomePage::of(app.figures()?, newest("need")?, newest("offer")?) })
    });
    portal.pages.show(&portal, &visit, "home.html", page.await?)
}

impl HomePage {
    pub(crate) fn of(mut figures: Figures, needs: Vec<Hit>, offers: Vec<Hit>) -> HomePage {
        figures.decisions.sort_by_key(|(outcome, _, _)| rank(outcome));
        let decided: usize = figures.decisions.iter().map(|(_, _, count)| count).sum();
        let mut from = 0.0;
        let mut shares = Vec::new();
        for (outcome, name, count) in figures.decisions.iter().filter(|(_, _, count)| *count > 0) {
            // Counts of decisions stay far below 2^52, so they are exact as floats.
            let width = *count as f64 * 100.0 / decided as f64;
            shares.push(Share { outcome: outcome.clone(), name: name.clone(), count: *count, from, width });
            from += width;
        }
        HomePage { figures, shares, decided, needs, offers, notice: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_fill_the_bar() {
        let page = HomePage::of(crate::sample::figures(), Vec::new(), Vec::new());
        let last = page.shares.last().unwrap();
        assert!((last.from + last.width - 100.0).abs() < 1e-9);
    }
}
