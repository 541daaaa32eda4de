//! A matter: something that is worked on step by step, such as a case, an entitlement or a voucher.
//! Its laws are in the room it belongs to; here is the form in which each of its versions is kept.

use crate::{CanonicalFault, MatterMoved, canonical_bytes};
use duijie_vocab::{RecordId, RegionCode, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One version of a matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matter {
    /// What it is, such as `case`; one word for each kind of aggregate.
    pub kind: String,
    pub id: RecordId,
    /// From 1, one more with every move.
    pub version: i64,
    /// The move that led to this version, in the words of the room that knows its laws.
    pub act: String,
    /// The state after the move.
    pub state: String,
    /// The region whose officers it concerns.
    pub region: RegionCode,
    /// When its next clock fires.
    pub due: Option<Timestamp>,
    /// What it is called in lists. Confidential.
    pub title: String,
    /// Who and what it concerns. Confidential; sorted, each once.
    pub parties: Vec<Party>,
    /// The aggregate as it is after the move: canonical JSON, without fractions. Confidential.
    pub body: Value,
    /// What the move did, for the timeline. Confidential.
    pub did: Value,
}

/// Somebody or something that a matter concerns, by which it is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Party {
    /// How it is concerned, such as `owner`, `responder`, `officer` or `case`.
    pub role: String,
    /// A record's or a matter's id, an account's login, or another name that the room knows.
    pub who: String,
}

/// What a matter keeps out of the public part of its entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confidential {
    body: Value,
    did: Value,
    parties: Vec<Party>,
    title: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the confidential part of the matter does not read")]
pub struct MatterFault(#[from] serde_json::Error);

impl Matter {
    /// The public part, and the bytes of the confidential one.
    pub fn split(&self) -> Result<(MatterMoved, Vec<u8>), CanonicalFault> {
        let public = MatterMoved {
            act: self.act.clone(),
            due: self.due,
            id: self.id.clone(),
            of: self.kind.clone(),
            region: self.region,
            state: self.state.clone(),
            version: self.version,
        };
        let mut parties = self.parties.clone();
        parties.sort();
        parties.dedup();
        let hidden = Confidential { body: self.body.clone(), did: self.did.clone(), parties, title: self.title.clone() };
        Ok((public, canonical_bytes(&hidden)?))
    }

    /// The matter again; without its payload nobody is concerned and its body is null.
    pub fn join(public: MatterMoved, payload: Option<&[u8]>) -> Result<Matter, MatterFault> {
        let nothing = Confidential { body: Value::Null, did: Value::Null, parties: Vec::new(), title: String::new() };
        let hidden = payload.map(serde_json::from_slice).transpose()?.unwrap_or(nothing);
        let MatterMoved { act, due, id, of, region, state, version } = public;
        let Confidential { body, did, parties, title } = hidden;
        Ok(Matter { kind: of, id, version, act, state, region, due, title, parties, body, did })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matter_survives_its_split_and_hides_who_it_concerns() {
        let party = |role: &str, who: &str| Party { role: role.into(), who: who.into() };
        let matter = Matter {
            kind: "case".into(),
            id: RecordId::derive("case", "1"),
            version: 2,
            act: "submit".into(),
            state: "submitted".into(),
            region: RegionCode::NATION,
            due: Timestamp::from_micros(7).ok(),
            title: "镀膜工艺".into(),
            parties: vec![party("owner", "org-a"), party("owner", "org-a"), party("adviser", "b")],
            body: serde_json::json!({ "text": "问题" }),
            did: serde_json::json!({ "why": "due" }),
        };
        let (public, hidden) = matter.split().unwrap();
        assert!(!serde_json::to_string(&public).unwrap().contains("镀膜"));
        let again = Matter::join(public.clone(), Some(&hidden)).unwrap();
        assert_eq!(again.parties, [party("adviser", "b"), party("owner", "org-a")]);
        assert_eq!(Matter { parties: matter.parties.clone(), ..again }, matter);
        let erased = Matter::join(public, None).unwrap();
        assert_eq!((erased.title.as_str(), erased.parties.len(), erased.body), ("", 0, Value::Null));
    }
}
