//! Candidates by what they mean: the nearest vectors among those that may be found at all. The vectors
//! may be behind the index, so it is the index that says whether a record found may be shown.

use crate::candidates::{Pass, region_range};
use crate::document::{Gate, kind_number};
use crate::generation::Generation;
use crate::{CandidateHit, IndexError, Meaning};
use duijie_matching::Profile;
use duijie_vocab::RecordId;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Searcher, TERMINATED, Term};

impl Pass<'_> {
    /// Tells the likeness of all `groups` of hits to the need, and adds to each the nearest records that it
    /// lacks. `group` says where a record of a kind belongs.
    pub(crate) fn add_near(&self, need: &Profile, groups: &mut [&mut Vec<CandidateHit>], group: &dyn Fn(u8) -> Option<usize>) -> Result<(), IndexError> {
        let Some(Meaning { vectors, of }) = &self.query.meaning else { return Ok(()) };
        let kept = vectors.kept();
        let asked = kept.asked(of);
        for hit in groups.iter_mut().flat_map(|hits| hits.iter_mut()) {
            hit.dense = kept.likeness(&hit.id, &asked);
        }
        let kinds: Vec<u8> = self.query.kinds.iter().map(|kind| kind_number(kind)).collect();
        let regions = region_range(self.query.region);
        let group_of = |gate: Gate| {
            let passes = gate.readable(self.query.viewer)
                && gate.active()
                && (kinds.is_empty() || kinds.contains(&gate.kind()))
                && regions.as_ref().is_none_or(|regions| regions.contains(&gate.region()));
            if passes { group(gate.kind()) } else { None }
        };
        let filtered = !self.query.filters.is_empty();
        let lets_pass = |id: &RecordId| need.id.as_ref() != Some(id) && (!filtered || self.finds(id));
        let near = kept.nearest(&asked, self.query.limit.div_ceil(2), groups.len(), group_of, lets_pass);
        for (hits, near) in groups.iter_mut().zip(near) {
            for (id, likeness) in near {
                if likeness <= 0.0 || hits.iter().any(|hit| hit.id == *id) {
                    continue;
                }
                let address = address(self.generation, self.searcher, id)?;
                let hit = address.map(|address| self.hit_at(address)).transpose()?.flatten();
                hits.extend(hit.map(|hit| CandidateHit { dense: Some(likeness), ..hit }));
            }
        }
        Ok(())
    }

    /// A record that cannot be looked up is not found; looking it up again tells why.
    fn finds(&self, id: &RecordId) -> bool {
        address(self.generation, self.searcher, id).ok().flatten().is_some_and(|address| self.lets_pass(address))
    }
}

/// Where the record stands in the index.
pub(crate) fn address(generation: &Generation, searcher: &Searcher, id: &RecordId) -> Result<Option<DocAddress>, IndexError> {
    let term = Term::from_field_text(generation.fields.id, id.as_str());
    for (ordinal, segment) in (0..).zip(searcher.segment_readers()) {
        let index = segment.inverted_index(generation.fields.id)?;
        let Some(mut documents) = index.read_postings(&term, IndexRecordOption::Basic).map_err(IndexError::Io)? else { continue };
        while documents.doc() != TERMINATED {
            if !segment.is_deleted(documents.doc()) {
                return Ok(Some(DocAddress::new(ordinal, documents.doc())));
            }
            documents.advance();
        }
    }
    Ok(None)
}
