//! What a measure asks for: the facts it reads, each in the period it reads it in.

use crate::book::{Book, Measure};
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::vocabulary::FactDef;
use duijie_vocab::Date;
use std::collections::BTreeSet;

/// A fact of the subject in one period.
#[derive(Clone, Copy, Debug)]
pub struct Input<'b> {
    pub fact: &'b FactDef,
    pub period: Period,
}

impl Book {
    /// The facts of the subject that a measure reads when it decides `period` on a day, in the order
    /// of the vocabulary; derived facts as what they rest on.
    pub fn inputs(&self, measure: &Measure, period: Period, on: Date) -> Vec<Input<'_>> {
        let read = self.plan.below(&roots(measure)).into_iter().filter_map(|id| match self.plan.op(id) {
            Op::Fact { fact, at } => Some((*fact, at.resolve(period, on)?)),
            _ => None,
        });
        let ordered: BTreeSet<(u32, Period)> = read.collect();
        ordered.into_iter().map(|(fact, period)| Input { fact: self.vocabulary.at(fact as usize), period }).collect()
    }

    /// Whether a measure reads facts of regions.
    pub fn reads_regions(&self, measure: &Measure) -> bool {
        self.plan.below(&roots(measure)).into_iter().any(|id| matches!(self.plan.op(id), Op::RegionFact { .. }))
    }
}

fn roots(measure: &Measure) -> Vec<NodeId> {
    std::iter::once(measure.verdict).chain(measure.amount).chain(measure.rate).collect()
}
