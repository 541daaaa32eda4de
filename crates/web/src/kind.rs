//! What the portal adds to a kind of record: the one-character mark by which lists tell kinds
//! apart, and the order in which kinds are offered.

use duijie_record::{Schema, schemas};
use duijie_vocab::{Lang, Text};

/// Kinds that the navigation offers; the others are reached through search.
pub(crate) const MAIN: [&str; 7] = ["need", "offer", "expert", "instrument", "service", "organization", "policy"];

/// The mark of `kind`: one Chinese character, or two Latin letters in English.
pub(crate) fn mark(kind: &str) -> Text {
    let (zh, en) = match kind {
        "need" => ("需", "Ne"),
        "offer" => ("果", "Of"),
        "expert" => ("才", "Ex"),
        "organization" => ("企", "Or"),
        "instrument" => ("器", "In"),
        "service" => ("服", "Se"),
        "patent" => ("专", "Pa"),
        "finance" => ("融", "Fi"),
        "capacity" => ("产", "Ca"),
        "policy" => ("策", "Po"),
        "facts" => ("数", "Fa"),
        "title" => ("誉", "Ti"),
        "station" => ("站", "St"),
        "facility" => ("台", "Fc"),
        "event" => ("会", "Ev"),
        "indicator" => ("标", "Id"),
        "paper" => ("文", "Pp"),
        _ => ("录", "Re"),
    };
    Text::new(zh, en)
}

/// The name of several records of `schema` in `lang`.
pub(crate) fn plural(schema: &Schema, lang: Lang) -> &str {
    schema.plural.get(lang)
}

/// The schema of a kind that a path names.
pub(crate) fn known(kind: &str) -> Option<&'static Schema> {
    schemas().get(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_mark_of_its_own_in_each_language() {
        for lang in Lang::ALL {
            let mut marks: Vec<String> = schemas().iter().map(|schema| mark(&schema.kind).get(lang).to_string()).collect();
            marks.sort();
            marks.dedup();
            assert_eq!(marks.len(), schemas().iter().count(), "{lang:?}");
        }
    }

    #[test]
    fn the_navigation_names_kinds_that_exist() {
        assert!(MAIN.iter().all(|kind| known(kind).is_some()));
    }
}
