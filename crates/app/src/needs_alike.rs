//! Needs beside needs: what was asked before, and what several could have solved together.

use crate::record::{readable, reference};
use crate::{App, AppError, MatchView, RecordRef, Viewer};
use duijie_docking::Pairs;
use duijie_record::Record;
use duijie_vocab::{RecordId, Text, name_key, text};
use serde::Serialize;

/// The open needs that are like a need, best first.
#[derive(Clone, Debug, Serialize)]
pub struct NeedsAlike {
    pub of: RecordRef,
    pub needs: Vec<AlikeNeed>,
    pub as_of: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct AlikeNeed {
    pub relation: Relationship,
    /// What one could do about it, in words.
    pub advice: Text,
    /// How many of the pairs of characters both texts share, in percent.
    pub same_text: u32,
    pub found: MatchView,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The same need told again.
    Repeat,
    /// Another organization wants much the same.
    Joint,
    /// About the same things.
    Related,
}

/// From this share of pairs on a text is told again; of one organization a smaller one is enough.
const SAME_TEXT: u32 = 35;
const SAME_TEXT_OF_ONE: u32 = 20;
/// From this score on, with so many terms in common, two organizations could ask together. The score is
/// measured by the most alike, which may be a repeat, so it need not be high.
const JOINT: f64 = 0.35;
const JOINT_TERMS: usize = 3;
const NEED: &str = "need";

impl App {
    /// The open needs like this one: repeats first, then those to solve together, then others.
    pub fn needs_alike(&self, viewer: &Viewer, id: &RecordId, limit: usize) -> Result<NeedsAlike, AppError> {
        let need = self.store().read(|view| readable(viewer, view, id))?;
        if need.kind != NEED {
            return Err(AppError::NotFound);
        }
        let ranker = self.ranker(viewer, &need, &[NEED], self.matching_weights()?.between_needs())?;
        let pairs = Pairs::of(&said(&need));
        let judged = ranker.ranked(NEED, crate::matches::CANDIDATES).into_iter().filter_map(|found| {
            let other = ranker.records.get(&found.record.id)?;
            let same_text = pairs.likeness_percent(&Pairs::of(&said(other)));
            let relation = relationship(&need, other, same_text, &found);
            Some(AlikeNeed { relation, advice: advice(relation, &found), same_text, found })
        });
        let mut needs: Vec<AlikeNeed> = judged.collect();
        // Within a relation the order of ranking stays.
        needs.sort_by_key(|alike| alike.relation);
        needs.truncate(limit);
        Ok(NeedsAlike { of: reference(&need), needs, as_of: self.index.cursor() })
    }
}

fn said(need: &Record) -> String {
    ["title", "main_problem", "key_technology", "expected_result"].map(|field| need.text(field)).join("\n")
}

fn relationship(need: &Record, other: &Record, same_text: u32, found: &MatchView) -> Relationship {
    let (own, others) = (name_key(need.text("organization")), name_key(other.text("organization")));
    let of_one = !own.is_empty() && own == others;
    if same_text >= SAME_TEXT || of_one && same_text >= SAME_TEXT_OF_ONE {
        Relationship::Repeat
    } else if found.score >= JOINT && found.shared_terms.len() >= JOINT_TERMS && !of_one {
        Relationship::Joint
    } else {
        Relationship::Related
    }
}

fn advice(relation: Relationship, found: &MatchView) -> Text {
    match relation {
        Relationship::Repeat => text!("可能是重复提出的需求，可合并办理", "probably the same need told again; it could be merged"),
        Relationship::Joint => {
            let who = if found.owner.is_empty() { &found.record.title } else { &found.owner };
            text!("可与{who}联合提出，共同攻关", "could be put forward together with {who}")
        }
        Relationship::Related => text!("内容相关，可参考", "about related things"),
    }
}
