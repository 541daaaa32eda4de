//! Figures of casework: the assignment of many cases against taking the best pair first, and a
//! simulated year of needs. Sizes come from the arguments, so that a check can run it small:
//! `cargo bench -p duijie-docking -- --cases 10000 --responders 1000 --needs 50000`.

use duijie_docking::*;
use duijie_vocab::{Date, Fen, RecordId, RegionCode, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::HashSet;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| {
        let given = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
        given.map_or(default, |text| text.parse().expect("a whole number"))
    };
    assignment(number("--cases", 10_000), number("--responders", 1_000));
    year(number("--needs", 50_000));
}

/// Repeatable dice (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Candidates as ranking gives them: some responders are good at much and stand in many lists.
fn problem(cases: usize, responders: usize, dice: &mut Dice) -> Problem {
    let responder = |number: usize, dice: &mut Dice| ResponderSlot {
        id: format!("expert-{number}"),
        organization: Some(format!("org-{}", number % 200)),
        load: dice.below(3) as u32,
        limit: 12 + dice.below(8) as u32,
        absent: dice.chance(3),
        related: Vec::new(),
    };
    let mut pairs = Vec::new();
    for case in 0..cases {
        let mut seen = HashSet::new();
        for _ in 0..20 {
            let popular = (dice.below(responders as u64) * dice.below(responders as u64) / responders as u64) as usize;
            if seen.insert(popular) {
                let score = 300 + dice.below(450) as u32 + 200 * u32::from(popular < responders / 10);
                pairs.push(Pair { case, responder: popular, score });
            }
        }
    }
    Problem {
        cases: (0..cases)
            .map(|number| CaseSlot {
                id: RecordId::derive("case", &number.to_string()),
                organization: format!("org-{}", number % 3_000),
                wants: 1,
                waiting_days: 0,
            })
            .collect(),
        responders: (0..responders).map(|number| responder(number, dice)).collect(),
        pairs,
        ..Problem::default()
    }
}

fn assignment(cases: usize, responders: usize) {
    let problem = problem(cases, responders, &mut Dice(5));
    let started = Instant::now();
    let plan = assign(&problem);
    let seconds = started.elapsed().as_secs_f64();
    let swap = improving_swap(&problem, &plan);
    let simple = greedy(&problem);
    println!("assignment_seconds                         {seconds:.2}");
    println!("assignment_cases                           {cases} × {responders}, {} candidates", problem.pairs.len());
    println!("assignment_assigned                        {} (greedy {})", plan.assigned.len(), simple.assigned.len());
    println!("assignment_total_score                     {} (greedy {})", plan.total_score, simple.total_score);
    println!("assignment_max_load                        {} (greedy {})", plan.max_load, simple.max_load);
    println!("assignment_improving_swap                  {}", if swap.is_some() { "found" } else { "none" });
    assert!(swap.is_none(), "a single swap improves the plan");
    assert!(plan.total_score > simple.total_score && plan.max_load < simple.max_load, "taking the best pair first is better");
}

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_HOURS: i64 = 24;

/// A case of the year, and what its people will do when.
struct Simulated {
    case: Case,
    steps: usize,
}

/// A year of needs through every rule: people answer when they do, clocks ring when they ring.
fn year(needs: usize) {
    let started = Instant::now();
    let book = RuleBook::built_in();
    let calendar = Calendar::built_in();
    let mut dice = Dice(7);
    let begin = Timestamp::parse("2021-01-01T01:00:00Z").expect("an instant");
    let mut cases: Vec<Simulated> = Vec::with_capacity(needs);
    let mut agenda: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    for number in 0..needs {
        let at = after_hours(begin, dice.below(365 * DAY_HOURS as u64) as i64);
        cases.push(Simulated { case: open(number, at, &mut dice), steps: 1 });
        agenda.push(Reverse((at, number)));
    }
    let (mut steps, mut rang) = (needs, 0);
    let end = after_hours(begin, 480 * DAY_HOURS);
    while let Some(Reverse((now, number))) = agenda.pop().filter(|Reverse((now, _))| *now < end) {
        let simulated = &mut cases[number];
        let rules = book.for_region(simulated.case.region);
        for step in simulated.case.ring(now, rules, &calendar).expect("clocks ring") {
            rang += 1;
            simulated.case = step.after;
            simulated.steps += 1;
        }
        if let Some((act, who)) = next_act(&simulated.case, &mut dice) {
            let step = simulated.case.act(act, &who, now, rules).unwrap_or_else(|refusal| panic!("{}: {refusal}", simulated.case.state.as_str()));
            simulated.case = step.after;
            simulated.steps += 1;
        }
        if simulated.case.state.is_open() || simulated.case.due(rules, &calendar).is_some() {
            let by_people = after_hours(now, 6 + dice.below(120) as i64);
            let due = simulated.case.due(rules, &calendar).map(|due| due.at.max(now));
            let next = due.map_or(by_people, |due| due.min(by_people));
            agenda.push(Reverse((next.max(after_hours(now, 1)), number)));
        }
        steps += 1;
    }
    let mut figures = Figures::default();
    cases.iter().for_each(|simulated| figures.add(&simulated.case));
    let tally = figures.tally();
    println!("year_needs                                 {needs}");
    println!("year_steps                                 {} ({rang} by clocks, {steps} turns)", cases.iter().map(|simulated| simulated.steps).sum::<usize>());
    println!("year_seconds                               {:.1}", started.elapsed().as_secs_f64());
    println!("year_first_answer_hours                    median {}, nine of ten {}", tally.median_answer_hours, tally.p90_answer_hours);
    println!("year_answered_in_9_days_permille           {}", tally.answered_in_9_days_permille);
    println!("year_abandoned_permille                    {}", tally.abandoned_permille);
    println!("year_solved_permille                       {}", tally.solved_permille);
    println!("year_contracts                             {} ({})", tally.contracted, tally.contract_amount.chinese());
    println!("year_open_at_the_end                       {}", tally.open);
    assert_eq!(tally.submitted, needs as u64, "a case was lost");
}

