//! The proposed assignment is the best there is, respects every limit and says why.

use duijie_docking::*;
use duijie_vocab::RecordId;
use proptest::prelude::*;
use std::collections::HashSet;

fn case(number: usize, wants: u32, waiting_days: u32) -> CaseSlot {
    CaseSlot { id: RecordId::derive("case", &number.to_string()), organization: format!("org-{number}"), wants, waiting_days }
}

fn responder(number: usize, load: u32, limit: u32) -> ResponderSlot {
    ResponderSlot { id: format!("expert-{number}"), organization: None, load, limit, absent: false, related: Vec::new() }
}

/// The cost of a choice of pairs as the room defines it, or nothing if it breaks a limit or gives somebody more than `most`.
fn cost(problem: &Problem, chosen: &[Pair], most: u32) -> Option<i64> {
    let mut load: Vec<u32> = problem.responders.iter().map(|responder| responder.load).collect();
    let mut left: Vec<u32> = problem.cases.iter().map(|case| case.wants).collect();
    let mut cost = 0;
    for pair in chosen {
        if conflict(problem, pair.case, pair.responder).is_some()
            || load[pair.responder] >= problem.responders[pair.responder].limit.min(most)
            || left[pair.case] == 0
        {
            return None;
        }
        cost += i64::from(problem.weights.spread) * (2 * i64::from(load[pair.responder]) + 1) - i64::from(pair.score);
        load[pair.responder] += 1;
        left[pair.case] -= 1;
    }
    let open: i64 = left.iter().zip(&problem.cases).map(|(left, case)| i64::from(*left) * (10_000_000 + 1_000 * i64::from(case.waiting_days))).sum();
    Some(cost + open)
}

fn best_by_trying_all(problem: &Problem, most: u32) -> i64 {
    let pairs = &problem.pairs;
    let choices = 0..1u32 << pairs.len();
    let chosen = |choice: u32| pairs.iter().enumerate().filter(move |(at, _)| choice >> at & 1 == 1).map(|(_, pair)| *pair).collect::<Vec<_>>();
    choices.filter_map(|choice| cost(problem, &chosen(choice), most)).min().unwrap()
}

fn small_problem() -> impl Strategy<Value = Problem> {
    let cases = prop::collection::vec((1u32..3, 0u32..50), 1..5);
    let responders = prop::collection::vec((0u32..3, 0u32..4), 1..4);
    let pairs = prop::collection::btree_map((0usize..4, 0usize..3), 0u32..1000, 0..10);
    let refused = prop::collection::hash_set((0usize..4, 0usize..3), 0..2);
    (cases, responders, pairs, refused, 0u32..40).prop_map(|(cases, responders, pairs, refused, spread)| {
        let cases: Vec<CaseSlot> = cases.into_iter().enumerate().map(|(number, (wants, days))| case(number, wants, days)).collect();
        let responders: Vec<ResponderSlot> = responders.into_iter().enumerate().map(|(number, (load, limit))| responder(number, load, limit)).collect();
        let known = |(case, responder): &(usize, usize)| *case < cases.len() && *responder < responders.len();
        let pairs = pairs.into_iter().filter(|(pair, _)| known(pair)).map(|((case, responder), score)| Pair { case, responder, score }).collect();
        let refused = refused.into_iter().filter(known).collect();
        Problem { cases, responders, pairs, fixed: Vec::new(), refused, weights: Weights { spread } }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_is_as_good_as_the_best_of_all(problem in small_problem()) {
        let plan = assign(&problem);
        let chosen: Vec<Pair> = plan.assigned.iter().map(|pair| Pair { case: pair.case, responder: pair.responder, score: pair.score }).collect();
        let distinct: HashSet<_> = chosen.iter().map(|pair| (pair.case, pair.responder)).collect();
        prop_assert_eq!(distinct.len(), chosen.len());
        prop_assert_eq!(cost(&problem, &chosen, plan.max_load), Some(best_by_trying_all(&problem, plan.max_load)));
        // Evenness leaves nobody open who could be served.
        let open = |cost: i64| (cost + 5_000_000) / 10_000_000;
        prop_assert_eq!(open(best_by_trying_all(&problem, u32::MAX)), open(cost(&problem, &chosen, u32::MAX).unwrap()));
        prop_assert_eq!(improving_swap(&problem, &plan), None);
        for case in &plan.unassigned {
            prop_assert!(!case.reason.zh.is_empty());
        }
    }
}

#[test]
fn conflicts_and_absences_are_respected_and_named() {
    let mut responders: Vec<ResponderSlot> = (0..5).map(|number| responder(number, 0, 2)).collect();
    responders[0].organization = Some("org-0".into());
    responders[1].related = vec!["org-0".into()];
    responders[2].absent = true;
    responders[3].load = 2;
    let pairs = (0..5).map(|responder| Pair { case: 0, responder, score: 900 - 100 * responder as u32 }).collect();
    let mut problem = Problem { cases: vec![case(0, 2, 0)], responders, pairs, ..Problem::default() };
    let plan = assign(&problem);
    assert_eq!(plan.assigned.iter().map(|pair| pair.responder).collect::<Vec<_>>(), [4]);
    assert_eq!(plan.assigned[0].reasons.last().unwrap().zh, "匹配度更高的 expert-0（90%）与需求方同一机构");
    assert_eq!(plan.unassigned[0].missing, 1);
    problem.fixed = vec![(0, 1), (0, 1)];
    let by_hand = assign(&problem);
    assert!(by_hand.assigned.iter().any(|pair| pair.fixed && pair.responder == 1 && pair.reasons.len() > 2));
    assert!(by_hand.unassigned.is_empty());
}

#[test]
fn work_is_spread_where_scores_are_alike() {
    let pairs = (0..6).flat_map(|case| [(case, 0, 800), (case, 1, 790)]).map(|(case, responder, score)| Pair { case, responder, score }).collect();
    let problem = Problem {
        cases: (0..6).map(|number| case(number, 1, 0)).collect(),
        responders: vec![responder(0, 0, 9), responder(1, 0, 9)],
        pairs,
        ..Problem::default()
    };
    assert_eq!((assign(&problem).max_load, greedy(&problem).max_load), (3, 6));
}
