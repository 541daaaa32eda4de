//! How written workbooks look.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};

const HEADER_FILL: u32 = 0x00DD_E7F0;
const REQUIRED_INK: u32 = 0x00B0_2418;
const NOTE_INK: u32 = 0x0059_6570;
const LINK_INK: u32 = 0x001F_5FA8;
const LINE: u32 = 0x00B8_C2CC;

pub(crate) fn title() -> Format {
    Format::new().set_bold().set_font_size(14).set_align(FormatAlign::Left).set_align(FormatAlign::VerticalCenter).set_quote_prefix()
}

pub(crate) fn remark() -> Format {
    Format::new().set_font_color(NOTE_INK).set_text_wrap().set_align(FormatAlign::Left).set_align(FormatAlign::Top).set_quote_prefix()
}

pub(crate) fn header() -> Format {
    Format::new()
        .set_bold()
        .set_background_color(HEADER_FILL)
        .set_border(FormatBorder::Thin)
        .set_border_color(LINE)
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
}

pub(crate) fn required_header() -> Format {
    header().set_font_color(REQUIRED_INK)
}

pub(crate) fn text() -> Format {
    Format::new().set_align(FormatAlign::Top)
}

pub(crate) fn wrapped() -> Format {
    text().set_text_wrap()
}

/// For texts that look like formulas: as if typed behind an apostrophe.
pub(crate) fn quoted() -> Format {
    text().set_quote_prefix()
}

/// For the result of a row that was refused, imported with a remark, or imported.
pub(crate) fn result(fill: u32) -> Format {
    wrapped().set_background_color(fill).set_quote_prefix()
}

/// For columns that people fill with ids and telephone numbers.
pub(crate) fn typed_as_text() -> Format {
    text().set_num_format("@")
}

pub(crate) fn link() -> Format {
    text().set_font_color(LINK_INK).set_underline(rust_xlsxwriter::FormatUnderline::Single)
}

pub(crate) fn number(pattern: &str) -> Format {
    text().set_num_format(pattern)
}

/// The width of `text` on screen in characters of the default font: Chinese ones count twice. Of
/// several lines the widest counts.
pub(crate) fn shown_width(text: &str) -> usize {
    text.lines().map(|line| line.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()).max().unwrap_or(0)
}

/// Characters that take the room of two: Hangul, kana, ideographs, full-width forms (after Unicode
/// Standard Annex 11).
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x2_0000..=0x3_fffd)
}