fn after_hours(from: Timestamp, hours: i64) -> Timestamp {
    Timestamp::from_micros(from.micros() + hours * HOUR_MICROS).expect("within the years")
}

fn county() -> RegionCode {
    RegionCode::parse("320402").expect("a county")
}

fn open(number: usize, at: Timestamp, dice: &mut Dice) -> Case {
    let organization = format!("org-{}", dice.below(5_000));
    let opening = Opening {
        id: RecordId::derive("case", &number.to_string()),
        region: county(),
        seeker: Seeker { organization: organization.clone(), name: organization.clone(), anonymous: false },
        need: NeedText { title: "叶片涂层".into(), problem: "涂层开裂".into(), ..NeedText::default() },
        contact: Contact::default(),
        origin: None,
    };
    let step = Case::open(opening, &Who::seeker("user:firm", organization.clone()), at).expect("a case opens");
    let book = Act::Submit { quality: 60, holds: Vec::new() };
    let rules = RuleBook::built_in();
    step.after.act(book, &Who::seeker("user:firm", organization), at, rules.for_region(county())).expect("a case is handed in").after
}

/// What somebody does next, if anybody does anything now.
fn next_act(case: &Case, dice: &mut Dice) -> Option<(Act, Who)> {
    let officer = || Who::officer("user:officer", county());
    let seeker = || Who::seeker("user:firm", case.seeker.organization.clone());
    let why = || "说明".to_string();
    let waiting =
        case.introductions.iter().find(|introduction| introduction.state == IntroductionState::Sent).map(|introduction| introduction.responder.id.clone());
    let day = || Date::parse("2021-06-30").expect("a day");
    let partner = || {
        case.introductions.iter().find(|introduction| introduction.state == IntroductionState::Accepted).map(|introduction| introduction.responder.id.clone())
    };
    match case.state {
        CaseState::Submitted => Some((Act::Claim, officer())),
        CaseState::Triage if dice.chance(12) => Some((Act::Return { why: why() }, officer())),
        CaseState::Triage => Some((Act::Admit, officer())),
        CaseState::Returned if dice.chance(40) => Some((Act::Withdraw { why: why() }, seeker())),
        CaseState::Returned => Some((Act::Submit { quality: 80, holds: Vec::new() }, seeker())),
        CaseState::Matching => Some((introduce(case, dice), officer())),
        CaseState::Introduced if waiting.is_none() => Some((Act::Rematch { why: why() }, officer())),
        CaseState::Introduced if dice.chance(18) => {
            let responder = waiting?;
            let who = Who::responder("link:expert", responder.clone());
            if dice.chance(65) { Some((Act::Accept { responder }, who)) } else { Some((Act::Decline { responder, why: why() }, who)) }
        }
        CaseState::InProgress if dice.chance(25) => match partner() {
            Some(responder) if dice.chance(60) => Some((Act::Agree { agreement: Agreement { responder, on: day(), subject: why() } }, seeker())),
            Some(_) => Some((Act::Close { outcome: Outcome::Partly, why: why() }, seeker())),
            None => Some((Act::GiveUp { why: why() }, officer())),
        },
        CaseState::Agreed if dice.chance(20) => {
            let amount = Fen(1_000_000 * (1 + dice.below(50) as i64));
            let contract = Contract {
                kind: ContractType::Development,
                name: "涂层开发".into(),
                registration: None,
                responder: partner()?,
                parties: vec!["甲".into(), "乙".into()],
                signed: day(),
                until: Date::parse("2021-12-31").expect("a day"),
                amount,
                milestones: Vec::new(),
                payments: vec![Payment { amount, due: Date::parse("2021-09-30").expect("a day"), paid: None }],
            };
            Some((Act::Contract { contract }, officer()))
        }
        CaseState::Contracted if dice.chance(10) => Some((Act::Deliver { delivery: Delivery { on: day(), what: why() } }, seeker())),
        CaseState::Delivered if dice.chance(30) => Some((Act::Close { outcome: Outcome::Solved, why: why() }, seeker())),
        _ => None,
    }
}

fn introduce(case: &Case, dice: &mut Dice) -> Act {
    let fresh = (0..).map(|_| format!("expert-{}", dice.below(1_000))).find(|id| case.introduction(id).is_none()).expect("somebody is left");
    Act::Introduce { responder: Responder { id: fresh.clone(), name: fresh, organization: None, through: None }, reasons: Vec::new(), grounds: None }
}
