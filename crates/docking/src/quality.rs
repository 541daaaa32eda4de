//! How good a need text is, in points of 100, with named gaps that the writer can close.

use crate::{HoldRules, NeedText, QualityRules, hold};
use duijie_vocab::{Text, text};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quality {
    /// 0 to 100.
    pub score: u8,
    pub gaps: Vec<Gap>,
}

/// What is missing, where, and how many points it would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    pub kind: GapKind,
    pub field: &'static str,
    pub points: u8,
    pub advice: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    Title,
    TooShort,
    Template,
    NoTarget,
    NoBudget,
    NoKeyTechnology,
    NoDate,
    NoField,
}

/// The score of `need` and what would raise it, the heaviest gap first.
pub fn quality(need: &NeedText, rules: &QualityRules, holds: &HoldRules) -> Quality {
    let mut gaps = gaps(need, rules, holds);
    gaps.sort_by(|a, b| b.points.cmp(&a.points).then(a.kind.cmp(&b.kind)));
    let lost: u8 = gaps.iter().map(|gap| gap.points).sum();
    Quality { score: 100u8.saturating_sub(lost), gaps }
}

/// The points of all gaps add up to 100.
fn gaps(need: &NeedText, rules: &QualityRules, holds: &HoldRules) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut gap = |open: bool, kind, field, points, advice: Text| {
        if open {
            gaps.push(Gap { kind, field, points, advice });
        }
    };
    let parts = [&need.problem, &need.key_technology, &need.expected_result];
    let title = hold::letters(&need.title);
    gap(
        !(4..=60).contains(&title),
        GapKind::Title,
        "title",
        10,
        text!("名称用 4 至 60 字说清要解决什么", "say in a title of 4 to 60 characters what is to be solved"),
    );
    let length = hold::letters(&need.problem);
    let enough = rules.enough_chars;
    let missing = enough.saturating_sub(length);
    let short =
        || text!("主要问题再写 {missing} 字左右：现状、难点、试过什么", "write about {missing} more characters: the situation, the difficulty, what was tried");
    gap(missing > 0, GapKind::TooShort, "problem", (20 * missing / enough.max(1)).clamp(1, 20) as u8, short());
    let copied = parts.iter().any(|part| hold::is_template(part, holds));
    gap(copied, GapKind::Template, "problem", 15, text!("不要照抄模板，写自己的情况", "do not repeat the template, write about your own situation"));
    let target = has_target(&need.expected_result) || has_target(&need.key_technology);
    let advice =
        text!("预期目标写成可测量的指标，如“合格率 ≥ 99%”“厚度 0.2 mm”", "give a target that can be measured, such as “yield ≥ 99 %” or “0.2 mm thick”");
    gap(!target, GapKind::NoTarget, "expected_result", 20, advice);
    gap(
        need.budget.is_none_or(|budget| budget.0 <= 0),
        GapKind::NoBudget,
        "budget",
        15,
        text!("填写拟投入资金，对方才好判断", "say what you plan to invest, so that others can judge"),
    );
    let vague = hold::letters(&need.key_technology) < 10;
    gap(
        vague,
        GapKind::NoKeyTechnology,
        "key_technology",
        10,
        text!("写出关键技术：材料、工艺、设备或算法", "name the key technology: material, process, machine or algorithm"),
    );
    gap(need.until.is_none(), GapKind::NoDate, "until", 5, text!("填写希望解决的期限", "say until when it should be solved"));
    gap(need.fields.is_empty(), GapKind::NoField, "fields", 5, text!("选择技术领域，便于匹配", "choose a field of technology, so that it can be matched"));
    gaps
}

/// Whether a text names something measurable: a number with a unit, a percentage or a comparison.
fn has_target(part: &str) -> bool {
    const UNITS: &[&str] = &[
        "%", "‰", "℃", "°", "mm", "cm", "μm", "um", "nm", "kg", "mg", "g/", "t/", "kw", "mw", "mpa", "gpa", "hz", "db", "ms", "秒", "分钟", "小时", "天", "年",
        "月", "倍", "元", "吨", "米", "毫米", "微米", "克", "度", "次", "件", "台", "套", "项", "种", "个", "级", "点", "v", "a", "w", "m", "s", "l",
    ];
    let folded = duijie_vocab::fold_width(part).to_lowercase();
    if folded.contains(['≥', '≤', '＞', '＜', '±', '<', '>']) && folded.contains(|c: char| c.is_ascii_digit()) {
        return true;
    }
    let mut rest = folded.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '~' | '-' | '–' | '至'));
        let after = rest.trim_start().trim_start_matches(['万', '亿', '千', '百']);
        // A numbered list is no measurement.
        if UNITS.iter().any(|unit| after.starts_with(unit)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleBook;
    use duijie_vocab::{Date, Fen, RegionCode};

    fn judge(need: &NeedText) -> Quality {
        let book = RuleBook::built_in();
        let rules = book.for_region(RegionCode::NATION);
        quality(need, &rules.quality, &rules.holds)
    }

    #[test]
    fn an_empty_need_has_every_gap_but_the_template_and_no_points_left_worth_having() {
        let empty = judge(&NeedText::default());
        assert_eq!(empty.score, 15);
        assert_eq!(empty.gaps.len(), 7);
    }

    #[test]
    fn a_good_need_has_no_gap() {
        let need = NeedText {
            title: "高温合金叶片表面防护涂层工艺".into(),
            problem: "现有等离子喷涂涂层在一千一百度循环氧化下三百小时后开裂剥落，已试过调整粉末粒度、改变功率与送粉速率，剥落时间没有明显改善，\
                      客户要求寿命翻番，否则失去订单。需要从粘结层成分与界面应力两方面找原因，并能在现有喷涂设备上实施，不希望更换整条产线，\
                      样件与历次试验数据可以提供。"
                .into(),
            key_technology: "粘结层成分设计与界面应力控制".into(),
            expected_result: "1100 ℃ 循环氧化寿命 ≥ 600 小时，单件成本增加不超过 8%".into(),
            budget: Some(Fen(80_000_000)),
            until: Date::parse("2022-06-30").ok(),
            fields: vec!["新材料".into()],
            ..NeedText::default()
        };
        assert_eq!(judge(&need), Quality { score: 100, gaps: Vec::new() });
    }

    #[test]
    fn a_target_needs_a_number_with_a_unit() {
        for text in ["合格率达到99%", "厚度0.2mm", "成本≤3万元", "寿命 600 小时以上", "效率提高2倍"] {
            assert!(has_target(text), "{text}");
        }
        for text in ["提高质量", "1. 提高质量 2、降低成本", "", "2021规划"] {
            assert!(!has_target(text), "{text}");
        }
    }
}
