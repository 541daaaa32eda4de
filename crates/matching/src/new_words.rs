//! Words that a text has and the dictionary has not, by how its pieces stand together: pieces that
//! meet far more often than chance would have it (pointwise mutual information), and that stand in
//! many different surroundings (entropy of what is left and right of them), are one word. Pieces are
//! joined two by two, twice over, so that a word may have up to four.

use std::collections::HashMap;

/// What counts as a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Evidence {
    /// So many texts must have it.
    pub(crate) texts: u32,
    /// How much likelier than by chance the pieces meet, in nats.
    pub(crate) tie: f32,
    /// How little the surroundings tell of each other on the poorer side, in nats.
    pub(crate) freedom: f32,
    /// Words of more characters are phrases.
    pub(crate) chars: usize,
}

/// Pairs that were met once are forgotten whenever there are more than this, so that memory is bounded.
const MOST_PAIRS: usize = 4_000_000;
const ROUNDS: usize = 2;
/// Stands where pieces do not follow one another.
const BREAK: u32 = 0;

/// Pieces of texts in the order in which they stand.
#[derive(Default)]
pub(crate) struct Pieces {
    names: Vec<Piece>,
    numbers: HashMap<String, u32>,
    /// One run of numbers per text, with breaks.
    texts: Vec<Vec<u32>>,
}

struct Piece {
    text: String,
    chars: usize,
    /// Whether the dictionary has it.
    known: bool,
    /// Whether no word begins or ends with it.
    silent: bool,
}

/// How often something was met, in how many texts, and in which one last.
#[derive(Clone, Copy, Default)]
struct Met {
    times: u32,
    texts: u32,
    last: u32,
}

type Pair = (u32, u32);

/// A pair that meets far more often than by chance.
struct Tied {
    pair: Pair,
    texts: u32,
    /// Whether it stands in many surroundings.
    free: bool,
}

impl Met {
    fn meet(&mut self, text: u32) {
        self.times += 1;
        if self.last != text {
            self.last = text;
            self.texts += 1;
        }
    }
}

