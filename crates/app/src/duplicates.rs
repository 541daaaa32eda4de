//! Likely duplicates: records that look like the same thing under two names, and their merging.

use crate::import_rows::keys_and_refs;
use crate::record::{readable, target_of};
use crate::{Action, App, AppError, DuplicateView, Viewer};
use duijie_record::{FieldType, Record, RecordState, Schema, schema};
use duijie_vocab::{RecordId, RegionCode, Text, name_key, text};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// How alike two names have to be, in percent of their pairs of characters.
const ALIKE: u32 = 80;
/// The most pairs that are told.
const MAX_PAIRS: usize = 500;
/// A block of more names than this shares too little to be compared one by one.
const MAX_BLOCK: usize = 200;

/// Endings that say what a firm is, not which.
const FORMS: [&str; 14] =
    ["股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "集团公司", "集团", "公司", "研究院", "研究所", "学会", "协会", "中心", "大学", "学院"];

struct Named {
    id: RecordId,
    title: String,
    region: RegionCode,
    core: String,
}

impl App {
    /// Pairs of active records of `kind` in the viewer's region that look like the same thing.
    pub fn duplicates(&self, viewer: &Viewer, kind: &str) -> Result<Vec<DuplicateView>, AppError> {
        viewer.may(Action::Merge, &crate::Target { region: Some(viewer.region), organization: None })?;
        let schema = schema(kind).ok_or(AppError::NotFound)?;
        if !is_called_by_name(schema) {
            return Ok(Vec::new());
        }
        let named = self.named(schema, |record| viewer.region.contains(record.region))?;
        Ok(pairs(schema, &named, |_, _| true))
    }

    /// Pairs in which at least one record was just added.
    pub(crate) fn duplicates_of(&self, added: &[(&'static Schema, RecordId)]) -> Result<Vec<DuplicateView>, AppError> {
        let mut found = Vec::new();
        let mut kinds: Vec<&'static Schema> = Vec::new();
        for (schema, _) in added {
            if is_called_by_name(schema) && !kinds.iter().any(|known| known.kind == schema.kind) {
                kinds.push(schema);
            }
        }
        for schema in kinds {
            let fresh: HashSet<&RecordId> = added.iter().filter(|(of, _)| of.kind == schema.kind).map(|(_, id)| id).collect();
            let named = self.named(schema, |_| true)?;
            found.extend(pairs(schema, &named, |a, b| fresh.contains(a) || fresh.contains(b)));
        }
        Ok(found)
    }

    fn named(&self, schema: &Schema, wanted: impl Fn(&Record) -> bool) -> Result<Vec<Named>, AppError> {
        let mut named = Vec::new();
        let flow = self.store().read(|view| {
            view.for_each_record(&schema.kind, |row| {
                if row.record.state == RecordState::Active && wanted(&row.record) {
                    let core = core_of(&row.title, row.record.region);
                    named.push(Named { id: row.record.id, title: row.title, region: row.record.region, core });
                }
                ControlFlow::<()>::Continue(())
            })
        })?;
        debug_assert!(flow.is_continue());
        Ok(named)
    }

    /// Puts what `merged` says into `keep` where that says nothing, and makes the one lead to the other.
    pub fn merge(&self, viewer: &Viewer, keep: &RecordId, merged: &RecordId) -> Result<(), AppError> {
        let (viewer, keep, merged, policies) = (viewer.clone(), keep.clone(), merged.clone(), self.policies());
        self.write(&self.actor(&viewer)?, move |tx| {
            let now = tx.now();
            let mut view = tx.view();
            let mut kept = readable(&viewer, &mut view, &keep)?;
            let mut gone = readable(&viewer, &mut view, &merged)?;
            let schema = policies.schema(&kept.kind).ok_or(AppError::NotFound)?;
            for record in [&kept, &gone] {
                let target = target_of(&mut view, schema, record)?;
                viewer.may(Action::Merge, &target)?;
            }
            if kept.kind != gone.kind || kept.id == gone.id || gone.state != RecordState::Active || kept.state != RecordState::Active {
                return Err(AppError::Conflict(text!("这两条记录不能合并", "these two records cannot be merged")));
            }
            let mut changed = false;
            for (key, value) in &gone.body {
                if !kept.body.contains_key(key) {
                    kept.body.insert(key.clone(), value.clone());
                    changed = true;
                }
            }
            let (keys, refs) = keys_and_refs(schema, &gone, 1);
            gone.state = RecordState::Merged(kept.id.clone());
            gone.version += 1;
            gone.updated = now;
            let mut former = keys;
            crate::edit::add_former_keys(&mut former, view.keys_of(&gone.id)?);
            tx.put_record(&gone, schema, &former, &refs)?;
            if changed {
                kept.version += 1;
                kept.updated = now;
                let (mut keys, refs) = keys_and_refs(schema, &kept, 1);
                crate::edit::add_former_keys(&mut keys, tx.view().keys_of(&kept.id)?);
                tx.put_record(&kept, schema, &keys, &refs)?;
            }
            Ok(())
        })
    }
}

/// Whether records of the kind have names of their own. Yearly facts and titles are called by
/// whom they belong to, and indicators repeat by period.
fn is_called_by_name(schema: &Schema) -> bool {
    !schema.keys.is_empty() && schema.field(&schema.title).is_some_and(|field| field.ty == FieldType::Text)
}

/// The part of a name that tells one from another: without places and legal forms.
fn core_of(title: &str, region: RegionCode) -> String {
    let mut core = name_key(title);
    for form in FORMS {
        if let Some(short) = core.strip_suffix(form) {
            core = short.to_string();
        }
    }
    let mut at = Some(region);
    while let Some(code) = at {
        let name = code.name();
        let short = name.trim_end_matches(['省', '市', '区', '县']);
        for place in [name, short] {
            if place.chars().count() >= 2
                && let Some(rest) = core.strip_prefix(place)
                && rest.chars().count() >= 2
            {
                core = rest.to_string();
            }
        }
        at = code.parent();
    }
    core
}

fn pairs(schema: &Schema, named: &[Named], wanted: impl Fn(&RecordId, &RecordId) -> bool) -> Vec<DuplicateView> {
    let mut found = Vec::new();
    let mut told: HashSet<(usize, usize)> = HashSet::new();
    // Names that share a rare pair of characters are compared; common pairs tell nothing.
    let mut blocks: HashMap<(char, char), Vec<usize>> = HashMap::new();
    for (at, one) in named.iter().enumerate() {
        for pair in bigrams(&one.core) {
            blocks.entry(pair).or_default().push(at);
        }
    }
    let mut same_core: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, one) in named.iter().enumerate() {
        same_core.entry(&one.core).or_default().push(at);
    }
    let small = blocks.into_values().filter(|block| block.len() <= MAX_BLOCK);
    let all = same_core.into_values().filter(|block| block.len() <= MAX_BLOCK).chain(small);
    for block in all {
        for (i, &a) in block.iter().enumerate() {
            for &b in &block[i + 1..] {
                let (a, b) = (a.min(b), a.max(b));
                if a == b || !wanted(&named[a].id, &named[b].id) || !told.insert((a, b)) {
                    continue;
                }
                if let Some(pair) = compare(schema, &named[a], &named[b]) {
                    found.push(pair);
                }
            }
        }
    }
    found.sort_by(|a, b| b.percent.cmp(&a.percent).then_with(|| a.first.title.cmp(&b.first.title)).then_with(|| a.second.id.cmp(&b.second.id)));
    found.truncate(MAX_PAIRS);
    found
}

fn compare(schema: &Schema, a: &Named, b: &Named) -> Option<DuplicateView> {
    let near = a.region == b.region || a.region.contains(b.region) || b.region.contains(a.region) || a.region.parent() == b.region.parent();
    if !near {
        return None;
    }
    let (percent, why): (u32, Text) = if name_key(&a.title) == name_key(&b.title) {
        (100, text!("名称相同", "the same name"))
    } else if a.core == b.core && a.core.chars().count() >= 2 {
        (95, text!("去掉地名和公司类型后名称相同", "the same name without place and legal form"))
    } else {
        let percent = likeness(&a.core, &b.core);
        (percent, text!("名称相近（{percent}%），同一地区", "names {percent}% alike in one region"))
    };
    // Numbers in names tell things apart: 一期 and 二期, 2021 and 2022.
    let numbers = |core: &str| core.chars().filter(|c| c.is_numeric() || "一二三四五六七八九十甲乙丙丁".contains(*c)).collect::<String>();
    if percent < ALIKE || (percent < 100 && numbers(&a.core) != numbers(&b.core)) {
        return None;
    }
    let reference = |one: &Named| crate::RecordRef { id: one.id.clone(), kind: schema.kind.clone(), title: one.title.clone() };
    Some(DuplicateView { kind: schema.kind.clone(), first: reference(a), second: reference(b), why, percent })
}

fn bigrams(core: &str) -> HashSet<(char, char)> {
    let chars: Vec<char> = core.chars().collect();
    chars.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Dice's coefficient over pairs of characters, in percent.
fn likeness(a: &str, b: &str) -> u32 {
    let (a, b) = (bigrams(a), bigrams(b));
    let shared = a.intersection(&b).count();
    match a.len() + b.len() {
        0 => 0,
        all => u32::try_from(200 * shared / all).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(titles: &[&str]) -> Vec<Named> {
        let region = RegionCode::parse("320402").unwrap();
        titles.iter().map(|title| Named { id: RecordId::derive("org", title), title: (*title).to_string(), region, core: core_of(title, region) }).collect()
    }

    #[test]
    fn near_names_are_proposed_and_numbered_ones_are_not() {
        let schema = duijie_record::schema("organization").unwrap();
        let titles = ["常州星辰激光科技有限公司", "星辰激光科技股份有限公司", "常州市星辰激光科技公司", "常州月亮机器人有限公司", "示例企业甲", "示例企业乙"];
        let found = pairs(schema, &named(&titles), |_, _| true);
        let told: Vec<_> = found.iter().map(|pair| (pair.first.title.as_str(), pair.second.title.as_str())).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|(a, b)| a.contains("星辰激光") && b.contains("星辰激光")));
    }
}
