//! Suggestions while somebody types: names by their first characters, their pinyin or its initials.

use crate::document::Gate;
use crate::fields::GATE;
use crate::names::typed_key;
use crate::search::shown;
use crate::{Index, IndexError};
use duijie_record::Visibility;
use duijie_vocab::RecordId;
use serde::Serialize;
use std::collections::BTreeMap;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Searcher, SegmentReader, TERMINATED};

/// A record whose name begins as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    pub id: RecordId,
    pub kind: String,
    pub title: String,
}

/// So many names beginning as typed are looked at, in each segment, to find those a viewer may see.
const MAX_LOOKED_AT: usize = 600;
const MAX_LIMIT: usize = 50;

impl Index {
    /// At most `limit` active records that `viewer` may see and whose name can be typed as
    /// beginning with `prefix`; the closest names first.
    pub fn suggest(&self, prefix: &str, viewer: Visibility, limit: usize) -> Result<Vec<Suggestion>, IndexError> {
        let key = typed_key(prefix);
        let limit = limit.min(MAX_LIMIT);
        if key.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let generation = self.generation();
        let searcher = generation.searcher();
        let mut closest = Closest::new(limit * 4);
        for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
            look_at(&mut closest, segment, ordinal as u32, generation.fields.names, &key, viewer)?;
        }
        let mut suggestions: Vec<Suggestion> = Vec::new();
        for address in closest.into_addresses() {
            if suggestions.len() == limit {
                break;
            }
            suggestions.extend(suggestion(&generation, &searcher, address)?.filter(|new| suggestions.iter().all(|known| known.id != new.id)));
        }
        Ok(suggestions)
    }
}

fn suggestion(generation: &crate::generation::Generation, searcher: &Searcher, address: DocAddress) -> Result<Option<Suggestion>, IndexError> {
    let shown = shown(generation, searcher, address)?;
    Ok(RecordId::parse(&shown.id).map(|id| Suggestion { id, kind: shown.kind, title: shown.title }))
}

fn look_at(
    closest: &mut Closest,
    segment: &SegmentReader,
    ordinal: u32,
    field: tantivy::schema::Field,
    key: &str,
    viewer: Visibility,
) -> Result<(), IndexError> {
    let index = segment.inverted_index(field)?;
    let gates = segment.fast_fields().column_first_or_default::<u64>(GATE)?;
    let mut names = index.terms().range().ge(key.as_bytes()).into_stream().map_err(IndexError::Io)?;
    let mut seen = 0;
    while seen < MAX_LOOKED_AT && names.advance() {
        if !names.key().starts_with(key.as_bytes()) {
            break;
        }
        let length = names.key().len();
        let mut documents = index.read_postings_from_terminfo(names.value(), IndexRecordOption::Basic).map_err(IndexError::Io)?;
        while documents.doc() != TERMINATED && seen < MAX_LOOKED_AT {
            seen += 1;
            let document = documents.doc();
            let gate = Gate(gates.get_val(document));
            if gate.active() && gate.readable(viewer) && !segment.is_deleted(document) {
                closest.take_in(length, DocAddress::new(ordinal, document));
            }
            documents.advance();
        }
    }
    Ok(())
}

/// The documents with the shortest names, each once.
struct Closest {
    limit: usize,
    found: BTreeMap<DocAddress, usize>,
}

impl Closest {
    fn new(limit: usize) -> Closest {
        Closest { limit, found: BTreeMap::new() }
    }

    fn take_in(&mut self, length: usize, address: DocAddress) {
        let known = self.found.entry(address).or_insert(length);
        *known = (*known).min(length);
    }

    fn into_addresses(self) -> Vec<DocAddress> {
        let mut all: Vec<(usize, DocAddress)> = self.found.into_iter().map(|(address, length)| (length, address)).collect();
        all.sort_unstable();
        all.into_iter().take(self.limit).map(|(_, address)| address).collect()
    }
}
