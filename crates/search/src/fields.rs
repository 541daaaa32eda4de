//! The fields of the index and the version that its content depends on.

use duijie_matching::Analyzer;
use duijie_record::{Visibility, schemas};
use tantivy::schema::{FAST, Field, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions};

/// Changes whenever an index written before can no longer be read as one written now.
const LAYOUT: u32 = 3;

pub(crate) const TOKENIZER: &str = "duijie";

/// Names of the columns that are read by document.
pub(crate) const GATE: &str = "gate";
pub(crate) const FACETS: &str = "facets";
pub(crate) const UPDATED: &str = "updated";
pub(crate) const KEY: &str = "key";
pub(crate) const KEY_REST: &str = "key_rest";
pub(crate) const ORDER: [&str; 2] = ["order_1", "order_2"];

#[derive(Clone, Copy)]
pub(crate) struct Fields {
    /// The record id, for exact look-ups and deletion.
    pub(crate) id: Field,
    /// Credit codes, patent numbers and other numbers, for exact look-ups.
    pub(crate) code: Field,
    /// What a name can be typed as: characters, pinyin, initials.
    pub(crate) names: Field,
    /// The region's code and those of all divisions around it.
    pub(crate) region: Field,
    /// Terms that keep a record from some viewers: its visibility above public, its state.
    pub(crate) flags: Field,
    /// `level key value` of every facet, searched and counted.
    pub(crate) facets: Field,
    /// The searched text by the visibility of its fields; public first.
    pub(crate) text: [Field; 4],
    /// Validity, region, kind, state and visibility in one number.
    pub(crate) gate: Field,
    pub(crate) updated: Field,
    /// The number of the last day on which it is valid, where there is one.
    pub(crate) last_day: Field,
    /// The id as numbers: its first 64 bits, which also order records that are otherwise equal, and the rest.
    pub(crate) key: Field,
    pub(crate) key_rest: Field,
    /// The title's place in the alphabet.
    pub(crate) order: [Field; 2],
    /// What a result page shows, as JSON.
    pub(crate) shown: Field,
}

impl Fields {
    /// The index schema and its fields.
    pub(crate) fn build() -> (Schema, Fields) {
        let mut schema = Schema::builder();
        let raw = |schema: &mut SchemaBuilder, name: &str| schema.add_text_field(name, STRING);
        let text = |schema: &mut SchemaBuilder, visibility: Visibility| {
            let indexing = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::WithFreqs);
            let name = format!("text_{}", visibility.as_str());
            schema.add_text_field(&name, TextOptions::default().set_indexing_options(indexing))
        };
        let fields = Fields {
            id: raw(&mut schema, "id"),
            code: raw(&mut schema, "code"),
            names: raw(&mut schema, "names"),
            region: raw(&mut schema, "region"),
            flags: raw(&mut schema, "flags"),
            facets: schema.add_text_field(FACETS, STRING | FAST),
            text: Visibility::ALL.map(|visibility| text(&mut schema, visibility)),
            gate: schema.add_u64_field(GATE, FAST),
            updated: schema.add_i64_field(UPDATED, FAST),
            last_day: schema.add_u64_field("last_day", FAST),
            key: schema.add_u64_field(KEY, FAST),
            key_rest: schema.add_u64_field(KEY_REST, FAST),
            order: ORDER.map(|name| schema.add_u64_field(name, FAST)),
            shown: schema.add_bytes_field("shown", STORED),
        };
        (schema.build(), fields)
    }

    /// The text fields that `viewer` may search.
    pub(crate) fn readable_text(&self, viewer: Visibility) -> &[Field] {
        &self.text[..=viewer as usize]
    }
}

/// What decides how a record becomes a document: this layout, the analyzer and the schemas.
pub(crate) fn version(analyzer: &Analyzer) -> String {
    let mut said = String::new();
    for schema in schemas().iter() {
        said.push_str(&format!("{}/{};", schema.kind, schema.title));
        for field in schema.fields() {
            said.push_str(&format!("{}:{}{}{:?},", field.key, field.search, u8::from(field.facet), field.visibility));
        }
    }
    let schemas = duijie_vocab::Digest::of(&[said.as_bytes()]).to_string();
    format!("{LAYOUT}-{:016x}-{}", analyzer.fingerprint(), &schemas[..16])
}
