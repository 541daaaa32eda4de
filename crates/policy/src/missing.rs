//! Which missing facts would decide.

use crate::book::Measure;
use crate::decide::leaf_name;
use crate::decision::Missing;
use crate::evaluate::Evaluation;
use crate::plan::NodeId;
use crate::{Truth, cases};

/// The missing facts on which the undecided conditions of a measure rest.
pub(crate) fn deciding(evaluation: &Evaluation<'_>, measure: &Measure, _open: &[(NodeId, &str)]) -> Vec<Missing> {
    let undecided: Vec<NodeId> =
        measure.conditions.iter().map(|condition| condition.node).filter(|&node| cases::decided(evaluation, node) == Truth::Unknown).collect();
    let leaves = evaluation.plan.below(&undecided).into_iter().filter(|&id| !evaluation.value(id).is_settled());
    leaves.filter_map(|id| missing_fact(evaluation, id)).collect()
}

pub(crate) fn missing_fact(evaluation: &Evaluation<'_>, id: NodeId) -> Option<Missing> {
    let leaf = evaluation.leaf(id)?;
    let is_growth = leaf.name.starts_with("growth(");
    Some(Missing {
        key: leaf.name.to_string(),
        name: leaf_name(leaf.def.text(), leaf.region.map(|(level, _)| level), is_growth),
        period: leaf.period,
        of_region: leaf.region.is_some(),
        question: leaf.def.question.clone(),
        needed: None,
    })
}
