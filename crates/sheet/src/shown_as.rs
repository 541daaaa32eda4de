//! How a number format shows a number, as far as that says what the number means.

use calamine::Style;

/// What the format of a cell says of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShownAs {
    /// Nothing special: a number, or a date to the day.
    Plain,
    Percent,
    /// A date of which the person sees year and month only, as in `2021年3月`.
    Month,
    /// A date of which the person sees the year only.
    Year,
}

/// Built-in formats that show year and month (ECMA-376 part 1, 18.8.30: `mmm-yy`, and for Chinese
/// `yyyy"年"m"月"`); files name them by number only.
const MONTH_FORMATS: [u32; 6] = [17, 27, 36, 50, 52, 57];

impl ShownAs {
    pub(crate) fn of(style: &Style) -> ShownAs {
        match &style.number_format {
            Some(format) if format.format_id.is_some_and(|id| MONTH_FORMATS.contains(&id)) => ShownAs::Month,
            Some(format) => ShownAs::of_code(&format.format_code),
            None => ShownAs::Plain,
        }
    }

    fn of_code(code: &str) -> ShownAs {
        let marks = marks(code);
        let has = |mark: char| marks.contains(mark);
        match (has('y'), has('m'), has('d') || has('h') || has('s')) {
            (true, true, false) => ShownAs::Month,
            (true, false, false) => ShownAs::Year,
            (false, false, false) if has('%') => ShownAs::Percent,
            _ => ShownAs::Plain,
        }
    }
}

/// The format's first section in lower case, without the texts in it: `"年"`, `\-`, `[$-804]`, `_)`.
fn marks(code: &str) -> String {
    let mut marks = String::new();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '"' => skip_past(&mut chars, '"'),
            '[' => skip_past(&mut chars, ']'),
            '\\' | '_' | '*' => drop(chars.next()),
            c => marks.extend(c.to_lowercase()),
        }
    }
    marks
}

fn skip_past(chars: &mut std::str::Chars<'_>, end: char) {
    chars.by_ref().take_while(|&c| c != end).for_each(drop);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_what_a_person_sees() {
        for (code, shown) in [
            ("General", ShownAs::Plain),
            ("yyyy\"年\"m\"月\"", ShownAs::Month),
            ("[$-804]yyyy\\-mm;@", ShownAs::Month),
            ("yyyy\"年\"", ShownAs::Year),
            ("yyyy/m/d", ShownAs::Plain),
            ("yyyy-mm-dd hh:mm", ShownAs::Plain),
            ("0.00%", ShownAs::Percent),
            ("0\"% 以上\"", ShownAs::Plain),
            ("#,##0_);\"y\"m", ShownAs::Plain),
        ] {
            assert_eq!(ShownAs::of_code(code), shown, "{code}");
        }
    }
}
