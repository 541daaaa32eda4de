//! What a pool that does not cover everything pays to whom: in the order that the measure names,
//! exact to the Fen.

use duijie_vocab::{Fen, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

/// The order in which a pool pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Who came first is paid first; ties by id.
    #[default]
    FirstCome,
    /// The highest score is paid first; ties by id.
    Ranked,
    /// Everybody the same share of what was asked.
    ProRata,
}

impl Order {
    /// The rule in words, with the rule for remainders.
    pub fn rule(self) -> Text {
        match self {
            Order::FirstCome => text!(
                "按受理先后，同时受理按编号；余额不足以全额支付时，该户及其后各户均不支付",
                "first come, ties by id; the first whom the rest does not cover in full is not paid, nor is anybody after"
            ),
            Order::Ranked => text!(
                "按得分高低，同分按编号；余额不足以全额支付时，该户及其后各户均不支付",
                "highest score first, ties by id; the first whom the rest does not cover in full is not paid, nor is anybody after"
            ),
            Order::ProRata => text!(
                "按应付金额同比例，舍去不足一分的部分，剩余的分按余数由大到小各补一分，余数相同按编号",
                "the same share of each amount, fractions of a Fen dropped; the Fen that are left go one each to the largest remainders, ties by id"
            ),
        }
    }
}

/// One who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub id: String,
    pub amount: Fen,
    pub arrived: Timestamp,
    pub score: i64,
}

/// What each of `asks` gets out of `pool`, in their order. Amounts that are not above zero get nothing.
pub fn share(asks: &[Ask], pool: Fen, order: Order) -> Vec<Fen> {
    let asked: i128 = asks.iter().map(|ask| i128::from(ask.amount.0.max(0))).sum();
    if asked <= i128::from(pool.0) {
        return asks.iter().map(|ask| ask.amount.max(Fen::ZERO)).collect();
    }
    match order {
        Order::FirstCome => in_turn(asks, pool, |ask| (ask.arrived, &ask.id)),
        Order::Ranked => in_turn(asks, pool, |ask| (std::cmp::Reverse(ask.score), &ask.id)),
        Order::ProRata => pro_rata(asks, pool, asked),
    }
}

fn in_turn<'a, K: Ord>(asks: &'a [Ask], pool: Fen, key: impl Fn(&'a Ask) -> K) -> Vec<Fen> {
    let mut turns: Vec<usize> = (0..asks.len()).collect();
    turns.sort_by_key(|&at| key(&asks[at]));
    let mut given = vec![Fen::ZERO; asks.len()];
    let mut left = pool.0;
    for at in turns {
        let amount = asks[at].amount.0.max(0);
        if amount > left {
            break;
        }
        left -= amount;
        given[at] = Fen(amount);
    }
    given
}

/// Largest remainder (Hare): products need 128 bits, quotients fit into what was asked.
fn pro_rata(asks: &[Ask], pool: Fen, asked: i128) -> Vec<Fen> {
    let pool = i128::from(pool.0.max(0));
    let exact = |ask: &Ask| i128::from(ask.amount.0.max(0)) * pool;
    let mut given: Vec<i64> = asks.iter().map(|ask| i64::try_from(exact(ask) / asked).expect("BUG: a share is more than was asked")).collect();
    let mut left = pool - given.iter().map(|fen| i128::from(*fen)).sum::<i128>();
    let mut turns: Vec<usize> = (0..asks.len()).collect();
    turns.sort_by_key(|&at| (std::cmp::Reverse(exact(&asks[at]) % asked), &asks[at].id));
    for at in turns {
        if left == 0 {
            break;
        }
        given[at] += 1;
        left -= 1;
    }
    given.into_iter().map(Fen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ask(id: &str, amount: i64, arrived: i64, score: i64) -> Ask {
        Ask { id: id.into(), amount: Fen(amount), arrived: Timestamp::from_micros(arrived).unwrap(), score }
    }

    fn check(order: Order, pool: i64, expected: [i64; 3]) {
        let asks = [ask("b", 100, 2, 9), ask("a", 100, 1, 5), ask("c", 50, 3, 7)];
        assert_eq!(share(&asks, Fen(pool), order).iter().map(|fen| fen.0).collect::<Vec<_>>(), expected, "{order:?}, {pool}");
    }

    #[test]
    fn each_order_pays_as_it_says() {
        check(Order::FirstCome, 250, [100, 100, 50]);
        check(Order::FirstCome, 199, [0, 100, 0]);
        check(Order::Ranked, 160, [100, 0, 50]);
        check(Order::Ranked, 90, [0, 0, 0]);
        check(Order::ProRata, 101, [40, 41, 20]);
        check(Order::ProRata, 102, [41, 41, 20]);
        check(Order::ProRata, 0, [0, 0, 0]);
    }

    proptest! {
        #[test]
        fn a_pool_pays_pro_rata_to_the_last_fen(amounts in prop::collection::vec(1i64..1_000_000_000_000, 1..60), pool in 0i64..1_000_000_000_000) {
            let asks: Vec<Ask> = amounts.iter().enumerate().map(|(n, amount)| ask(&format!("{n:03}"), *amount, 0, 0)).collect();
            let asked: i128 = amounts.iter().map(|a| i128::from(*a)).sum();
            let given = share(&asks, Fen(pool), Order::ProRata);
            let total: i128 = given.iter().map(|fen| i128::from(fen.0)).sum();
            prop_assert_eq!(total, asked.min(i128::from(pool)));
            if asked > i128::from(pool) {
                for (ask, fen) in asks.iter().zip(&given) {
                    let off = i128::from(fen.0) * asked - i128::from(ask.amount.0) * i128::from(pool);
                    prop_assert!(off.abs() < asked, "nobody is off by a whole Fen");
                }
            }
        }

        #[test]
        fn nobody_gets_more_than_asked_nor_the_pool_less_than_nothing(
            amounts in prop::collection::vec((-5i64..1_000, 0i64..9, 0i64..9), 0..40), pool in 0i64..9_000, order in 0usize..3,
        ) {
            let asks: Vec<Ask> = amounts.iter().enumerate().map(|(n, (amount, at, score))| ask(&format!("{n:03}"), *amount, *at, *score)).collect();
            let given = share(&asks, Fen(pool), [Order::FirstCome, Order::Ranked, Order::ProRata][order]);
            prop_assert!(given.iter().map(|fen| fen.0).sum::<i64>() <= pool);
            prop_assert!(given.iter().zip(&asks).all(|(fen, ask)| (0..=ask.amount.0.max(0)).contains(&fen.0)));
        }
    }
}
