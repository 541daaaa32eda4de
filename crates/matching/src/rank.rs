//! Candidates → matches, ranked, each with the parts of its score, the reasons for and against,
//! and the shared terms. The parts add up to the score.

use crate::classes::classes;
use crate::fit::{self, Fit};
use crate::fusion::{FEEDBACK, shares_of_best, text_share, with_feedback};
use crate::{Analyzer, Partners, Profile, QueryTerms, SharedTerm, Topics, Trust, Weights, likeness, shared_terms};
use duijie_vocab::{Date, RecordId, Text, name_key, text};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A record that may help, with how its text scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub profile: Profile,
    pub text: TextScore,
    /// The likeness of its dense vector to the need's, from −1 to 1; nothing while it has none.
    pub dense: Option<f32>,
}

/// BM25 of the need's words and of its bigrams, as the index gives them: comparable among the
/// candidates of one need only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextScore {
    pub words: f32,
    pub bigrams: f32,
}

/// How to rank.
#[derive(Clone, Copy)]
pub struct Ranking<'a> {
    pub analyzer: &'a Analyzer,
    pub weights: &'a Weights,
    /// What the words of the region's records have to do with one another, if that has been learnt.
    pub topics: Option<&'a Topics>,
    /// The terms that the candidates were found by.
    pub terms: &'a QueryTerms,
    /// The day on which the match is made.
    pub today: Date,
    /// So many matches are given back.
    pub limit: usize,
    /// At most so many of one holder stand among the first ten.
    pub per_holder: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartName {
    Text,
    Topic,
    Meaning,
    Field,
    Industry,
    Region,
    Maturity,
    Budget,
    Availability,
    Freshness,
    Quality,
    Track,
    Load,
}

/// One part of a score. `weight × value` is what it contributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub name: PartName,
    /// The part's share of a full score; the weights of all parts add up to 1.
    pub weight: f32,
    /// From 0 to 1.
    pub value: f32,
    /// Whether the records say enough to know; otherwise `value` is the neutral one.
    pub known: bool,
    pub reason: Text,
    /// Whether the resource falls short of what the need asks for: that speaks against it, also where
    /// little is lost.
    #[serde(skip)]
    falls_short: bool,
}

/// A sentence for or against a match, and the part it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub part: PartName,
    pub text: Text,
}

/// A resource that helps with a need, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Match {
    pub id: Option<RecordId>,
    pub kind: String,
    pub title: String,
    pub holder: Option<String>,
    /// From 0 to 1: the sum of the parts' contributions.
    pub score: f32,
    pub parts: Vec<Part>,
    /// What speaks for it, the weightiest first.
    #[serde(rename = "for")]
    pub reasons_for: Vec<Reason>,
    /// What speaks against it or is not known, the weightiest first.
    #[serde(rename = "against")]
    pub reasons_against: Vec<Reason>,
    pub shared_terms: Vec<SharedTerm>,
}

/// The kind of record that wants something.
const NEED: &str = "need";
/// Holders are spread over so many first places.
const SPREAD: usize = 10;
/// A text that holds so much of a need's informative terms is a full answer: offers say things in
/// their own words, and the rarest terms of a need stand nowhere else.
const FULL_SHARE: f32 = 0.25;
/// A part speaks for a match from here on, and against it up to there.
const SPEAKS_FOR: f32 = 0.6;
const SPEAKS_AGAINST: f32 = 0.35;

impl PartName {
    pub const ALL: [PartName; 13] = [
        PartName::Text,
        PartName::Topic,
        PartName::Meaning,
        PartName::Field,
        PartName::Industry,
        PartName::Region,
        PartName::Maturity,
        PartName::Budget,
        PartName::Availability,
        PartName::Freshness,
        PartName::Quality,
        PartName::Track,
        PartName::Load,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            PartName::Text => "text",
            PartName::Topic => "topic",
            PartName::Meaning => "meaning",
            PartName::Field => "field",
            PartName::Industry => "industry",
            PartName::Region => "region",
            PartName::Maturity => "maturity",
            PartName::Budget => "budget",
            PartName::Availability => "availability",
            PartName::Freshness => "freshness",
            PartName::Quality => "quality",
            PartName::Track => "track",
            PartName::Load => "load",
        }
    }

    /// What people call the part.
    pub fn name(self) -> Text {
        let (zh, en) = match self {
            PartName::Text => ("内容", "content"),
            PartName::Topic => ("主题", "topic"),
            PartName::Meaning => ("语义", "meaning"),
            PartName::Field => ("技术领域", "technology field"),
            PartName::Industry => ("行业与专利分类", "classification"),
            PartName::Region => ("地域", "place"),
            PartName::Maturity => ("成熟度", "maturity"),
            PartName::Budget => ("预算", "budget"),
            PartName::Availability => ("可用性", "availability"),
            PartName::Freshness => ("时效", "freshness"),
            PartName::Quality => ("信息完整度", "completeness"),
            PartName::Track => ("对接记录", "track record"),
            PartName::Load => ("在办数量", "workload"),
        };
        Text::new(zh, en)
    }
}

