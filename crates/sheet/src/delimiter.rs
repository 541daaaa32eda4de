//! Which character separates the columns of a text file.

/// Characters that may separate columns, the likeliest first.
const CANDIDATES: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The separator of the text that starts with `sample` (whole lines), and the bytes of a first line
/// `sep=;` that names it for spreadsheet programs. Among the candidates the one wins that cuts the
/// most lines into the same number of columns; separators inside quotes do not count.
pub(crate) fn delimiter_of(sample: &str) -> (u8, usize) {
    if let Some(declared) = declared(sample) {
        return declared;
    }
    let best = CANDIDATES.into_iter().enumerate().map(|(order, candidate)| (agreement(sample, candidate), std::cmp::Reverse(order), candidate)).max();
    match best {
        Some(((agreeing, _), _, candidate)) if agreeing > 0 => (candidate, 0),
        _ => (b',', 0),
    }
}

fn declared(sample: &str) -> Option<(u8, usize)> {
    let first = sample.lines().next()?;
    let delimiter = first.strip_prefix("sep=").filter(|rest| rest.len() == 1 && *rest != "\"")?.as_bytes()[0];
    let length = sample.find('\n').map_or(sample.len(), |at| at + 1);
    Some((delimiter, length))
}

/// How many records have the commonest number of columns, and that number less one; (0, 0) if fewer
/// than a quarter of them agree, as when a list of texts holds a stray separator.
fn agreement(sample: &str, candidate: u8) -> (usize, usize) {
    let counts = separators_by_record(sample, candidate);
    let commonest = counts.iter().filter(|&&count| count > 0).map(|&count| (counts.iter().filter(|&&other| other == count).count(), count)).max();
    commonest.filter(|(agreeing, _)| agreeing * 4 >= counts.len()).unwrap_or((0, 0))
}

fn separators_by_record(sample: &str, candidate: u8) -> Vec<usize> {
    let (mut counts, mut count, mut quoted) = (Vec::new(), 0, false);
    let mut before = b'\n';
    for byte in sample.bytes() {
        // A quote inside a cell, as in `5" pipe`, opens nothing; the second of a doubled one reopens.
        let may_open = matches!(before, b'\n' | b'"') || CANDIDATES.contains(&before);
        before = byte;
        match byte {
            b'"' => quoted = !quoted && may_open,
            b'\n' if !quoted => counts.push(std::mem::take(&mut count)),
            byte if byte == candidate && !quoted => count += 1,
            _ => (),
        }
    }
    if count > 0 {
        counts.push(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_one_that_makes_columns() {
        for (sample, delimiter) in [
            ("名称,电话\n甲,1\n", b','),
            ("名称\t备注\n甲\t一,二,三\n乙\t四\n", b'\t'),
            ("a;b;c\n1,5;2;3\n", b';'),
            ("a|b\n1|2\n", b'|'),
            ("5\" pipe,a\n6\" pipe,b\n", b','),
            ("\"a;b;c\",d\n\"e;f;g\",h\n", b','),
            ("只有一列\n甲\n乙\n丙\n丁|戊\n", b','),
        ] {
            assert_eq!(delimiter_of(sample), (delimiter, 0), "{sample}");
        }
        assert_eq!(delimiter_of("sep=;\na;b\n"), (b';', 6));
    }
}
