//! Matching: what a need and a resource have to do with each other, in figures and in words.
//! Text analysis (Chinese words and character bigrams, Latin words, measures), the informative
//! terms of a long text, score parts, ranking with reasons, and the evaluation of all of it.
//! This room is pure: it knows no index, no store, no clock; candidates and the day come in.

mod analyzer;
mod bm25;
mod classes;
mod codes;
mod embed;
mod eval;
mod excerpt;
mod field_tree;
mod fit;
mod fold;
mod fusion;
mod ipc;
mod kin;
mod lexicon;
mod measure;
mod new_words;
mod place;
mod profile;
mod rank;
mod refit;
mod sentence;
mod shared;
mod standing;
mod stem;
mod terms;
mod topic;
mod topics;
mod topics_file;
mod trial;
mod tune;
mod weights;

pub use analyzer::{Analyzer, Token, Tokens};
pub use bm25::{Bm25, Bm25Index};
pub use codes::{Codes, RESCORED};
pub use embed::{Centre, Embed, EmbedFault, LocalModel, ModelFault, Role, checked};
pub use eval::{Collection, CollectionFault, Measures, Report, Stage};
pub use excerpt::{Piece, excerpt};
pub use fold::{fold_char, is_han};
pub use fusion::{Partners, Trust};
pub use lexicon::Lexicon;
pub use profile::{FieldText, Maturity, PriceRange, Profile};
pub use rank::{Candidate, Match, Part, PartName, Ranking, Reason, TextScore, rank};
pub use refit::{Constants, Refit, Tried};
pub use shared::{Occurrence, SharedTerm, shared_terms};
pub use standing::{Ended, Standing};
pub use terms::{DocumentFrequencies, QueryTerm, QueryTerms, TermLimits};
pub use topic::is_stop_word;
pub use topics::{TopicOptions, Topics, likeness};
pub use topics_file::TopicsFault;
pub use trial::Trial;
pub use tune::{Judged, TuneFault, Tuning, tune};
pub use weights::{Weights, WeightsFault};
