//! How it went with whoever answers for a resource: closed cases, what their seekers thought, and how
//! many introductions wait.

use serde::{Deserialize, Serialize};

/// The record of one responder. All from cases; nobody types it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Cases that came to an end with this responder taking part.
    pub closed: u32,
    pub solved: u32,
    pub partly: u32,
    /// The sum over the closed cases of how good each was, 0 to 1.
    pub worth: f32,
    /// The sum of the stars (1 to 5) that seekers gave, and how many gave any.
    pub stars: u32,
    pub surveys: u32,
    /// Introductions that wait for this responder or are being worked on.
    pub open: u32,
    /// How many may be open at a time.
    pub limit: u32,
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Solved,
    Partly,
    NotSolved,
}

impl Standing {
    /// A responder about whom there is no case yet.
    pub fn with_limit(limit: u32) -> Standing {
        Standing { limit, ..Standing::default() }
    }

    /// Takes in a case that ended; what the seeker gave in stars counts as much as the outcome.
    pub fn add_closed(&mut self, ended: Ended, stars: Option<u8>) {
        let outcome = match ended {
            Ended::Solved => 1.0,
            Ended::Partly => 0.5,
            Ended::NotSolved => 0.0,
        };
        self.closed += 1;
        self.solved += u32::from(ended == Ended::Solved);
        self.partly += u32::from(ended == Ended::Partly);
        let Some(stars) = stars.map(|stars| stars.clamp(1, 5)) else {
            self.worth += outcome;
            return;
        };
        self.stars += u32::from(stars);
        self.surveys += 1;
        self.worth += (outcome + f32::from(stars - 1) / 4.0) / 2.0;
    }

    /// The mean of the stars, if anybody gave some.
    pub fn mean_stars(&self) -> Option<f32> {
        (self.surveys > 0).then(|| self.stars as f32 / self.surveys as f32)
    }
}
