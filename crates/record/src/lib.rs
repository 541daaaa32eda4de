//! Records as data. One schema per kind says which fields a record has, what people call them,
//! what they may hold and who may see them; forms, workbook templates, API schemas, search fields
//! and pages all come from it. This room checks and describes records; it does not store them.

mod canonical;
mod check;
mod draft;
mod record;
mod schema;
mod schemas;
mod value;

pub use canonical::{CanonicalFault, canonical_json};
pub use check::{Raw, Units, read_field};
pub use draft::{Checked, Draft, DraftField, Key, Reference, check_draft};
pub use record::{Body, Mark, Record, RecordState, Source};
pub use schema::{Choice, Field, FieldType, Group, Schema, SchemaFault, Visibility};
pub use schemas::{Schemas, schema, schemas, widened};
pub use value::Value;
