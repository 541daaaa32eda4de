//! Who knows how: experts ranked by what they say of themselves, hold, published and solved, each
//! piece of evidence with what it adds to the score.

use crate::matches::{CANDIDATES, MILLION, Ranker, percent};
use crate::record::{readable, reference};
use crate::{App, AppError, RecordRef, Viewer};
use duijie_record::{Body, Record, RecordState, Schema, Value, Visibility, schema};
use duijie_store::View;
use duijie_vocab::{RecordId, RegionCode, Text, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// The experts for a need, best first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Experts {
    pub of: RecordRef,
    pub experts: Vec<ExpertView>,
    pub as_of: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpertView {
    pub record: RecordRef,
    pub organization: String,
    pub region_name: String,
    /// 0 to 100, rounded for people.
    pub percent: u32,
    /// The sum of what the evidence adds.
    pub score: f64,
    /// The weightiest first.
    pub evidence: Vec<EvidenceView>,
}

/// Something that shows that an expert knows how.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvidenceView {
    /// The kind of record, or `case`.
    pub kind: String,
    pub kind_name: Text,
    /// The record; nothing for a case, which is not everybody's business.
    pub record: Option<RecordRef>,
    /// What it adds to the score.
    pub adds: f64,
    pub percent: u32,
    pub reason: Text,
}

/// How convincing a full match of each kind of evidence is. What somebody solved tells most, what they
/// say of themselves is the expert's own word; several pieces never add up to more than certainty.
const OWN: f64 = 0.6;
const CASE: f64 = 0.5;
const WORKS: [(&str, &str, f64); 3] = [("patent", "inventors", 0.4), ("offer", "people", 0.4), ("paper", "authors", 0.3)];
const EXPERT: &str = "expert";
/// So many terms in common make a solved case one of the same kind.
const SAME_TERMS: usize = 5;
/// The pieces of evidence that are listed for one expert.
const LISTED: usize = 8;

/// One piece of evidence before it is weighed.
struct Piece {
    strength: f64,
    kind: String,
    kind_name: Text,
    record: Option<RecordRef>,
    reason: Text,
}

impl App {
    /// The experts who could help with a need, at most `limit`. Names behind patents, offers and papers
    /// count only for viewers who may read them.
    pub fn experts(&self, viewer: &Viewer, id: &RecordId, limit: usize) -> Result<Experts, AppError> {
        let need = self.store().read(|view| readable(viewer, view, id))?;
        if need.kind != "need" {
            return Err(AppError::NotFound);
        }
        let kinds: Vec<&str> = std::iter::once(EXPERT).chain(WORKS.iter().map(|(kind, ..)| *kind)).collect();
        let ranker = self.ranker(viewer, &need, &kinds, self.matching_weights()?)?;
        let mut found: BTreeMap<RecordId, (Record, Vec<Piece>)> = BTreeMap::new();
        self.store().read(|view| {
            own_words(&ranker, &mut found);
            for (kind, names, weight) in WORKS {
                works(view, viewer, &ranker, (kind, names, weight), &mut found)?;
            }
            Ok::<_, AppError>(())
        })?;
        if viewer.clearance() >= Visibility::Registered {
            let told = self.standings()?;
            self.store().read(|view| told.solved_by_experts(&ranker.terms, |expert, terms| solved(view, viewer, expert, terms, &mut found)))?;
        }
        let mut experts: Vec<ExpertView> = found.into_values().map(|(record, pieces)| weighed(&record, pieces)).collect();
        experts.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.record.id.cmp(&b.record.id)));
        experts.truncate(limit);
        Ok(Experts { of: reference(&need), experts, as_of: self.index.cursor() })
    }
}

type FoundExperts = BTreeMap<RecordId, (Record, Vec<Piece>)>;

/// What experts say of themselves.
fn own_words(ranker: &Ranker, found: &mut FoundExperts) {
    for own in ranker.rank(EXPERT, CANDIDATES) {
        let Some(record) = own.id.as_ref().and_then(|id| ranker.records.get(id)) else { continue };
        let reason = own.reasons_for.first().map_or_else(|| text!("专家资料相符", "the expert's own profile fits"), |reason| reason.text.clone());
        let piece = Piece { strength: OWN * f64::from(own.score), ..piece(EXPERT, record, reason) };
        found.entry(record.id.clone()).or_insert_with(|| (record.clone(), Vec::new())).1.push(piece);
    }
}

/// Patents, offers and papers that fit the need, for the experts whose names they bear.
fn works(view: &mut View<'_>, viewer: &Viewer, ranker: &Ranker, (kind, names, weight): (&str, &str, f64), found: &mut FoundExperts) -> Result<(), AppError> {
    let readable = schema(kind).and_then(|schema| schema.field(names)).is_some_and(|field| field.visibility <= viewer.clearance());
    let Some(experts) = schema(EXPERT).filter(|_| readable) else { return Ok(()) };
    for work in ranker.rank(kind, CANDIDATES) {
        let Some(record) = work.id.as_ref().and_then(|id| ranker.records.get(id)) else { continue };
        let holder = record.text("holder").to_string();
        let names: Vec<String> = record.body.get(names).map(|value| value.items().to_vec()).unwrap_or_default();
        for name in names {
            let Some(expert) = expert_of(view, viewer, experts, &name, &holder)? else { continue };
            let terms = work.shared_terms.iter().take(4).map(|term| term.term.as_str()).collect::<Vec<_>>();
            let (zh, en) = (terms.join("、"), terms.join(", "));
            let reason = text!("署名作品，共同关键词：{zh}", "bears the expert's name; terms in common: {en}");
            let piece = Piece { strength: weight * f64::from(work.score), ..piece(kind, record, reason) };
            found.entry(expert.id.clone()).or_insert_with(|| (expert, Vec::new())).1.push(piece);
        }
    }
    Ok(())
}

