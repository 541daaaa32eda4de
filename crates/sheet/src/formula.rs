//! Texts that a spreadsheet would take for a formula, and the apostrophe that stops it.

/// Whether a spreadsheet program that opens `text` from a csv could run it as a formula: it starts
/// with `=`, `+`, `-`, `@`, a tab or a line break (OWASP, "CSV Injection"), or with the full-width
/// form that some input methods fold into one of them. A plain number such as `-5` runs nothing and
/// stays as people typed it.
pub(crate) fn looks_like_formula(text: &str) -> bool {
    !is_plain_number(text) && text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

fn is_plain_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    unsigned.starts_with(|c: char| c.is_ascii_digit()) && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '%'))
}

/// Whether `text` is a formula, or one behind apostrophes.
fn is_guardable(text: &str) -> bool {
    looks_like_formula(text.trim_start_matches('\''))
}

/// `text` as it is written into a csv: with one apostrophe more where it could run.
pub(crate) fn guard(text: &str) -> std::borrow::Cow<'_, str> {
    if is_guardable(text) { format!("'{text}").into() } else { text.into() }
}

/// The text that [`guard`] was given.
pub(crate) fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_guardable(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whatever_could_run_gets_an_apostrophe() {
        for text in ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"] {
            assert_eq!(guard(text), format!("'{text}"));
        }
        for text in ["13812345678", "a=b", "'引号", "", "-5", "+8613812345678", "-1,200.5%"] {
            assert_eq!(guard(text), text);
        }
    }

    proptest! {
        #[test]
        fn guarding_is_undone_by_reading(text in "['=+@\t\r-]{0,4}\\PC{0,5}") {
            let guarded = guard(&text);
            prop_assert!(!looks_like_formula(&guarded));
            prop_assert_eq!(unguard(&guarded), text.as_str());
        }
    }
}