impl Pieces {
    /// Takes in a text as its pieces; `None` where they do not follow one another. `look` says of a
    /// new piece whether the dictionary has it and whether it is silent.
    pub(crate) fn add<'p>(&mut self, pieces: impl Iterator<Item = Option<&'p str>>, look: impl Fn(&str) -> (bool, bool)) {
        let mut text = vec![BREAK];
        for piece in pieces {
            let number = piece.map_or(BREAK, |piece| self.number(piece, &look));
            if number != BREAK || text.last() != Some(&BREAK) {
                text.push(number);
            }
        }
        text.push(BREAK);
        self.texts.push(text);
    }

    fn number(&mut self, piece: &str, look: impl Fn(&str) -> (bool, bool)) -> u32 {
        if let Some(&number) = self.numbers.get(piece) {
            return number;
        }
        let (known, silent) = look(piece);
        // The numbers begin above that of a break.
        let number = self.names.len() as u32 + 1;
        self.names.push(Piece { text: piece.to_string(), chars: piece.chars().count(), known, silent });
        self.numbers.insert(piece.to_string(), number);
        number
    }

    fn piece(&self, number: u32) -> &Piece {
        &self.names[number as usize - 1]
    }

    /// The words found, each with the number of texts that have it.
    pub(crate) fn words(mut self, evidence: Evidence) -> HashMap<String, u32> {
        let mut words: HashMap<String, u32> = HashMap::new();
        self.guessed(evidence, &mut words);
        for _ in 0..ROUNDS {
            let tied = self.tied(evidence);
            if tied.is_empty() {
                break;
            }
            let mut numbers: HashMap<Pair, u32> = HashMap::new();
            for Tied { pair, texts, free } in tied {
                let whole = format!("{}{}", self.piece(pair.0).text, self.piece(pair.1).text);
                numbers.insert(pair, self.number(&whole, |_| (true, false)));
                if free {
                    words.entry(whole).or_insert(texts);
                }
            }
            for text in &mut self.texts {
                join(text, &numbers);
            }
        }
        words
    }

    /// Pieces that were cut out although no dictionary has them, where they stand freely.
    fn guessed(&self, evidence: Evidence, words: &mut HashMap<String, u32>) {
        let mut met = vec![Met::default(); self.names.len()];
        for (number, text) in (1u32..).zip(&self.texts) {
            text.iter().filter(|&&piece| piece != BREAK).for_each(|&piece| met[piece as usize - 1].meet(number));
        }
        let wanted = |number: u32| {
            let piece = self.piece(number);
            !piece.known && !piece.silent && (2..=evidence.chars).contains(&piece.chars) && met[number as usize - 1].texts >= evidence.texts
        };
        let mut around: HashMap<u32, Around> = HashMap::new();
        for text in &self.texts {
            for three in text.windows(3).filter(|three| three[1] != BREAK && wanted(three[1])) {
                around.entry(three[1]).or_default().meet(three[0], three[2]);
            }
        }
        for (number, around) in around {
            if around.freedom() >= evidence.freedom {
                words.insert(self.piece(number).text.clone(), met[number as usize - 1].texts);
            }
        }
    }

    /// The pairs that hold together, in a fixed order. One that is not free may be a part of a longer word.
    fn tied(&self, evidence: Evidence) -> Vec<Tied> {
        let mut alone = vec![0u32; self.names.len()];
        let mut all = 0u64;
        let mut pairs: HashMap<Pair, Met> = HashMap::new();
        for (number, text) in (1u32..).zip(&self.texts) {
            for &piece in text.iter().filter(|&&piece| piece != BREAK) {
                alone[piece as usize - 1] += 1;
                all += 1;
            }
            for two in text.windows(2).filter(|two| self.may_join(two[0], two[1], evidence.chars)) {
                pairs.entry((two[0], two[1])).or_default().meet(number);
            }
            if pairs.len() > MOST_PAIRS {
                pairs.retain(|_, met| met.times > 1);
            }
        }
        let tie = |pair: &Pair, met: &Met| {
            let alone = |piece: u32| alone[piece as usize - 1] as f32;
            (met.times as f32 * all as f32 / (alone(pair.0) * alone(pair.1))).ln()
        };
        pairs.retain(|pair, met| met.texts >= evidence.texts && tie(pair, met) >= evidence.tie);
        let around = self.around(&pairs);
        let free = |pair| around.get(&pair).is_some_and(|around| around.freedom() >= evidence.freedom);
        let mut tied: Vec<Tied> = pairs.iter().map(|(&pair, met)| Tied { pair, texts: met.texts, free: free(pair) }).collect();
        tied.sort_unstable_by_key(|tied| tied.pair);
        tied
    }

    fn may_join(&self, left: u32, right: u32, chars: usize) -> bool {
        left != BREAK && right != BREAK && {
            let (left, right) = (self.piece(left), self.piece(right));
            !left.silent && !right.silent && left.chars + right.chars <= chars
        }
    }

    fn around(&self, pairs: &HashMap<Pair, Met>) -> HashMap<Pair, Around> {
        let mut around: HashMap<Pair, Around> = HashMap::new();
        for text in &self.texts {
            for four in text.windows(4) {
                let pair = (four[1], four[2]);
                if pairs.contains_key(&pair) {
                    around.entry(pair).or_default().meet(four[0], four[3]);
                }
            }
        }
        around
    }
}

/// Puts the joined pieces in the place of their parts, from the left.
fn join(text: &mut Vec<u32>, numbers: &HashMap<Pair, u32>) {
    let mut kept = 0;
    let mut at = 0;
    while at < text.len() {
        let pair = text.get(at + 1).and_then(|&next| numbers.get(&(text[at], next)));
        text[kept] = pair.copied().unwrap_or(text[at]);
        at += if pair.is_some() { 2 } else { 1 };
        kept += 1;
    }
    text.truncate(kept);
}

/// What stands left and right of something.
#[derive(Default)]
struct Around {
    left: HashMap<u32, u32>,
    right: HashMap<u32, u32>,
    times: u32,
}

