//! Rows of a table that are no data: blank ones, sums, and the remarks around a table.

use crate::{CellValue, Row};
use duijie_vocab::{MoneyUnit, fold_width};

/// Whether nothing stands in the row.
pub fn is_blank_row(row: &Row) -> bool {
    row.cells.iter().all(CellValue::is_blank)
}

const SUM_WORDS: [&str; 12] = ["合计", "总计", "小计", "共计", "总和", "累计", "合计数", "total", "subtotal", "grandtotal", "sum", "sub-total"];

/// Whether the row adds up the rows above it: one of its first three filled cells says 合计, 总计,
/// 小计, 共计, Total or Subtotal, and of the other cells at most one in four holds words.
pub fn is_sum_row(row: &Row) -> bool {
    let filled: Vec<&CellValue> = row.filled().map(|(_, cell)| cell).collect();
    let Some(at) = filled.iter().take(3).position(|cell| is_sum_word(&cell.as_text())) else { return false };
    let others = filled.len() - 1;
    let worded = filled.iter().enumerate().filter(|(index, cell)| *index != at && has_words(cell)).count();
    worded * 4 <= others
}

fn is_sum_word(text: &str) -> bool {
    let bare: String = fold_width(text).chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let bare = bare.trim_end_matches([':', '：', '(', ')']);
    let counted = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '：' | '条' | '项' | '家' | '万' | '元' | '个'));
    SUM_WORDS.iter().any(|word| bare.strip_prefix(word).is_some_and(counted))
}

/// Whether a cell holds words rather than a number, a date or a dash.
fn has_words(cell: &CellValue) -> bool {
    matches!(cell, CellValue::Text(text) if text.chars().any(char::is_alphabetic) && !starts_with_number(text))
}

fn starts_with_number(text: &str) -> bool {
    fold_width(text).trim_start_matches(['¥', '￥', '-', '+']).starts_with(|c: char| c.is_ascii_digit())
}

const FOOT_LABELS: [&str; 30] = [
    "注",
    "备注",
    "说明",
    "填表说明",
    "填报说明",
    "填写说明",
    "填表人",
    "填报人",
    "制表人",
    "制表",
    "审核人",
    "审核",
    "审批人",
    "复核人",
    "经办人",
    "负责人",
    "单位负责人",
    "联系人",
    "联系电话",
    "日期",
    "填表日期",
    "填报日期",
    "制表日期",
    "数据来源",
    "资料来源",
    "来源",
    "盖章",
    "note",
    "notes",
    "source",
];

/// Whether the row is a remark below a table: `填表人：张三  日期：…`, `注：…`, `（盖章）`. Its first
/// filled cell is such a label with a colon, and at most three other cells are filled, unless they
/// carry labels too.
pub fn is_footnote_row(row: &Row) -> bool {
    let texts: Vec<String> = row.filled().map(|(_, cell)| fold_width(&cell.as_text())).collect();
    let Some(first) = texts.first() else { return false };
    if !is_foot_label(first) {
        return false;
    }
    texts.len() <= 4 || texts.iter().all(|text| text.contains(':'))
}

fn is_foot_label(text: &str) -> bool {
    let lowered = text.to_lowercase();
    if lowered.trim_matches(['(', ')']) == "盖章" {
        return true;
    }
    let Some((label, _)) = lowered.split_once(':') else {
        return numbered_note(&lowered);
    };
    // `备注1`, `填表人（签字）`, and the blanks that spread a label over its cell.
    let label: String = label.chars().filter(|c| !c.is_whitespace() && !c.is_ascii_digit()).collect();
    let label = label.split('(').next().unwrap_or_default();
    FOOT_LABELS.contains(&label)
}

/// `注1.…`, `注、…` without a colon.
fn numbered_note(text: &str) -> bool {
    text.strip_prefix('注').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '、' | '.' | ' ')))
}

/// The unit that a remark above a table names for its amounts: `万元` of `金额单位：万元` or
/// `填报单位：某局  单位：万元`. The organization of 填报单位 is no unit.
pub fn unit_note(text: &str) -> Option<String> {
    let folded = fold_width(text);
    folded.match_indices("单位").filter_map(|(at, word)| unit_after(&folded[..at], &folded[at + word.len()..])).last()
}

fn unit_after(before: &str, after: &str) -> Option<String> {
    let value = after.trim_start().strip_prefix(':')?;
    let value: String =
        value.trim_start().chars().take_while(|c| !c.is_whitespace() && !matches!(c, ')' | ';' | ',' | '，' | '；' | '。' | '、' | ']' | '】')).collect();
    let label: String = before.chars().rev().take_while(|c| c.is_alphabetic()).collect::<Vec<_>>().into_iter().rev().collect();
    let speaks_of_money = ["", "金额", "货币", "计量", "数量"].contains(&label.as_str());
    let is_unit = MoneyUnit::parse(&value).is_some() || (speaks_of_money && (1..=4).contains(&value.chars().count()));
    is_unit.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;

    fn row(texts: &[&str]) -> Row {
        Row::of_texts(9, texts.iter().copied())
    }

    #[test]
    fn sums_are_told_from_records() {
        for texts in [&["合计", "", "1200"][..], &["", "合 计：", "371", "5.5万元"], &["总计：371项"], &["Total", "3"], &["1", "小计", "", "20%"]]
        {
            assert!(is_sum_row(&row(texts)), "{texts:?}");
        }
        for texts in [&["合计科技有限公司", "钢铁", "涂层"][..], &["1", "合计", "涂层技术", "某公司", "张三"], &["甲", "乙"], &[]] {
            assert!(!is_sum_row(&row(texts)), "{texts:?}");
        }
        let mut counted = row(&["合计"]);
        counted.cells.push(CellValue::Number(Number::from_float(371.0)));
        assert!(is_sum_row(&counted));
    }

    #[test]
    fn remarks_are_told_from_records() {
        for texts in [
            &["填表人：张三", "", "审核人：李四", "日期：2024年5月"][..],
            &["注：本表一式两份"],
            &["注1. 单位为万元"],
            &["填 表 人（签字）：", "张三"],
            &["（盖章）"],
        ] {
            assert!(is_footnote_row(&row(texts)), "{texts:?}");
        }
        for texts in [&["1", "说明：略"][..], &["注塑机", "某公司"], &["常州某公司", "涂层"], &["联系人", "电话"], &[]] {
            assert!(!is_footnote_row(&row(texts)), "{texts:?}");
        }
    }

    #[test]
    fn a_unit_of_money_is_no_organization() {
        assert_eq!(unit_note("填报单位：常州市科技局　　单位：万元"), Some("万元".into()));
        assert_eq!(unit_note("（金额单位：人民币万元）"), Some("人民币万元".into()));
        assert_eq!(unit_note("单位: 项"), Some("项".into()));
        assert_eq!(unit_note("填报单位：科技局"), None);
        assert_eq!(unit_note("单位名称"), None);
    }
}
