//! What measures pay a population when those that exclude one another or share a limit are paid together:
//! the best combination of each subject, summed by measure.

use crate::batch::Batch;
use crate::bits::{BLOCK, ones};
use crate::book::Book;
use crate::choose::{Claim, best_of};
use duijie_vocab::Fen;
use rayon::prelude::*;
use std::collections::BTreeMap;

impl Book {
    /// The measures that cannot be summed one by one: those that exclude another one of the book, and those
    /// that share a limit.
    pub fn tied(&self) -> Vec<&str> {
        let all = || self.ids().filter_map(|id| self.measure(id));
        let shares = |id: &str, group: &String| all().any(|other| other.id() != id && other.source.exclusive.contains(group));
        let tied = all().filter(|measure| measure.source.shared_cap.is_some() || measure.source.exclusive.iter().any(|group| shares(measure.id(), group)));
        tied.map(|measure| measure.id()).collect()
    }

    /// The measures whose pay hangs on what `id` pays, with `id` itself: through groups and shared limits, at any
    /// remove. Nothing when it stands alone.
    pub fn tied_to(&self, id: &str) -> Vec<&str> {
        let Some(first) = self.measure(id) else { return Vec::new() };
        let mut found = vec![first];
        let mut next = 0;
        while let Some(measure) = found.get(next).copied() {
            let touches = |other: &&crate::Measure| {
                let group = |measure: &crate::Measure| measure.source.shared_cap.as_ref().map(|shared| shared.group.clone());
                other.source.exclusive.iter().any(|group| measure.source.exclusive.contains(group))
                    || group(measure).is_some_and(|own| group(other) == Some(own))
            };
            let fresh: Vec<_> =
                self.ids().filter_map(|id| self.measure(id)).filter(touches).filter(|other| found.iter().all(|known| known.id() != other.id())).collect();
            found.extend(fresh);
            next += 1;
        }
        let is_alone = found.len() == 1 && first.source.shared_cap.is_none();
        if is_alone { Vec::new() } else { found.into_iter().map(|measure| measure.id()).collect() }
    }
}

/// What each measure of these batches over one population pays in the best combination of each subject, by id, in
/// Fen. Amounts that are not exact count with the least they can be.
pub fn paid_together(batches: &[Batch<'_>]) -> BTreeMap<String, i128> {
    let blocks = batches.first().map_or(0, Batch::blocks);
    let sums = (0..blocks).into_par_iter().map(|block| in_block(batches, block));
    sums.reduce(BTreeMap::new, |mut left, right| {
        right.into_iter().for_each(|(id, sum)| *left.entry(id).or_default() += sum);
        left
    })
}

fn in_block(batches: &[Batch<'_>], block: usize) -> BTreeMap<String, i128> {
    let mut claims: Vec<Vec<Claim<'_>>> = vec![Vec::new(); batches.first().map_or(0, |batch| batch.count(block))];
    for batch in batches {
        let mut scratch = batch.scratch();
        for (at, (measure, period)) in batch.measures().enumerate() {
            let bits = batch.block_bits(at, block, &mut scratch);
            let mut places = Box::new([0; BLOCK + 2]);
            let count = ones(&bits.yes, &mut places);
            let amounts = batch.block_amounts(at, block, &places[..count], &mut scratch);
            for (&place, amount) in places[..count].iter().zip(amounts) {
                let source = &measure.source;
                claims[usize::from(place)].push(Claim {
                    measure: measure.id(),
                    name: &source.name,
                    period,
                    amount: Fen(amount.map_or(0, |(low, _)| low)),
                    exclusive: &source.exclusive,
                    shared_cap: source.shared_cap.as_ref(),
                    pool: None,
                });
            }
        }
    }
    let (mut sums, no_pools) = (BTreeMap::new(), BTreeMap::new());
    for paid in claims.into_iter().filter(|claims| !claims.is_empty()).flat_map(|claims| best_of(claims, &no_pools).chosen) {
        *sums.entry(paid.measure).or_default() += i128::from(paid.amount.0);
    }
    sums
}
