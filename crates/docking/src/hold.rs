//! Why a need is held at triage until somebody looks at it. Holds refuse nothing; they make an
//! officer say in words why the case goes on anyway.

use crate::{Contact, HoldRules, NeedText, likeness::Pairs};
use duijie_vocab::{RecordId, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    TooShort,
    Template,
    /// Several cases by one organization within a few hours.
    Several,
    /// The same subject again within some months.
    SameSubject,
    NoContact,
    Forbidden,
}

/// One reason to hold, with what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub kind: HoldKind,
    pub reason: Text,
    /// Why an officer let it go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<String>,
}

/// A case that the same organization handed in before.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub case: RecordId,
    pub title: String,
    pub submitted: Timestamp,
    pub pairs: Pairs,
}

const HOUR_MICROS: i64 = 3_600_000_000;

impl HoldKind {
    pub const ALL: [HoldKind; 6] = [HoldKind::TooShort, HoldKind::Template, HoldKind::Several, HoldKind::SameSubject, HoldKind::NoContact, HoldKind::Forbidden];

    pub fn as_str(self) -> &'static str {
        match self {
            HoldKind::TooShort => "too_short",
            HoldKind::Template => "template",
            HoldKind::Several => "several",
            HoldKind::SameSubject => "same_subject",
            HoldKind::NoContact => "no_contact",
            HoldKind::Forbidden => "forbidden",
        }
    }

    pub fn parse(word: &str) -> Option<HoldKind> {
        HoldKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What is to be looked at before the need goes on. `earlier` are the cases of the same
/// organization; those that lie too far back count no more.
pub fn holds(need: &NeedText, contact: &Contact, earlier: &[Earlier], now: Timestamp, rules: &HoldRules) -> Vec<Hold> {
    let joined = need.joined();
    let found = [
        too_short(&joined, rules),
        template(need, rules),
        several(earlier, now, rules),
        same_subject(&joined, earlier, now, rules),
        no_contact(contact),
        forbidden(need, rules),
    ];
    found.into_iter().flatten().map(|(kind, reason)| Hold { kind, reason, lifted: None }).collect()
}

fn too_short(joined: &str, rules: &HoldRules) -> Option<(HoldKind, Text)> {
    let (length, least) = (letters(joined), rules.min_chars);
    (length < least).then(|| (HoldKind::TooShort, text!("内容只有 {length} 字，少于 {least} 字", "the text has {length} characters, fewer than {least}")))
}

fn template(need: &NeedText, rules: &HoldRules) -> Option<(HoldKind, Text)> {
    let parts = [&need.problem, &need.key_technology, &need.expected_result];
    let copied = parts.into_iter().find(|part| is_template(part, rules))?;
    let excerpt: String = copied.chars().take(20).collect();
    Some((HoldKind::Template, text!("与填写模板雷同：`{excerpt}…`", "it repeats the template: `{excerpt}…`")))
}

/// Whether a text says little more than one of the templates.
pub(crate) fn is_template(part: &str, rules: &HoldRules) -> bool {
    let pairs = Pairs::of(part);
    !pairs.is_empty() && rules.templates.iter().any(|template| pairs.contained_percent(&Pairs::of(template)) >= rules.template_percent)
}

fn several(earlier: &[Earlier], now: Timestamp, rules: &HoldRules) -> Option<(HoldKind, Text)> {
    let hours = rules.several_within_hours;
    let count = earlier.iter().filter(|case| is_within(case.submitted, now, hours)).count();
    let reason = || text!("{hours} 小时内同一单位已提交 {count} 项", "the same organization handed in {count} others within {hours} hours");
    (count > 0).then(|| (HoldKind::Several, reason()))
}

fn same_subject(joined: &str, earlier: &[Earlier], now: Timestamp, rules: &HoldRules) -> Option<(HoldKind, Text)> {
    let pairs = Pairs::of(joined);
    let recent = earlier.iter().filter(|case| is_within(case.submitted, now, rules.same_subject_within_days.saturating_mul(24)));
    let alike = recent.map(|case| (pairs.likeness_percent(&case.pairs), case)).max_by_key(|(percent, _)| *percent)?;
    let (percent, Earlier { case, title, .. }) = alike;
    let reason = || text!("与近期提交的《{title}》（{case}）相似度 {percent}%", "{percent} % like the recent “{title}” ({case})");
    (percent >= rules.same_subject_percent).then(|| (HoldKind::SameSubject, reason()))
}

fn no_contact(contact: &Contact) -> Option<(HoldKind, Text)> {
    (!contact.is_usable()).then(|| (HoldKind::NoContact, text!("没有可用的联系人和电话或邮箱", "there is no contact with a phone number or an e-mail address")))
}

fn forbidden(need: &NeedText, rules: &HoldRules) -> Option<(HoldKind, Text)> {
    let everything = format!("{}\n{}", need.joined(), need.confidential);
    let squeezed: String = duijie_vocab::fold_width(&everything).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let word = rules.forbidden.iter().find(|word| squeezed.contains(&word.to_lowercase()))?;
    Some((HoldKind::Forbidden, text!("含有不当内容：`{word}`", "it holds forbidden content: `{word}`")))
}

fn is_within(then: Timestamp, now: Timestamp, hours: u32) -> bool {
    now.micros().saturating_sub(then.micros()) < i64::from(hours) * HOUR_MICROS
}

/// Letters, digits and ideographs.
pub(crate) fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}
