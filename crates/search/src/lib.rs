//! The full-text index on disk. It eats records with the number of the journal entry they came
//! from, answers searches with facets, highlights and suggestions, and gives matching its
//! candidates. It can be thrown away and built again; it never says more than a viewer may read.

mod candidates;
mod collect;
mod counts;
mod document;
mod fields;
mod filter;
mod generation;
mod highlight;
mod index;
mod key;
mod names;
mod near;
mod near_search;
mod query;
mod scores;
mod search;
mod server;
mod statistics;
mod suggest;
mod tokenizer;
mod units;
mod vectors;
mod vectors_file;
mod vectors_latest;

pub use candidates::{CandidateHit, CandidateQuery, Candidates};
pub use document::{PLACED, PLACED_YES};
pub use highlight::Segment;
pub use index::{Change, Index, IndexError, OpenError, Options, Rebuild};
pub use query::{Facet, Hit, Listed, Page, Query, Results, Sort};
pub use server::{AddressFault, EmbeddingServer, Secret, ServerOptions};
pub use statistics::Statistics;
pub use suggest::Suggestion;
pub use vectors::{Embedded, Meaning, MeaningOf, RecordPlace, Vectors};
