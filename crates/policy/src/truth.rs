//! Logic with four outcomes: yes, no, unknown and error.

use serde::{Deserialize, Serialize};

/// What a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    Yes,
    No,
    /// Facts are missing, or a value does not exist (division by zero).
    Unknown,
    /// A value could not be computed: it does not fit, or a fact is of the wrong kind.
    Error,
}

impl Truth {
    pub fn of(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }

    pub fn is_decided(self) -> bool {
        matches!(self, Truth::Yes | Truth::No)
    }

    /// A no decides; else an error shows; else an unknown.
    #[must_use]
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Error, _) | (_, Truth::Error) => Truth::Error,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
        }
    }

    /// A yes decides; else an error shows; else an unknown.
    #[must_use]
    pub fn or(self, other: Truth) -> Truth {
        self.negated().and(other.negated()).negated()
    }

    #[must_use]
    pub fn negated(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            other => other,
        }
    }
}