/// The best `ranking.limit` candidates for `need`, best first, explained.
pub fn rank(need: &Profile, candidates: Vec<Candidate>, ranking: &Ranking<'_>) -> Vec<Match> {
    let full = full_text(&candidates, ranking.terms);
    let texts: Vec<f32> = candidates.iter().map(|candidate| text_share(candidate.text, full, ranking.weights.words)).collect();
    let topics = ranking.topics.map(|topics| topical(need, &candidates, &texts, topics, ranking.analyzer));
    let meanings = meanings(&candidates, &texts);
    let content = Contents { texts, topics, meanings };
    let mut scored: Vec<Scored> =
        candidates.into_iter().enumerate().map(|(at, candidate)| Scored::new(need, candidate, content.parts(at, ranking), ranking)).collect();
    // The id decides ties, so that the same input always gives the same order.
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.candidate.profile.id.cmp(&b.candidate.profile.id)));
    let scored = spread_holders(scored, ranking.per_holder);
    scored.into_iter().take(ranking.limit).map(|scored| scored.explain(need, ranking)).collect()
}

/// How much of the need each candidate's content holds, by shared text, by topic and by meaning.
struct Contents {
    texts: Vec<f32>,
    topics: Option<Vec<f32>>,
    meanings: Option<Vec<Meaning>>,
}

/// How near a candidate is by dense vectors, as a share of the nearest.
#[derive(Clone, Copy)]
struct Meaning {
    value: f32,
    known: bool,
}

impl Contents {
    /// The weight of content, shared out by how far text and topic can be trusted with this need.
    fn parts(&self, at: usize, ranking: &Ranking<'_>) -> Vec<Part> {
        let trust = Trust::of(ranking.terms, Partners { topical: self.topics.is_some(), dense: self.meanings.is_some() });
        let whole = ranking.weights.share(PartName::Text);
        let part = |name, share: f32, value: f32, reason| Part { name, weight: whole * share, value, known: true, reason, falls_short: false };
        let mut parts = vec![part(PartName::Text, trust.text, self.texts[at], Text::default())];
        if let Some(topics) = &self.topics {
            let alike = topics[at] >= SPEAKS_FOR;
            let reason = if alike { text!("主题相近", "about related topics") } else { text!("主题不太相近", "about other topics") };
            parts.push(part(PartName::Topic, trust.topical, topics[at], reason));
        }
        if let Some(Meaning { value, known }) = self.meanings.as_ref().map(|meanings| meanings[at]) {
            let reason = match (known, value >= SPEAKS_FOR) {
                (false, _) => text!("语义向量尚未计算", "its meaning is not computed yet"),
                (true, true) => text!("意思相近", "close in meaning"),
                (true, false) => text!("意思不太相近", "not close in meaning"),
            };
            parts.push(Part { known, ..part(PartName::Meaning, trust.dense, value, reason) });
        }
        parts
    }
}

/// How near each candidate is by topic to the need and to what its best candidates are about, as a
/// share of the nearest.
fn topical(need: &Profile, candidates: &[Candidate], texts: &[f32], topics: &Topics, analyzer: &Analyzer) -> Vec<f32> {
    let vectors: Vec<Vec<f32>> = candidates.iter().map(|candidate| topics.vector(analyzer, &candidate.profile.texts)).collect();
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by(|&a, &b| texts[b].total_cmp(&texts[a]));
    let best = order.into_iter().take(FEEDBACK).map(|at| (texts[at], vectors[at].as_slice()));
    let asked = with_feedback(&topics.vector(analyzer, &need.texts), best);
    shares_of_best(&vectors.iter().map(|vector| likeness(&asked, vector)).collect::<Vec<f32>>())
}

/// A candidate without a vector yet is taken for what its text says, so that embedding late neither
/// helps nor harms it. Nothing where no candidate has one.
fn meanings(candidates: &[Candidate], texts: &[f32]) -> Option<Vec<Meaning>> {
    let nearest =
        candidates.iter().filter_map(|candidate| candidate.dense).fold(None, |best: Option<f32>, near| Some(best.map_or(near, |best| best.max(near))))?;
    let nearest = nearest.max(f32::MIN_POSITIVE);
    let meaning = |(candidate, text): (&Candidate, &f32)| match candidate.dense {
        Some(near) => Meaning { value: (near / nearest).clamp(0.0, 1.0), known: true },
        None => Meaning { value: *text, known: false },
    };
    Some(candidates.iter().zip(texts).map(meaning).collect())
}

struct Scored {
    candidate: Candidate,
    parts: Vec<Part>,
    score: f32,
}

