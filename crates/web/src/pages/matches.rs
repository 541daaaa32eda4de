//! Who or what could help with a need, and which needs a resource could help with, with reasons.

use super::named;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::visit::Visit;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use duijie_app::{AlikeNeed, ExpertView, MatchPart, MatchView, Matches, RecordRef, Relationship};
use duijie_vocab::Text;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct MatchesPage {
    pub(crate) of: RecordRef,
    pub(crate) kind_name: Text,
    /// Whether these are needs that a resource could help with.
    pub(crate) reverse: bool,
    pub(crate) groups: Vec<Group>,
    pub(crate) total: usize,
    pub(crate) as_of: i64,
    pub(crate) without_meaning: Option<Text>,
    /// For a need alone: experts with their evidence, and needs like it.
    pub(crate) experts: Vec<ExpertView>,
    pub(crate) alike: Vec<AlikeCard>,
}

/// A need like the one asked with.
#[derive(Serialize)]
pub(crate) struct AlikeCard {
    advice: Text,
    relation: Relationship,
    card: Card,
}

#[derive(Serialize)]
pub(crate) struct Group {
    pub(crate) kind: String,
    pub(crate) name: Text,
    pub(crate) matches: Vec<Card>,
}

/// A match with its score drawn: each part has its place on a bar of 100.
#[derive(Serialize)]
pub(crate) struct Card {
    #[serde(flatten)]
    view: MatchView,
    bars: Vec<Bar>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Bar {
    /// Which of the part colours it has, from 1: every part has its own, in every match.
    tone: usize,
    /// What is woven into the colour, so that parts can be told without it; 0 for nothing.
    weave: usize,
    name: Text,
    points: f64,
    from: f64,
    width: f64,
    known: bool,
    reason: Text,
}

/// Weaves of the page, with plain colour as the first. Neighbours on the bar never have the same.
const WEAVES: usize = 4;
const PER_KIND: usize = 20;
const EXPERTS: usize = 10;
const ALIKE: usize = 6;

pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (schema, id) = named(&kind, &id)?;
    if !matched(&schema.kind, schema.resource) {
        return Err(Fault::not_found());
    }
    let viewer = visit.viewer.clone();
    let page = portal.ask(move |app| {
        let mut page = MatchesPage::of(app.matches(&viewer, &id, PER_KIND)?);
        if !page.reverse {
            page.experts = app.experts(&viewer, &id, EXPERTS)?.experts;
            page.alike = app.needs_alike(&viewer, &id, ALIKE)?.needs.into_iter().map(AlikeCard::of).collect();
        }
        Ok(page)
    });
    portal.pages.show(&portal, &visit, "matches.html", page.await?)
}

/// Whether records of this kind have matches.
pub(crate) fn matched(kind: &str, resource: bool) -> bool {
    kind == "need" || resource
}

impl MatchesPage {
    pub(crate) fn of(matches: Matches) -> MatchesPage {
        let groups: Vec<Group> = matches
            .groups
            .into_iter()
            .filter(|group| !group.matches.is_empty())
            .map(|group| Group { kind: group.kind, name: group.kind_name, matches: group.matches.into_iter().map(Card::of).collect() })
            .collect();
        let kind_name = duijie_record::schema(&matches.of.kind).map(|schema| schema.name.clone()).unwrap_or_default();
        let total = groups.iter().map(|group| group.matches.len()).sum();
        MatchesPage {
            reverse: matches.of.kind != "need",
            kind_name,
            of: matches.of,
            groups,
            total,
            as_of: matches.as_of,
            without_meaning: matches.without_meaning,
            experts: Vec::new(),
            alike: Vec::new(),
        }
    }
}

impl AlikeCard {
    pub(crate) fn of(alike: AlikeNeed) -> AlikeCard {
        AlikeCard { advice: alike.advice, relation: alike.relation, card: Card::of(alike.found) }
    }
}

impl Card {
    fn of(view: MatchView) -> Card {
        let whole: f64 = view.parts.iter().map(|part| part.adds.max(0.0)).sum();
        let scale = if whole > 0.0 { f64::from(view.percent) / whole } else { 0.0 };
        let mut from = 0.0;
        let mut bars = Vec::new();
        for part in view.parts.iter().filter(|part| part.adds > 0.0) {
            let width = part.adds * scale;
            let points = (width * 10.0).round() / 10.0;
            let (tone, weave) = look(&part.part);
            bars.push(Bar { tone, weave, name: part.name.clone(), points, from, width, known: part.known, reason: part.reason.clone() });
            from += width;
        }
        Card { view, bars }
    }
}

/// The tone and the weave of a part, by its place among all parts.
fn look(part: &str) -> (usize, usize) {
    let place = MatchPart::ALL.iter().position(|known| known.as_str() == part).unwrap_or(0);
    (place + 1, place % WEAVES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_look_of_its_own_that_the_page_knows() {
        let style = include_str!("../../assets/portal.css");
        let pieces = include_str!("../../templates/pieces.html");
        let looks: Vec<(usize, usize)> = MatchPart::ALL.iter().map(|part| look(part.as_str())).collect();
        for (at, (tone, weave)) in looks.iter().enumerate() {
            assert_eq!(style.matches(&format!("--tone-{tone}: ")).count(), 2, "tone {tone} by day and by night");
            assert!(style.contains(&format!(".tone-{tone} {{")), "tone {tone}");
            assert!(*weave == 0 || pieces.contains(&format!("id=\"weave-{weave}\"")), "weave {weave}");
            assert!(looks[..at].iter().all(|(other, _)| other != tone) && (at == 0 || looks[at - 1].1 != *weave));
        }
    }

    #[test]
    fn the_parts_of_a_bar_add_up_to_the_score_that_is_shown() {
        for group in crate::sample::matches().groups {
            for view in group.matches {
                let percent = f64::from(view.percent);
                let card = Card::of(view);
                let total: f64 = card.bars.iter().map(|bar| bar.width).sum();
                assert!((total - percent).abs() < 1e-6);
                assert!(card.bars.windows(2).all(|pair| (pair[0].from + pair[0].width - pair[1].from).abs() < 1e-9));
            }
        }
    }

    #[test]
    fn a_match_without_score_has_no_bar() {
        let mut view = crate::sample::matches().groups[0].matches[0].clone();
        view.parts.iter_mut().for_each(|part| part.adds = 0.0);
        assert_eq!(Card::of(view).bars, []);
    }
}
