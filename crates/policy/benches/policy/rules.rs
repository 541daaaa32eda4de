//! Conditions and amounts of the workload: as rules of the language, and as data for the peers.

use super::workload::{Dice, FACTS, Kind, QUOTIENTS, word};
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operand {
    Fact(usize),
    /// A derived ratio of two facts.
    Quotient(usize),
    /// Growth over the year before.
    Growth(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    AtLeast,
    Above,
    AtMost,
    Below,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// A number against a bound in the fact's own base (Fen, things) or in ten-thousandths.
    Number {
        operand: Operand,
        order: Order,
        bound: i64,
    },
    Bool {
        fact: usize,
        holds: bool,
    },
    Among {
        fact: usize,
        words: Vec<u32>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    None,
    /// The last two conditions are alternatives.
    AnyOf,
    /// The last condition must not hold.
    NoneOf,
}

pub(crate) struct Measure {
    pub(crate) id: String,
    pub(crate) tests: Vec<Test>,
    pub(crate) group: Group,
    pub(crate) amount: Amount,
}

pub(crate) enum Amount {
    /// A share (in ten-thousandths) of a fact of money, at most a cap in Fen.
    Share {
        fact: usize,
        share: i64,
        cap: i64,
    },
    /// A share of what a fact grew by, at most a cap.
    OfGrowth {
        fact: usize,
        share: i64,
        cap: i64,
    },
    Fixed {
        fen: i64,
    },
    /// So much for each.
    Each {
        fact: usize,
        fen: i64,
        cap: i64,
    },
}

pub(crate) const AMOUNT_KINDS: usize = 5;

const MONEY: std::ops::Range<usize> = 0..12;
const COUNTS: std::ops::Range<usize> = 12..20;
const RATIOS: std::ops::Range<usize> = 20..24;
const BOOLS: std::ops::Range<usize> = 24..28;
const CODES: std::ops::Range<usize> = 28..32;
const WAN: i64 = 1_000_000;

fn within(dice: &mut Dice, range: std::ops::Range<usize>) -> usize {
    range.start + dice.below(range.len() as u64) as usize
}

impl Test {
    /// Bounds are the round numbers that measures use, so conditions repeat between measures.
    pub(crate) fn drawn(dice: &mut Dice) -> Test {
        let order = match dice.below(20) {
            0..12 => Order::AtLeast,
            12..16 => Order::AtMost,
            16..18 => Order::Above,
            _ => Order::Below,
        };
        let bound_up = matches!(order, Order::AtMost | Order::Below);
        let number = |operand, bound| Test::Number { operand, order, bound };
        match dice.below(100) {
            0..46 => {
                let fact = within(dice, MONEY);
                let Kind::Money(low, high) = FACTS[fact].kind else { unreachable!("BUG: money stands first") };
                // At least: in the lower half of the orders of magnitude; at most: in the upper.
                let power = low + if bound_up { (high - low) / 2 } else { 0 } + dice.below(u64::from((high - low).div_ceil(2))) as u32;
                let step =
                    *dice.pick(&[10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 25, 26, 28, 30, 32, 35, 36, 40, 42, 45, 48, 50, 55, 60, 65, 70, 75, 80, 90]);
                number(Operand::Fact(fact), (step * 10i64.pow(power) / 10).max(100))
            }
            46..66 => {
                let fact = within(dice, COUNTS);
                let bound = if bound_up { 20 * (1 + dice.below(40) as i64) } else { 1 + dice.below(24) as i64 };
                number(Operand::Fact(fact), bound)
            }
            66..75 => number(Operand::Fact(within(dice, RATIOS)), if bound_up { 5000 } else { 0 } + 100 * (1 + dice.below(48) as i64)),
            75..87 => {
                let percent = if bound_up { *dice.pick(&[10, 20, 30, 40, 50, 60, 70, 80]) } else { *dice.pick(&[1, 2, 3, 4, 5, 6, 8, 10]) };
                number(Operand::Quotient(dice.below(QUOTIENTS.len() as u64) as usize), percent * 100)
            }
            87..92 => number(Operand::Growth(dice.below(8) as usize), if bound_up { 30 } else { -20 } * 100 + 100 * *dice.pick(&[0, 5, 8, 10, 15, 20, 25, 30])),
            92..96 => Test::Bool { fact: within(dice, BOOLS), holds: dice.below(4) > 0 },
            _ => {
                let fact = within(dice, CODES);
                let Kind::Code(count) = FACTS[fact].kind else { unreachable!("BUG: codes stand last") };
                let mut words: Vec<u32> = (0..count).filter(|_| dice.below(100) < 60).collect();
                // All words would hold without the fact being known.
                words.truncate(count as usize - 1);
                if words.is_empty() {
                    words.push(0);
                }
                Test::Among { fact, words }
            }
        }
    }

    /// What is tested; a measure tests it once.
    pub(crate) fn operand(&self) -> Operand {
        match self {
            Test::Number { operand, .. } => *operand,
            Test::Bool { fact, .. } | Test::Among { fact, .. } => Operand::Fact(*fact),
        }
    }

    pub(crate) fn rule(&self) -> String {
        match self {
            Test::Number { operand, order, bound } => {
                let order = match order {
                    Order::AtLeast => "≥",
                    Order::Above => ">",
                    Order::AtMost => "≤",
                    Order::Below => "<",
                };
                match operand {
                    Operand::Fact(fact) if MONEY.contains(fact) => format!("{} {order} {}", FACTS[*fact].zh, money(*bound)),
                    Operand::Fact(fact) if COUNTS.contains(fact) => format!("{} {order} {bound}", FACTS[*fact].zh),
                    Operand::Fact(fact) => format!("{} {order} {}", FACTS[*fact].zh, percent(*bound)),
                    Operand::Quotient(at) => format!("{} {order} {}", QUOTIENTS[*at].3, percent(*bound)),
                    Operand::Growth(fact) => format!("增幅({}) {order} {}", FACTS[*fact].zh, percent(*bound)),
                }
            }
            Test::Bool { fact, holds } => format!("{}{}", if *holds { "" } else { "非 " }, FACTS[*fact].zh),
            Test::Among { fact, words } => format!("{} 属于 {{{}}}", FACTS[*fact].zh, words.iter().map(|&at| word(at)).collect::<Vec<_>>().join(", ")),
        }
    }

    /// For the peers: `column` of a fact is its place among the facts, its year before stands after all facts.
    fn data(&self) -> Value {
        match self {
            Test::Number { operand, order, bound } => {
                let order = match order {
                    Order::AtLeast => ">=",
                    Order::Above => ">",
                    Order::AtMost => "<=",
                    Order::Below => "<",
                };
                match operand {
                    Operand::Fact(fact) => json!({"column": fact, "order": order, "bound": bound}),
                    Operand::Quotient(at) => json!({"above": QUOTIENTS[*at].0, "below": QUOTIENTS[*at].1, "order": order, "bound": bound}),
                    Operand::Growth(fact) => json!({"now": fact, "before": FACTS.len() + fact, "order": order, "bound": bound}),
                }
            }
            Test::Bool { fact, holds } => json!({"column": fact, "is": u8::from(*holds)}),
            Test::Among { fact, words } => json!({"column": fact, "among": words}),
        }
    }
}

impl Amount {
    pub(crate) fn drawn(dice: &mut Dice, kind: usize) -> Amount {
        let share = 100 * *dice.pick(&[1, 2, 3, 5, 8, 10, 15, 20, 30, 50]);
        let cap = WAN * *dice.pick(&[10, 20, 30, 50, 100, 200, 500, 1000]);
        match kind {
            0 | 1 => Amount::Share { fact: within(dice, MONEY), share, cap },
            2 => Amount::OfGrowth { fact: dice.below(8) as usize, share, cap },
            3 => Amount::Fixed { fen: cap },
            _ => Amount::Each { fact: within(dice, COUNTS), fen: 100 * *dice.pick(&[500, 1000, 2000, 5000, 10_000]), cap },
        }
    }

    fn rule(&self) -> String {
        match self {
            Amount::Share { fact, share, cap } => format!("  amount: {} × {}\n  cap: {}\n", FACTS[*fact].zh, percent(*share), money(*cap)),
            Amount::OfGrowth { fact, share, cap } => {
                let name = FACTS[*fact].zh;
                format!("  amount: 较大值({name} - {name}(上年), 0) × {}\n  cap: {}\n", percent(*share), money(*cap))
            }
            Amount::Fixed { fen } => format!("  amount: {}\n", money(*fen)),
            Amount::Each { fact, fen, cap } => format!("  amount: {} × {}\n  cap: {}\n", FACTS[*fact].zh, money(*fen), money(*cap)),
        }
    }

    fn data(&self) -> Value {
        match self {
            Amount::Share { fact, share, cap } => json!({"column": fact, "share": share, "cap": cap}),
            Amount::OfGrowth { fact, share, cap } => json!({"now": fact, "before": FACTS.len() + fact, "share": share, "cap": cap}),
            Amount::Fixed { fen } => json!({"fixed": fen}),
            Amount::Each { fact, fen, cap } => json!({"column": fact, "each": fen, "cap": cap}),
        }
    }
}

impl Measure {
    /// The measure's file.
    pub(crate) fn yaml(&self) -> String {
        let id = &self.id;
        let mut out = format!("id: \"{id}\"\nname: {{zh: 测试措施 {id}, en: measure {id}}}\nsubject: enterprise\nperiod: year\nwhen:\n");
        let (plain, grouped) = self.tests.split_at(match self.group {
            Group::None => self.tests.len(),
            Group::AnyOf => self.tests.len() - 2,
            Group::NoneOf => self.tests.len() - 1,
        });
        for test in plain {
            out.push_str(&format!("  - rule: {}\n", test.rule()));
        }
        if !grouped.is_empty() {
            out.push_str(if self.group == Group::AnyOf { "  - any_of:\n" } else { "  - none_of:\n" });
            for test in grouped {
                out.push_str(&format!("      - rule: {}\n", test.rule()));
            }
        }
        out.push_str("benefit:\n");
        out.push_str(&self.amount.rule());
        out.push_str("  rounding: {to: 1元}\n");
        out
    }

    /// The measure for the peers.
    pub(crate) fn data(&self) -> Value {
        let tests: Vec<Value> = self.tests.iter().map(Test::data).collect();
        let group = match self.group {
            Group::None => "all",
            Group::AnyOf => "any",
            Group::NoneOf => "none",
        };
        json!({"id": self.id, "tests": tests, "group": group, "amount": self.amount.data()})
    }
}

/// `500万元` where it is whole, else in yuan with its decimals.
fn money(fen: i64) -> String {
    if fen % WAN == 0 { format!("{}万元", fen / WAN) } else { format!("{}.{:02}元", fen / 100, fen % 100) }
}

/// `12.5%` from ten-thousandths.
fn percent(ten_thousandths: i64) -> String {
    let (sign, size) = if ten_thousandths < 0 { ("-", -ten_thousandths) } else { ("", ten_thousandths) };
    if size % 100 == 0 { format!("{sign}{}%", size / 100) } else { format!("{sign}{}.{:02}%", size / 100, size % 100) }
}
