//! A book over a population: what faster ways of deciding read, and how they ask the reference.

use crate::book::Book;
use crate::period::Period;
use crate::plan::{NodeId, Op};
use crate::population::Population;
use crate::value::Value;
use crate::{Facts, RegionFacts};
use duijie_vocab::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Copy)]
pub(crate) struct Subjects<'b> {
    pub(crate) book: &'b Book,
    pub(crate) population: &'b Population,
    pub(crate) regions: &'b RegionFacts,
    pub(crate) on: Date,
}

impl Subjects<'_> {
    /// The facts, by key and period, that nodes read.
    pub(crate) fn reads(&self, roots: &[NodeId], period: Period) -> Vec<(Arc<str>, Period)> {
        let leaf = |id: NodeId| match self.book.plan.op(id) {
            Op::Fact { fact, at } => Some((self.book.vocabulary.at(*fact as usize).key.clone(), at.resolve(period, self.on)?)),
            _ => None,
        };
        let reads: BTreeSet<(Arc<str>, Period)> = self.book.plan.below(roots).into_iter().filter_map(leaf).collect();
        reads.into_iter().collect()
    }

    /// What the reference makes of a node for these facts.
    pub(crate) fn value(&self, node: NodeId, period: Period, facts: &Facts) -> Value {
        self.book.evaluation(facts, self.regions, period, self.on).value(node)
    }
}
