//! Folding of single characters: full-width to plain, upper case to lower, traditional Chinese to
//! simplified. One character always becomes one character, so that places in the folded text are
//! places in the original.

use std::sync::LazyLock;

const FIRST: u32 = 0x4e00;
const LAST: u32 = 0x9fff;

/// Simplified forms of the main block of ideographs; 0 where a character is its own.
static SIMPLIFIED: LazyLock<Box<[u16]>> = LazyLock::new(|| {
    let mut table = vec![0u16; (LAST - FIRST + 1) as usize].into_boxed_slice();
    for (from, to) in hanconv::RawDictionary::TSCharacters.iter() {
        let (Some(from), Some(to)) = (only_char(from), only_char(to)) else { continue };
        let (from, to) = (from as u32, to as u32);
        // A few rare characters simplify into planes beyond the table; they stay as they are.
        if (FIRST..=LAST).contains(&from) && from != to {
            table[(from - FIRST) as usize] = u16::try_from(to).unwrap_or(0);
        }
    }
    table
});

fn only_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// `c` in plain width, lower case and simplified form.
pub fn fold_char(c: char) -> char {
    match c {
        'A'..='Z' => c.to_ascii_lowercase(),
        '\0'..='\u{7f}' => c,
        '\u{ff21}'..='\u{ff3a}' => char::from_u32(c as u32 - 0xfee0 + 0x20).unwrap_or(c),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        // Micro sign and ohm sign are the Greek letters under other numbers.
        '\u{b5}' => 'μ',
        '\u{2126}' => 'ω',
        '\u{4e00}'..='\u{9fff}' => match SIMPLIFIED[(c as u32 - FIRST) as usize] {
            0 => c,
            simple => char::from_u32(u32::from(simple)).unwrap_or(c),
        },
        _ => {
            let mut lower = c.to_lowercase();
            // A letter whose lower case is several characters stays, so that places do not move.
            lower.next().filter(|_| lower.next().is_none()).unwrap_or(c)
        }
    }
}

/// Whether `c` is a Chinese character.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ebef}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_fold_one_to_one() {
        for (from, to) in [('Ａ', 'a'), ('電', '电'), ('鋁', '铝'), ('５', '5'), ('İ', 'İ'), ('Ω', 'ω'), ('é', 'é'), ('铝', '铝'), ('（', '(')] {
            assert_eq!(fold_char(from), to, "{from}");
        }
    }
}
