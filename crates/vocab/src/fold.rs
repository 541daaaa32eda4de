//! Folding of what people type: full-width forms, spaces, and the noise in organization names.

/// `text` with full-width ASCII (`０１Ａ（，`) turned into plain ASCII, ideographic and
/// no-break spaces into spaces, and the ends trimmed. Chinese punctuation such as `。、` stays.
pub fn fold_width(text: &str) -> String {
    let folded: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}'))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '\u{3000}' | '\u{a0}' => ' ',
            c => c,
        })
        .collect();
    folded.trim().to_string()
}

/// The form of a name under which two spellings of it are the same: width folded, lower case,
/// without spaces, brackets, quotes and dots.
pub fn name_key(name: &str) -> String {
    fold_width(name).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_share_a_key() {
        assert_eq!(name_key("常州（中以）创新园 有限公司"), name_key("常州(中以)创新园有限公司"));
        assert_eq!(name_key("“格力博”Ｇreenworks"), "格力博greenworks");
        assert_eq!(fold_width("\u{3000}１２．５％ "), "12.5%");
    }
}
