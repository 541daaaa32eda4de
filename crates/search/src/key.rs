//! A record id as two numbers, so that columns can hold it and a list of candidates needs no text.

use crate::document::Gate;
use duijie_record::schemas;
use duijie_vocab::RecordId;

/// The characters of an id after its prefix: Crockford base 32, five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHARS: u32 = 16;
/// Set in the rest of an id whose prefix does not follow from its kind.
const FOREIGN: u64 = 1 << 16;

/// The first 64 bits of the id, and its last 16 with the mark of a foreign prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) first: u64,
    pub(crate) rest: u64,
}

impl Key {
    /// The key of the id of a record of `kind`.
    pub(crate) fn of(id: &RecordId, kind: &str) -> Key {
        let bits = bits(id);
        let own = schemas().get(kind).is_some_and(|schema| schema.prefix == id.prefix());
        Key { first: (bits >> 16) as u64, rest: (bits & 0xffff) as u64 | if own { 0 } else { FOREIGN } }
    }

    /// The id, if its prefix follows from the kind in `gate`.
    pub(crate) fn id(self, gate: Gate) -> Option<RecordId> {
        let schema = schemas().iter().nth(usize::from(gate.kind())).filter(|_| self.rest & FOREIGN == 0)?;
        let bits = u128::from(self.first) << 16 | u128::from(self.rest & 0xffff);
        let chars = (0..CHARS).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize]));
        RecordId::parse(&format!("{}-{}", schema.prefix, chars.collect::<String>()))
    }
}

/// The 80 bits behind the prefix; characters that cannot stand there count as zero.
fn bits(id: &RecordId) -> u128 {
    let digits = id.as_str().rsplit('-').next().unwrap_or_default().bytes();
    digits.map(|c| ALPHABET.iter().position(|&known| known == c).unwrap_or(0) as u128).fold(0, |bits, digit| bits << 5 | digit)
}

/// The number under which a record is remembered between commits.
pub(crate) fn first_bits(id: &RecordId) -> u64 {
    (bits(id) >> 16) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::kind_number;

    #[test]
    fn an_id_comes_back_from_its_key() {
        for (kind, prefix) in [("organization", "org"), ("need", "need")] {
            let gate = Gate(u64::from(kind_number(kind)) << 8);
            for n in 0..50 {
                let id = RecordId::derive(prefix, &n.to_string());
                assert_eq!(Key::of(&id, kind).id(gate), Some(id));
            }
        }
        let foreign = RecordId::derive("other", "1");
        assert_eq!(Key::of(&foreign, "need").id(Gate(u64::from(kind_number("need")) << 8)), None);
    }
}