impl Scored {
    fn new(asked: &Profile, candidate: Candidate, content: Vec<Part>, ranking: &Ranking<'_>) -> Scored {
        let found = &candidate.profile;
        // Asked with a resource, its needs are found: what is wanted stands on their side then.
        let backwards = asked.kind != NEED && found.kind == NEED;
        let (need, resource) = if backwards { (found, asked) } else { (asked, found) };
        let fits = [
            (PartName::Field, fit::field(asked, found)),
            (PartName::Industry, classes(asked, found)),
            (PartName::Region, fit::region(asked, found)),
            (PartName::Maturity, fit::maturity(need, resource)),
            (PartName::Budget, fit::budget(need, resource)),
            (PartName::Availability, fit::availability(found, ranking.today)),
            (PartName::Freshness, fit::freshness(found, ranking.today)),
            (PartName::Quality, fit::quality(found)),
            (PartName::Track, fit::track(found, ranking.weights.unknown)),
            (PartName::Load, fit::load(found)),
        ];
        let part = |(name, fit): (PartName, Fit)| Part {
            name,
            weight: ranking.weights.share(name),
            value: fit.value.unwrap_or(ranking.weights.unknown),
            known: fit.value.is_some(),
            reason: fit.reason,
            falls_short: fit.falls_short,
        };
        let parts: Vec<Part> = content.into_iter().chain(fits.into_iter().map(part)).collect();
        let score = parts.iter().map(Part::contribution).sum();
        Scored { candidate, parts, score }
    }

    fn explain(mut self, need: &Profile, ranking: &Ranking<'_>) -> Match {
        let shared = shared_terms(ranking.analyzer, ranking.terms, need, &self.candidate.profile);
        if let Some(text) = self.parts.iter_mut().find(|part| part.name == PartName::Text) {
            text.reason = shared_reason(&shared);
        }
        let speaking = |speaks: fn(&Part) -> bool| {
            let mut parts: Vec<&Part> = self.parts.iter().filter(|part| part.weight > 0.0 && speaks(part)).collect();
            parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
            parts.into_iter().map(|part| Reason { part: part.name, text: part.reason.clone() }).collect::<Vec<_>>()
        };
        let reasons_for = speaking(speaks_for);
        let reasons_against = speaking(speaks_against);
        let profile = self.candidate.profile;
        Match {
            id: profile.id,
            kind: profile.kind,
            title: profile.title,
            holder: profile.holder,
            score: self.score,
            parts: self.parts,
            reasons_for,
            reasons_against,
            shared_terms: shared,
        }
    }
}

/// That a record is fresh, filled in and to be had, and whoever answers for it has time, is what one
/// expects; it is told only when it is not so.
fn speaks_for(part: &Part) -> bool {
    match part.name {
        // Text in common is always told, however little of it there is.
        PartName::Text => part.value > 0.0,
        PartName::Availability | PartName::Freshness | PartName::Quality | PartName::Load => false,
        _ => part.known && part.value >= SPEAKS_FOR && !part.falls_short,
    }
}

fn speaks_against(part: &Part) -> bool {
    match part.name {
        PartName::Text => part.value == 0.0,
        // Most have had no case yet, and nobody is asked whether they have time before they are known.
        PartName::Track | PartName::Load => part.known && part.value <= SPEAKS_AGAINST,
        _ => !part.known || part.value <= SPEAKS_AGAINST || part.falls_short,
    }
}

impl Part {
    /// What the part adds to the score.
    pub fn contribution(&self) -> f32 {
        self.weight * self.value
    }
}

/// The scores that count as full: the best among the candidates, unless even the best holds little
/// of what the need says.
fn full_text(candidates: &[Candidate], terms: &QueryTerms) -> TextScore {
    let ceiling = terms.ceiling;
    let best = |score: fn(&TextScore) -> f32| candidates.iter().map(|candidate| score(&candidate.text)).fold(FULL_SHARE * score(&ceiling), f32::max);
    TextScore { words: best(|text| text.words), bigrams: best(|text| text.bigrams) }
}

fn shared_reason(shared: &[SharedTerm]) -> Text {
    if shared.is_empty() {
        return text!("内容没有共同的关键词", "no key term in common");
    }
    let terms: Vec<&str> = shared.iter().take(6).map(|shared| shared.term.as_str()).collect();
    let (zh, en) = (terms.join("、"), terms.join(", "));
    text!("共同关键词：{zh}", "terms in common: {en}")
}

/// Moves what exceeds `per_holder` of one holder out of the first places, keeping the order otherwise.
fn spread_holders(scored: Vec<Scored>, per_holder: usize) -> Vec<Scored> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for item in scored {
        let holder = item.candidate.profile.holder.as_deref().map(name_key).filter(|key| !key.is_empty());
        let Some(holder) = holder.filter(|_| first.len() < SPREAD && per_holder > 0) else {
            // Without a holder, or past the first places, nothing crowds out anything.
            if first.len() < SPREAD {
                first.push(item)
            } else {
                later.push(item)
            }
            continue;
        };
        let count = counts.entry(holder).or_default();
        *count += 1;
        if *count <= per_holder { first.push(item) } else { later.push(item) }
    }
    later.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.candidate.profile.id.cmp(&b.candidate.profile.id)));
    first.extend(later);
    first
}