/// The expert of this name at this organization; a name alone is not enough to go by.
fn expert_of(view: &mut View<'_>, viewer: &Viewer, experts: &Schema, name: &str, organization: &str) -> Result<Option<Record>, AppError> {
    if organization.is_empty() {
        return Ok(None);
    }
    let body: Body = [(experts.title.clone(), Value::text(name)), ("organization".to_string(), Value::text(organization))].into_iter().collect();
    let Some(key) = experts.keys_of(&body, RegionCode::NATION, 1).into_iter().find(|key| key.strong) else { return Ok(None) };
    for id in view.find_by_key(EXPERT, &key.text)? {
        match readable(viewer, view, &id) {
            Ok(record) if record.state == RecordState::Active => return Ok(Some(record)),
            Ok(_) | Err(AppError::NotFound) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
}

/// A need with these terms that an expert solved.
fn solved(view: &mut View<'_>, viewer: &Viewer, expert: &RecordId, terms: &[&str], found: &mut FoundExperts) -> Result<(), AppError> {
    if !found.contains_key(expert) {
        match readable(viewer, view, expert) {
            Ok(record) if record.kind == EXPERT => drop(found.insert(expert.clone(), (record, Vec::new()))),
            Ok(_) | Err(AppError::NotFound) => return Ok(()),
            Err(fault) => return Err(fault),
        }
    }
    let (zh, en) = (terms.iter().take(4).copied().collect::<Vec<_>>().join("、"), terms.iter().take(4).copied().collect::<Vec<_>>().join(", "));
    let strength = CASE * (terms.len().min(SAME_TERMS) as f64 / SAME_TERMS as f64);
    let reason = text!("解决过相似的需求，共同关键词：{zh}", "solved a need like this; terms in common: {en}");
    if let Some((_, pieces)) = found.get_mut(expert) {
        pieces.push(Piece { strength, kind: "case".into(), kind_name: text!("对接单", "Case"), record: None, reason });
    }
    Ok(())
}

fn piece(kind: &str, record: &Record, reason: Text) -> Piece {
    let kind_name = schema(kind).map(|schema| schema.name.clone()).unwrap_or_default();
    Piece { strength: 0.0, kind: kind.to_string(), kind_name, record: Some(reference(record)), reason }
}

/// The evidence together: each piece takes its share of the doubt that those before it left.
fn weighed(record: &Record, mut pieces: Vec<Piece>) -> ExpertView {
    pieces.sort_by(|a, b| {
        b.strength.total_cmp(&a.strength).then_with(|| a.record.as_ref().map(|record| &record.id).cmp(&b.record.as_ref().map(|record| &record.id)))
    });
    pieces.truncate(LISTED);
    let mut doubt = 1.0;
    let mut score = 0u32;
    let mut evidence = Vec::new();
    for piece in pieces {
        let adds = doubt * piece.strength.clamp(0.0, 1.0);
        doubt -= adds;
        let millionths = (adds * MILLION).round() as u32;
        score += millionths;
        let adds = f64::from(millionths) / MILLION;
        evidence.push(EvidenceView { kind: piece.kind, kind_name: piece.kind_name, record: piece.record, adds, percent: percent(adds), reason: piece.reason });
    }
    let score = f64::from(score) / MILLION;
    ExpertView {
        record: reference(record),
        organization: record.text("organization").to_string(),
        region_name: record.region.path(),
        percent: percent(score),
        score,
        evidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expert() -> Record {
        Record {
            id: RecordId::derive("exp", "a"),
            kind: EXPERT.into(),
            version: 1,
            region: RegionCode::NATION,
            visibility: Visibility::Public,
            state: RecordState::Active,
            updated: duijie_vocab::Timestamp::parse("2021-03-05T00:00:00Z").unwrap(),
            source: Default::default(),
            marks: BTreeMap::new(),
            body: Body::new(),
        }
    }

    fn said(strength: f64) -> Piece {
        Piece { strength, kind: EXPERT.into(), kind_name: Text::default(), record: None, reason: Text::default() }
    }

    #[test]
    fn evidence_adds_up_and_more_of_it_never_hurts() {
        let strengths = [0.6, 0.0, 0.31, 0.4, 0.123_456_7, 0.5, 0.07, 0.6];
        let scores: Vec<f64> = (0..=strengths.len())
            .map(|count| {
                let seen = weighed(&expert(), strengths[..count].iter().copied().map(said).collect());
                let sum: f64 = seen.evidence.iter().map(|piece| piece.adds).sum();
                assert!((sum - seen.score).abs() < 1e-9 && (0.0..=1.0).contains(&seen.score), "{seen:?}");
                assert!(seen.evidence.windows(2).all(|pair| pair[0].adds >= pair[1].adds), "the weightiest first");
                seen.score
            })
            .collect();
        assert!(scores.windows(2).all(|pair| pair[1] >= pair[0]), "{scores:?}");
    }
}
