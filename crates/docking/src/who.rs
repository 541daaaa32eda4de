//! Who acts on a case, and in which part.

use duijie_vocab::{RegionCode, Text, text};
use serde::{Deserialize, Serialize};

/// The part in which somebody acts. One person may wear several hats, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hat {
    /// Acts for the organization whose need it is.
    Seeker,
    /// Writes up and follows needs on behalf of organizations of a region.
    Adviser,
    /// Staff of the desk that has the case.
    Officer,
    /// Was introduced and may help.
    Responder,
    /// The product itself: its clocks.
    Product,
}

/// Somebody who wants to do something, as the journal will name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub actor: String,
    pub hat: Hat,
    /// The region that an adviser's or officer's work reaches over.
    pub region: RegionCode,
    /// For whom a seeker or responder acts: the organization of the case, or the responder's id.
    pub party: Option<String>,
}

impl Hat {
    pub const ALL: [Hat; 5] = [Hat::Seeker, Hat::Adviser, Hat::Officer, Hat::Responder, Hat::Product];

    pub fn as_str(self) -> &'static str {
        match self {
            Hat::Seeker => "seeker",
            Hat::Adviser => "adviser",
            Hat::Officer => "officer",
            Hat::Responder => "responder",
            Hat::Product => "product",
        }
    }

    pub fn name(self) -> Text {
        match self {
            Hat::Seeker => text!("需求方", "the seeker"),
            Hat::Adviser => text!("科技联络员", "the adviser"),
            Hat::Officer => text!("经办人", "the officer"),
            Hat::Responder => text!("响应方", "the responder"),
            Hat::Product => text!("系统", "the system"),
        }
    }
}

impl Who {
    /// The product, when one of its clocks comes due.
    pub fn product() -> Who {
        Who { actor: "system".into(), hat: Hat::Product, region: RegionCode::NATION, party: None }
    }

    pub fn officer(actor: impl Into<String>, region: RegionCode) -> Who {
        Who { actor: actor.into(), hat: Hat::Officer, region, party: None }
    }

    pub fn adviser(actor: impl Into<String>, region: RegionCode) -> Who {
        Who { actor: actor.into(), hat: Hat::Adviser, region, party: None }
    }

    pub fn seeker(actor: impl Into<String>, organization: impl Into<String>) -> Who {
        Who { actor: actor.into(), hat: Hat::Seeker, region: RegionCode::NATION, party: Some(organization.into()) }
    }

    pub fn responder(actor: impl Into<String>, responder: impl Into<String>) -> Who {
        Who { actor: actor.into(), hat: Hat::Responder, region: RegionCode::NATION, party: Some(responder.into()) }
    }
}
