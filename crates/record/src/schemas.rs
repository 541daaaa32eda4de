//! The kinds of record that the product knows, one YAML file each.

use crate::{Group, Schema};
use duijie_vocab::{RecordId, name_key};
use std::sync::{LazyLock, Mutex, PoisonError};

const SOURCES: [&str; 17] = [
    include_str!("../schemas/need.yaml"),
    include_str!("../schemas/offer.yaml"),
    include_str!("../schemas/expert.yaml"),
    include_str!("../schemas/organization.yaml"),
    include_str!("../schemas/instrument.yaml"),
    include_str!("../schemas/service.yaml"),
    include_str!("../schemas/patent.yaml"),
    include_str!("../schemas/finance.yaml"),
    include_str!("../schemas/capacity.yaml"),
    include_str!("../schemas/policy.yaml"),
    include_str!("../schemas/facts.yaml"),
    include_str!("../schemas/title.yaml"),
    include_str!("../schemas/station.yaml"),
    include_str!("../schemas/facility.yaml"),
    include_str!("../schemas/event.yaml"),
    include_str!("../schemas/indicator.yaml"),
    include_str!("../schemas/paper.yaml"),
];

/// All kinds.
pub struct Schemas {
    all: Vec<Schema>,
}

static BUILT_IN: LazyLock<Schemas> = LazyLock::new(|| {
    let parse = |yaml| Schema::parse(yaml).unwrap_or_else(|fault| panic!("BUG: a built-in schema is wrong: {fault}"));
    Schemas { all: SOURCES.into_iter().map(parse).collect() }
});

/// The built-in kinds, in the order in which people look for them.
pub fn schemas() -> &'static Schemas {
    &BUILT_IN
}

/// The schema of the kind with this key.
pub fn schema(kind: &str) -> Option<&'static Schema> {
    BUILT_IN.get(kind)
}

/// Every schema that was widened, with the group that it got.
static WIDENED: Mutex<Vec<(Group, &'static Schema)>> = Mutex::new(Vec::new());

/// The schema of `kind` with one more group of fields, such as the facts that a region declares; a group
/// without fields adds nothing. Each group is kept once for the life of the process: they change as often as
/// a region declares facts, and every record that is read needs them.
pub fn widened(kind: &str, group: Group) -> Option<&'static Schema> {
    let base = schema(kind)?;
    if group.fields.is_empty() {
        return Some(base);
    }
    let mut known = WIDENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, same)) = known.iter().find(|(other, schema)| schema.kind == kind && *other == group) {
        return Some(same);
    }
    let mut schema = base.clone();
    schema.groups.push(group.clone());
    let schema: &'static Schema = Box::leak(Box::new(schema));
    known.push((group, schema));
    Some(schema)
}

impl Schemas {
    pub fn iter(&self) -> impl Iterator<Item = &Schema> {
        self.all.iter()
    }

    pub fn get(&self, kind: &str) -> Option<&Schema> {
        self.all.iter().find(|schema| schema.kind == kind)
    }

    /// The kind that a word of a person names: its key, its name in either language, or an alias.
    pub fn named(&self, word: &str) -> Option<&Schema> {
        let key = name_key(word);
        let same = |other: &str| name_key(other) == key;
        self.all.iter().find(|s| same(&s.kind) || same(&s.name.zh) || same(&s.name.en) || same(&s.plural.en) || s.aliases.iter().any(|alias| same(alias)))
    }

    /// The kind whose ids begin as this one does.
    pub fn of_id(&self, id: &RecordId) -> Option<&Schema> {
        self.all.iter().find(|schema| schema.prefix == id.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_built_in_schema_hangs_together() {
        let mut kinds = HashSet::new();
        let mut prefixes = HashSet::new();
        for schema in schemas().iter() {
            assert!(kinds.insert(&schema.kind) && prefixes.insert(&schema.prefix), "{}", schema.kind);
            for field in schema.fields() {
                if let Some(to) = &field.to {
                    assert!(schemas().get(to).is_some(), "{}.{} points to `{to}`", schema.kind, field.key);
                }
                assert!(!field.personal || field.visibility != crate::Visibility::Public, "{}.{} is personal and public", schema.kind, field.key);
            }
        }
        assert_eq!(kinds.len(), SOURCES.len());
    }

    #[test]
    fn a_widened_kind_has_its_own_fields_and_the_further_ones() {
        let field = schema("facts").unwrap().field("revenue").unwrap();
        let group = Group { name: duijie_vocab::Text::new("本地", "local"), fields: vec![crate::Field { key: "fee".into(), ..field.clone() }] };
        let wide = widened("facts", group.clone()).unwrap();
        assert!(wide.field("fee").is_some() && wide.field("revenue").is_some());
        assert!(std::ptr::eq(wide, widened("facts", group.clone()).unwrap()), "the same group gives the same schema");
        assert!(schema("facts").unwrap().field("fee").is_none());
        assert!(std::ptr::eq(widened("facts", Group { fields: Vec::new(), ..group }).unwrap(), schema("facts").unwrap()));
    }

    #[test]
    fn a_kind_is_found_by_the_words_people_use() {
        for (word, kind) in [("need", "need"), ("技术需求", "need"), ("Offers", "offer"), ("仪器", "instrument"), ("高企", "")] {
            assert_eq!(schemas().named(word).map_or("", |s| &s.kind), kind, "{word}");
        }
    }
}
