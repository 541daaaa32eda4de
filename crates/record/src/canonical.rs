//! Canonical JSON (RFC 8785) for values without floating-point numbers: UTF-8, keys sorted by
//! UTF-16 code units, no insignificant space. Two implementations hash the same bytes.

use serde::Serialize;
use serde_json::Value as Json;

#[derive(Debug, thiserror::Error)]
pub enum CanonicalFault {
    #[error("the value does not serialize to JSON")]
    Serialize(#[from] serde_json::Error),
    #[error("the value holds a floating-point number or one beyond 2^53, which canonical JSON here does not allow")]
    Number,
}

/// The largest whole number that every JSON reader keeps exactly.
const MAX_SAFE: i64 = 1 << 53;

/// The canonical form of `value`; numbers beyond ±2⁵³ are refused, as is anything with a fraction.
pub fn canonical_json(value: &impl Serialize) -> Result<String, CanonicalFault> {
    let json = serde_json::to_value(value)?;
    let mut out = String::new();
    write(&json, &mut out)?;
    Ok(out)
}

fn write(json: &Json, out: &mut String) -> Result<(), CanonicalFault> {
    match json {
        Json::Number(number) => {
            let whole = number.as_i64().filter(|n| (-MAX_SAFE..=MAX_SAFE).contains(n)).ok_or(CanonicalFault::Number)?;
            out.push_str(&whole.to_string());
        }
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (at, (key, item)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Json::String(key.clone()).to_string());
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
        // serde_json escapes strings just as RFC 8785 wants: the short escapes, then \u00xx in lower case.
        Json::Null | Json::Bool(_) | Json::String(_) => out.push_str(&json.to_string()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_by_utf16_and_strings_escaped_minimally() {
        // The sorting example of RFC 8785, section 3.2.3.
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
        assert_eq!(canonical_json(&value).unwrap(), expected);
        assert_eq!(canonical_json(&json!("a\"\\/\u{1f}\n中")).unwrap(), "\"a\\\"\\\\/\\u001f\\n中\"");
    }

    #[test]
    fn floats_and_numbers_that_readers_would_round_are_refused() {
        assert!(canonical_json(&json!(0.5)).is_err());
        assert!(canonical_json(&json!(9_007_199_254_740_993_i64)).is_err());
        assert_eq!(canonical_json(&json!([1, null, true])).unwrap(), "[1,null,true]");
    }
}
