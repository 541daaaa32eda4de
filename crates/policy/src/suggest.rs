//! The known word that somebody may have meant.

/// The candidate nearest to `given`, if one is near: at most a third of its characters differ, or one is part of the other.
pub(crate) fn closest<'c>(given: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let given: Vec<char> = given.chars().take(64).flat_map(char::to_lowercase).collect();
    if given.is_empty() {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().take(64).flat_map(char::to_lowercase).collect();
        let distance = distance(&given, &letters);
        let longer = given.len().max(letters.len());
        let near = distance * 3 <= longer || (given.len().min(letters.len()) >= 2 && distance < longer && is_part(&given, &letters));
        // Ties go to the alphabetically first, so that the same fault always reads the same.
        if near && best.is_none_or(|(least, word)| (distance, candidate) < (least, word)) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, word)| word)
}

fn is_part(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.windows(short.len().max(1)).any(|window| window == short)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn near_words_are_offered_and_far_ones_are_not() {
        let known = ["研发费用", "营业收入", "window", "budget"];
        assert_eq!(closest("研发费", known.into_iter()), Some("研发费用"));
        assert_eq!(closest("widnow", known.into_iter()), Some("window"));
        assert_eq!(closest("税收", known.into_iter()), None);
        assert_eq!(closest("", known.into_iter()), None);
    }
}
