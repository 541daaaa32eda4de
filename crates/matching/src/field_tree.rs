//! How near two technology fields are: by the tree of fields, or by what their names share.

use duijie_vocab::name_key;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How near two fields are, and the field that holds both if the tree says so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nearness {
    /// From 0 to 1.
    pub(crate) value: f32,
    pub(crate) common: Option<&'static str>,
}

/// Each step up from a field to one that takes it in costs a fifth of the nearness; with steps on
/// both sides each costs three tenths: brothers are less near than father and son.
const STEP_UP: f32 = 0.8;
const STEP_APART: f32 = 0.7;
/// What is left of a name within a longer one.
const WITHIN: f32 = 0.8;

#[derive(Default)]
struct Tree {
    /// Other names to the name that the tree uses, both as keys.
    names: HashMap<String, &'static str>,
    parents: HashMap<&'static str, Vec<&'static str>>,
}

const RELATIONS: &str = include_str!("../data/field_tree.txt");

fn lines() -> impl Iterator<Item = std::str::SplitWhitespace<'static>> {
    RELATIONS.lines().filter(|line| !line.starts_with('#')).map(str::split_whitespace)
}

/// Every name of a field, for the dictionary.
pub(crate) fn field_names() -> impl Iterator<Item = &'static str> {
    lines().flatten().filter(|word| !matches!(*word, "=" | ">"))
}

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let mut tree = Tree::default();
    for mut words in lines() {
        let (Some(head), Some(sign)) = (words.next(), words.next()) else { continue };
        tree.names.insert(name_key(head), head);
        for word in words {
            if sign == "=" {
                tree.names.insert(name_key(word), head);
            } else {
                tree.parents.entry(word).or_default().push(head);
            }
        }
    }
    // What is only ever taken in stands for itself.
    let children: Vec<&'static str> = tree.parents.keys().copied().collect();
    for child in children {
        tree.names.entry(name_key(child)).or_insert(child);
    }
    tree
});

/// How near the fields `a` and `b` are, as written.
pub(crate) fn nearness(a: &str, b: &str) -> Nearness {
    let (key, other) = (name_key(a), name_key(b));
    if key.is_empty() || other.is_empty() {
        return Nearness { value: 0.0, common: None };
    }
    let by_name = by_name(&key, &other);
    match by_tree(&key, &other) {
        Some(by_tree) if by_tree.value >= by_name => by_tree,
        _ => Nearness { value: by_name, common: None },
    }
}

fn by_tree(a: &str, b: &str) -> Option<Nearness> {
    let (a, b) = (TREE.names.get(a)?, TREE.names.get(b)?);
    let (above_a, above_b) = (ancestors(a), ancestors(b));
    let shared = above_a.iter().filter_map(|(field, up)| above_b.iter().find(|(other, _)| other == field).map(|(_, down)| (*field, *up, *down)));
    let near = |&(field, up, down): &(&'static str, i32, i32)| {
        let steps = up + down;
        let value = if up == 0 || down == 0 { STEP_UP.powi(steps) } else { STEP_APART.powi(steps) };
        Nearness { value, common: Some(field) }
    };
    let all: Vec<_> = shared.collect();
    all.iter().map(near).max_by(|a, b| a.value.total_cmp(&b.value).then_with(|| b.common.cmp(&a.common)))
}

/// A field and all that take it in, with the fewest steps to each.
fn ancestors(field: &'static str) -> Vec<(&'static str, i32)> {
    let mut found = vec![(field, 0)];
    let mut known = HashSet::from([field]);
    let mut at = 0;
    while let Some(&(field, steps)) = found.get(at) {
        at += 1;
        for parent in TREE.parents.get(field).into_iter().flatten() {
            if known.insert(parent) {
                found.push((parent, steps + 1));
            }
        }
    }
    found
}

fn by_name(a: &str, b: &str) -> f32 {
    if a == b {
        1.0
    } else if a.contains(b) || b.contains(a) {
        WITHIN
    } else {
        shared_bigrams(a, b)
    }
}

/// Sørensen–Dice over character pairs, counted only from one half upwards.
fn shared_bigrams(a: &str, b: &str) -> f32 {
    let pairs = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    };
    let (a, b) = (pairs(a), pairs(b));
    let shared = a.iter().filter(|pair| b.contains(pair)).count();
    let dice = 2.0 * shared as f32 / (a.len() + b.len()).max(1) as f32;
    if dice >= 0.5 { WITHIN * dice.min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_falls_with_every_level() {
        let value = |a: &str, b: &str| nearness(a, b).value;
        assert_eq!(nearness("锂电池", "锂电").value, 1.0);
        let (child, grandchild) = (value("锂电", "动力电池"), value("储能", "动力电池"));
        assert_eq!(nearness("储能", "动力电池").common, Some("储能"));
        let brothers = nearness("风电", "光伏");
        assert_eq!(brothers.common, Some("可再生能源"));
        let cousins = value("光伏", "燃料电池");
        assert!(1.0 > child && child > grandchild && grandchild > brothers.value && brothers.value > cousins && cousins > 0.0);
        assert_eq!(value("水稻", "光伏"), 0.0);
        assert_eq!((value("", "光伏"), value("导热", "导热材料")), (0.0, WITHIN));
    }

    #[test]
    fn the_tree_has_no_field_above_itself() {
        for field in TREE.parents.keys() {
            for parent in TREE.parents.get(field).into_iter().flatten() {
                assert!(ancestors(parent).iter().all(|(above, _)| above != field), "{field} and {parent}");
            }
        }
        let unknown: Vec<_> = TREE.parents.values().flatten().filter(|parent| !TREE.names.values().any(|name| name == *parent)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