impl Around {
    fn meet(&mut self, left: u32, right: u32) {
        *self.left.entry(left).or_default() += 1;
        *self.right.entry(right).or_default() += 1;
        self.times += 1;
    }

    /// The entropy of the poorer side.
    fn freedom(&self) -> f32 {
        self.entropy(&self.left).min(self.entropy(&self.right))
    }

    /// The end of a text or a mark is a different neighbour every time.
    fn entropy(&self, side: &HashMap<u32, u32>) -> f32 {
        let all = self.times as f32;
        let term = |count: f32| count / all * (all / count).ln();
        let ends = side.get(&BREAK).map_or(0.0, |&ends| ends as f32 * term(1.0));
        let mut counts: Vec<u32> = side.iter().filter(|(piece, _)| **piece != BREAK).map(|(_, count)| *count).collect();
        // Sums of floats depend on their order.
        counts.sort_unstable();
        ends + counts.into_iter().map(|count| term(count as f32)).sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIDENCE: Evidence = Evidence { texts: 3, tie: 1.0, freedom: 0.6, chars: 6 };

    fn words(texts: &[&str], known: &[&str]) -> Vec<String> {
        let mut pieces = Pieces::default();
        for text in texts {
            let split = text.split(' ').map(|piece| (piece != "/").then_some(piece));
            pieces.add(split, |piece| (known.contains(&piece), piece == "的"));
        }
        let mut words: Vec<String> = pieces.words(EVIDENCE).into_keys().collect();
        words.sort_unstable();
        words
    }

    const KNOWN: [&str; 12] = ["钙钛", "矿", "电池", "制备", "稳定", "效率", "组件", "薄膜", "研究", "材料", "工艺", "测试"];

    #[test]
    fn pieces_that_meet_in_many_surroundings_are_one_word() {
        let texts = ["制备 钙钛 矿 电池", "稳定 钙钛 矿 薄膜", "效率 / 钙钛 矿 组件", "工艺 测试", "研究 材料", "材料 测试 电池"];
        assert_eq!(words(&texts, &KNOWN), ["钙钛矿"]);
    }

    #[test]
    fn what_always_stands_beside_the_same_is_only_a_part() {
        let texts = ["制备 钙钛 矿 / 电池", "稳定 钙钛 矿 / 薄膜", "稳定 效率 钙钛 矿", "工艺 测试 组件", "研究 材料 薄膜", "材料 测试 / 电池"];
        assert_eq!(words(&texts, &KNOWN), ["钙钛矿"]);
        let beside = ["制备 钙钛 矿 电池", "制备 钙钛 矿 薄膜", "制备 钙钛 矿 组件", "工艺 测试 组件", "研究 材料 薄膜", "材料 测试 / 电池"];
        assert!(!words(&beside, &KNOWN).contains(&"钙钛矿".to_string()), "it is never without 制备");
    }

    #[test]
    fn a_guess_is_kept_where_it_stands_freely_and_silence_joins_nothing() {
        let texts = ["制备 气凝胶 电池", "稳定 气凝胶 薄膜", "效率 气凝胶 组件", "工艺 的 研究", "材料 的 测试", "薄膜 的 电池"];
        assert_eq!(words(&texts, &KNOWN), ["气凝胶"]);
        assert_eq!(words(&texts[..2], &KNOWN), [""; 0], "two texts are no evidence");
    }

    #[test]
    fn long_words_are_joined_in_two_rounds() {
        let texts = [
            "制备 固态 储 氢 材料",
            "稳定 固态 储 氢 薄膜",
            "效率 / 固态 储 氢 / 组件",
            "工艺 测试 固态",
            "研究 薄膜 储",
            "材料 测试 氢 电池",
            "组件 / 固态 / 储 / 氢",
        ];
        assert!(words(&texts, &["固态", "储", "氢"]).contains(&"固态储氢".to_string()), "{:?}", words(&texts, &["固态", "储", "氢"]));
    }
}
