//! Random walks: whoever tries whatever, a case stays within the table, its timeline leads to it
//! again, and every refusal says why.

use duijie_docking::*;
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode, Text, Timestamp};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// How many acts are tried; `DUIJIE_WALK_STEPS` raises it.
const STEPS: usize = 100_000;
const STEPS_PER_CASE: usize = 150;
const DAY_MICROS: i64 = 86_400_000_000;

struct Dice(TestRng);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const RESPONDERS: [&str; 4] = ["expert-1", "expert-2", "org-9", "expert-none"];

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

fn somebody(dice: &mut Dice) -> Who {
    let officer = |name: &str, code| Who::officer(name, region(code));
    match dice.below(10) {
        0 | 1 => Who::seeker("user:firm", "org-1"),
        2 => Who::seeker("user:rival", "org-2"),
        3 => Who::adviser("user:adviser", region("320402")),
        4 => officer("user:county", "320402"),
        5 => officer("user:city", "320400"),
        6 => officer("user:elsewhere", "320200"),
        7 | 8 => Who::responder("link:responder", *dice.pick(&RESPONDERS)),
        _ => Who::product(),
    }
}

fn why(dice: &mut Dice) -> String {
    ["  ", "材料齐全", "不在本领域", "已与双方核实"][dice.below(4)].to_string()
}

fn day(dice: &mut Dice) -> Date {
    Date::parse(["2021-03-05", "2021-05-06", "2021-12"][dice.below(3)]).unwrap()
}

fn need(dice: &mut Dice) -> NeedText {
    let title = ["", "高温合金叶片涂层"][dice.below(4).min(1)].to_string();
    NeedText { title, problem: "涂层开裂".into(), budget: Some(Fen(50_000_000)), ..NeedText::default() }
}

fn contract(dice: &mut Dice) -> Contract {
    let on = Date::parse("2021-06-01").unwrap();
    let amount = Fen([10_000, -1, 0][dice.below(3)]);
    Contract {
        kind: ContractType::ALL[dice.below(5)],
        name: "涂层开发".into(),
        registration: None,
        responder: dice.pick(&RESPONDERS).to_string(),
        parties: vec!["甲".into(), "乙".into()],
        signed: on,
        until: Date::parse("2021-12-01").unwrap(),
        amount,
        milestones: if dice.below(2) == 0 { vec![Milestone { name: "样件".into(), due: on, accepted: None }] } else { Vec::new() },
        payments: if amount.0 > 0 { vec![Payment { amount, due: on, paid: None }] } else { Vec::new() },
    }
}

/// Kinds of act that [`act_of`] knows.
const KINDS: usize = 34;

fn some_act(dice: &mut Dice) -> Act {
    let kind = dice.below(KINDS);
    act_of(kind, dice)
}

fn act_of(kind: usize, dice: &mut Dice) -> Act {
    let responder = dice.pick(&RESPONDERS).to_string();
    let side = [Side::Seeker, Side::Responder][dice.below(2)];
    let why = why(dice);
    match kind {
        0 => Act::Write { need: need(dice), contact: Contact::default() },
        1 | 2 => {
            let reason = Text::new("太短", "too short");
            let holds = if dice.below(2) == 0 { vec![Hold { kind: HoldKind::TooShort, reason, lifted: None }] } else { Vec::new() };
            Act::Submit { quality: 60, holds }
        }
        3 => Act::Claim,
        4 => Act::Assign { officer: ["", "user:city"][dice.below(2)].into() },
        5 => Act::LiftHold { hold: HoldKind::TooShort, why },
        6 => Act::Return { why },
        7 => Act::Merge { into: RecordId::derive("case", "2"), why },
        8 => Act::Split { need: need(dice), into: vec![RecordId::derive("case", "3")] },
        9 | 10 => Act::Admit,
        11 | 12 => {
            let organization = Some(["org-1", "org-8"][dice.below(2)].to_string());
            Act::Introduce { responder: Responder { id: responder, name: "张教授".into(), organization, through: None }, reasons: Vec::new(), grounds: None }
        }
        13 | 14 => Act::Accept { responder },
        15 => Act::Decline { responder, why },
        16 => Act::Help { responder, why },
        17 => Act::NoHelp { responder, why },
        18 => Act::Unreachable { responder, why },
        19 => Act::Resend { responder, why },
        20 => Act::Promise { responder, document: Digest::ZERO },
        21 => Act::Consent { responder, side },
        22 => Act::Rematch { why },
        23 => Act::Escalate { to: region(["320400", "320402", "330000"][dice.below(3)]), why },
        24 => Act::Advise { why },
        25 => Act::Agree { agreement: Agreement { responder, on: day(dice), subject: why } },
        26 => Act::Contract { contract: contract(dice) },
        27 => [Act::AcceptMilestone { milestone: dice.below(2), on: day(dice) }, Act::Pay { payment: dice.below(2), on: day(dice) }][dice.below(2)].clone(),
        28 => Act::Deliver { delivery: Delivery { on: day(dice), what: why } },
        29 => Act::Close { outcome: Outcome::ALL[dice.below(3)], why },
        30 => [Act::GiveUp { why: why.clone() }, Act::Withdraw { why: why.clone() }, Act::Note { why }][dice.below(3)].clone(),
        31 => Act::Reopen { why },
        32 => {
            let meeting = Meeting { on: day(dice), place: "常州".into(), present: Vec::new(), result: MeetingResult::GoOn, minutes: why };
            Act::Meet { meeting }
        }
        _ => Act::Survey { side, satisfaction: Satisfaction { stars: dice.below(7) as u8, outcome: Outcome::Solved, comment: why } },
    }
}

