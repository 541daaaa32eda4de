//! Proposes to split a text that holds several needs: one part per numbered item.

use crate::hold::letters;
use serde::Serialize;

/// One part of a text, as an item of a list that the writer numbered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The first clause, as a proposal for a title.
    pub title: String,
    pub text: String,
}

/// An item with fewer letters is a point of one need, not a need of its own.
const LEAST_LETTERS: usize = 25;
const TITLE_CHARS: usize = 40;

/// The parts that a problem text seems to be made of, or nothing if it reads like one need. Items
/// are numbered `1.` `1、` `（一）` `一、` `①` at the start of a line or a sentence, in order from the first.
pub fn parts(text: &str) -> Vec<Part> {
    let items = items(text);
    let is_list = items.len() >= 2 && items.iter().all(|item| letters(item) >= LEAST_LETTERS);
    if !is_list {
        return Vec::new();
    }
    items.into_iter().map(|text| Part { title: first_clause(text), text: text.to_string() }).collect()
}

fn items(text: &str) -> Vec<&str> {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for style in [Style::Digits, Style::Chinese, Style::Circled] {
        let found = numbered(text, style);
        if found.len() > starts.len() {
            starts = found;
        }
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    starts.iter().zip(ends).map(|((_, body), end)| text[*body..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '；' | ';'))).collect()
}

#[derive(Clone, Copy)]
enum Style {
    Digits,
    Chinese,
    Circled,
}

/// Where items 1, 2, 3 … begin with their number, and where their text begins.
fn numbered(text: &str, style: Style) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        if at_start && let Some(length) = number(&text[at..], found.len() + 1, style) {
            found.push((at, at + length));
        }
        at_start = matches!(c, '\n' | '。' | '；' | ';' | '：' | ':') || (at_start && c.is_whitespace());
    }
    found
}

/// The length in bytes of item number `expected` at the start of `text`.
fn number(text: &str, expected: usize, style: Style) -> Option<usize> {
    const CHINESE: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    if let Style::Circled = style {
        let circled = char::from_u32(u32::try_from(expected).ok().filter(|n| *n <= 20)? + 0x245F)?;
        return text.starts_with(circled).then(|| circled.len_utf8());
    }
    let open = text.chars().next().filter(|c| matches!(c, '（' | '('));
    let rest = &text[open.map_or(0, char::len_utf8)..];
    let word = match style {
        Style::Chinese => CHINESE.get(expected - 1)?.to_string(),
        _ => expected.to_string(),
    };
    let after = rest.strip_prefix(word.as_str())?;
    let mark = after.chars().next()?;
    let closes = if open.is_some() { matches!(mark, '）' | ')') } else { matches!(mark, '、' | '.' | '．' | ')' | '）') };
    // `1.5` is a number, not an item.
    let decimal = mark == '.' && after[1..].starts_with(|c: char| c.is_ascii_digit());
    (closes && !decimal).then(|| text.len() - after.len() + mark.len_utf8())
}

fn first_clause(text: &str) -> String {
    let clause = text.split(['，', '。', '；', ',', ';', '：', ':', '\n']).find(|clause| !clause.trim().is_empty()).unwrap_or_default();
    clause.trim().chars().take(TITLE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(text: &str) -> Vec<String> {
        parts(text).into_iter().map(|part| part.title).collect()
    }

    #[test]
    fn several_numbered_needs_are_told_apart() {
        let long = "现有产线在高速运行时温度波动大导致良率下降需要新的控制方法";
        for (one, two) in [("1、", "2、"), ("1.", "2."), ("（1）", "（2）"), ("一、", "二、"), ("（一）", "（二）"), ("①", "②")] {
            let text = format!("{one}焊接工艺，{long}。\n{two}视觉检测，{long}。");
            assert_eq!(titles(&text), ["焊接工艺", "视觉检测"], "{text}");
        }
        let in_line = format!("需求如下：1.焊接工艺，{long}；2.视觉检测，{long}");
        assert_eq!(titles(&in_line), ["焊接工艺", "视觉检测"]);
    }

    #[test]
    fn points_of_one_need_and_numbers_are_no_needs() {
        for text in ["", "1、成本低；2、寿命长", "厚度 1.5 mm，误差 2.0%", "1、只有一项，但是写得很长很长很长很长很长很长很长很长很长"]
        {
            assert!(parts(text).is_empty(), "{text}");
        }
    }
}