/// Mostly what the table offers and what leads on, so that walks come far.
fn likely_act(case: &Case, who: &Who, (now, rules): (Timestamp, &Rules), kinds: &[(Verb, usize)], dice: &mut Dice) -> Act {
    const AWAY: [Verb; 6] = [Verb::Withdraw, Verb::GiveUp, Verb::Return, Verb::Escalate, Verb::Close, Verb::Merge];
    let offered: Vec<Verb> = case.choices(who).into_iter().filter(|verb| !AWAY.contains(verb) || dice.below(12) == 0).collect();
    if offered.is_empty() || dice.below(5) == 0 {
        return some_act(dice);
    }
    let verb = *dice.pick(&offered);
    let fitting: Vec<usize> = kinds.iter().filter(|(made, _)| *made == verb).map(|(_, kind)| *kind).collect();
    if fitting.is_empty() {
        return some_act(dice);
    }
    let tries: Vec<Act> = (0..12).map(|_| act_of(*dice.pick(&fitting), dice)).collect();
    let fits = |act: &&Act| act.verb() == verb && case.act((*act).clone(), who, now, rules).is_ok();
    tries.iter().find(fits).unwrap_or(&tries[0]).clone()
}

fn opened(dice: &mut Dice, now: Timestamp) -> Step {
    let seeker = Seeker { organization: "org-1".into(), name: "常州某某公司".into(), anonymous: true };
    let opening = Opening { id: RecordId::derive("case", "1"), region: region("320402"), seeker, need: need(dice), contact: Contact::default(), origin: None };
    Case::open(opening, &Who::seeker("user:firm", "org-1"), now).unwrap()
}

/// A step was made: the table must have it, and the case must be what the row says.
fn check_step(before: &Case, step: &Step, who: &Who) {
    let did = &step.did;
    let row = moves_of(did.act.verb()).find(|row| row.from.contains(&before.state)).expect("a move that is not in the table");
    assert_eq!(row.leads_to(before.state), step.after.state);
    assert!(row.who.contains(&who.hat), "{:?} by {:?}", did.act.verb(), who.hat);
    assert_eq!((did.from, did.to), (Some(before.state), step.after.state));
    assert!(step.after.updated >= before.updated);
    let mut ids: Vec<&str> = step.after.introductions.iter().map(|introduction| introduction.responder.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), step.after.introductions.len(), "two introductions to one responder");
    for notice in &step.notices {
        assert!(!notice.text.zh.is_empty() && !notice.text.en.is_empty());
    }
}

#[test]
fn random_moves_by_random_people_stay_within_the_table() {
    let book = RuleBook::built_in();
    let rules = book.for_region(region("320402"));
    let calendar = Calendar::built_in();
    let steps = std::env::var_os("DUIJIE_WALK_STEPS").and_then(|steps| steps.to_str()?.parse().ok()).unwrap_or(STEPS);
    let mut dice = Dice(TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let kinds: Vec<(Verb, usize)> = (0..KINDS * 20).map(|n| (act_of(n % KINDS, &mut dice).verb(), n % KINDS)).collect();
    let mut reached = std::collections::BTreeSet::new();
    let mut made = std::collections::BTreeSet::new();
    let (mut tried, mut accepted) = (0, 0);
    while tried < steps {
        let mut now = Timestamp::parse("2021-03-01T01:00:00Z").unwrap();
        let first = opened(&mut dice, now);
        let (mut case, mut timeline) = (first.after, vec![first.did]);
        for _ in 0..STEPS_PER_CASE {
            tried += 1;
            // Sometimes the clock is set back.
            now = Timestamp::from_micros(now.micros() + (dice.below(60) as i64 - 5) * DAY_MICROS / 40).unwrap();
            let who = somebody(&mut dice);
            let taken = if who.hat == Hat::Product {
                let rung = case.ring(now, rules, &calendar).unwrap();
                let retimes = rung.is_empty() && dice.below(8) == 0;
                if retimes { vec![case.act(Act::Retime, &who, now, rules).unwrap()] } else { rung }
            } else {
                let act = likely_act(&case, &who, (now, rules), &kinds, &mut dice);
                match case.act(act, &who, now, rules) {
                    Ok(step) => vec![step],
                    Err(refusal) => {
                        assert!(!refusal.reason.zh.is_empty() && !refusal.reason.en.is_empty());
                        Vec::new()
                    }
                }
            };
            for step in taken {
                check_step(&case, &step, &who);
                accepted += 1;
                made.insert(step.did.act.verb());
                reached.insert(step.after.state);
                case = step.after;
                timeline.push(step.did);
            }
            assert!(who.hat != Hat::Product || case.ring(now, rules, &calendar).unwrap().is_empty(), "a clock rang twice");
        }
        let written = serde_json::to_string(&timeline).unwrap();
        let read: Vec<Did> = serde_json::from_str(&written).unwrap();
        assert_eq!(Case::fold(&read).unwrap(), case, "the timeline does not lead to the case");
        let whole: Case = serde_json::from_str(&serde_json::to_string(&case).unwrap()).unwrap();
        assert_eq!(whole, case);
    }
    assert!(accepted > tried / 20, "only {accepted} of {tried} tries were accepted");
    let unreached: Vec<_> = CaseState::ALL.into_iter().filter(|state| *state != CaseState::Draft && !reached.contains(state)).collect();
    assert!(unreached.is_empty(), "never reached: {unreached:?}");
    let rare = [Verb::Attach, Verb::Open];
    let unmade: Vec<_> = Verb::ALL.iter().filter(|verb| !made.contains(verb) && !rare.contains(verb)).collect();
    assert!(unmade.is_empty(), "never made: {unmade:?}");
}
