//! Classes in common: GB/T 4754 of what somebody makes, IPC of what a patent protects, and the one
//! against the other by the table of which industry works in which class.

use crate::Profile;
use crate::fit::Fit;
use crate::ipc::{Ipc, IpcLevel, ipc_name};
use duijie_vocab::{Text, industry, text};

/// What is found by way of the table of industries counts for less than what both sides say.
const BY_TABLE: f32 = 0.8;

/// The best of all ways to compare the classes of both, the reason with the level in common.
pub(crate) fn classes(need: &Profile, resource: &Profile) -> Fit {
    let (patents, others) = (symbols(need), symbols(resource));
    let ways = [by_industry(need, resource), by_symbol(&patents, &others), by_table(&need.industries, &others), by_table(&resource.industries, &patents)];
    let best = ways.into_iter().flatten().max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
    best.unwrap_or_else(|| Fit::unknown(text!("应用行业未知", "industry unknown")))
}

fn symbols(profile: &Profile) -> Vec<Ipc> {
    profile.ipc.iter().filter_map(|symbol| Ipc::parse(symbol)).collect()
}

/// The deepest GB/T 4754 level in common: class 1, group 0.85, division 0.6, section 0.25.
fn by_industry(need: &Profile, resource: &Profile) -> Option<Fit> {
    if need.industries.is_empty() || resource.industries.is_empty() {
        return None;
    }
    let Some((code, value)) = deepest(&need.industries, &resource.industries) else {
        return Some(Fit::known(0.0, text!("应用行业不同", "other industry")));
    };
    let name = named(&code);
    let reason = match code.len() {
        1 => text!("只是同属门类：{name}", "only the section of industry in common: {name}"),
        3 => text!("同属行业大类：{name}", "same division of industry: {name}"),
        4 => text!("同属行业中类：{name}", "same group of industry: {name}"),
        _ => text!("同属行业小类：{name}", "same industry class: {name}"),
    };
    Some(Fit::known(value, reason))
}

fn deepest(these: &[String], those: &[String]) -> Option<(String, f32)> {
    let pairs = these.iter().flat_map(|a| those.iter().map(move |b| common_class(a, b)));
    pairs.flatten().max_by_key(String::len).map(|code| {
        let value = match code.len() {
            1 => 0.25,
            3 => 0.6,
            4 => 0.85,
            _ => 1.0,
        };
        (code, value)
    })
}

/// The narrowest class that holds both.
fn common_class(a: &str, b: &str) -> Option<String> {
    if a == b {
        return Some(a.to_string());
    }
    [4usize, 3, 1].into_iter().find(|&len| a.get(..len).is_some_and(|head| b.get(..len) == Some(head))).map(|len| a[..len].to_string())
}

fn named(code: &str) -> String {
    format!("{}（{code}）", industry(code).map_or("", |class| class.name.trim()))
}

/// The deepest place in the patent classification that both are in.
fn by_symbol(these: &[Ipc], those: &[Ipc]) -> Option<Fit> {
    if these.is_empty() || those.is_empty() {
        return None;
    }
    let common = these.iter().flat_map(|a| those.iter().map(move |b| a.common(b))).flatten().max_by_key(|(level, _)| *level);
    let Some((level, symbol)) = common else { return Some(Fit::known(0.0, text!("专利分类不同", "other patent classes"))) };
    let (value, level) = match level {
        IpcLevel::Group => (1.0, text!("小组", "group")),
        IpcLevel::MainGroup => (0.95, text!("大组", "main group")),
        IpcLevel::Subclass => (0.8, text!("小类", "subclass")),
        IpcLevel::Class => (0.5, text!("大类", "class")),
        IpcLevel::Section => (0.2, text!("部", "section")),
    };
    let name = ipc_name(symbol).map(|name| format!("（{name}）")).unwrap_or_default();
    Some(Fit::known(value, Text::new(format!("专利分类同属{} {symbol}{name}", level.zh), format!("same IPC {}: {symbol}", level.en))))
}

/// Patent classes of one side against industries of the other.
fn by_table(industries: &[String], symbols: &[Ipc]) -> Option<Fit> {
    let found = symbols.iter().filter_map(|symbol| {
        let (code, value) = deepest(industries, &[symbol.industry()?.to_string()])?;
        // The section alone holds nearly everything that is patented.
        (code.len() > 1).then_some((symbol, code, value * BY_TABLE))
    });
    let (symbol, code, value) = found.max_by(|a, b| a.2.total_cmp(&b.2))?;
    let (symbol, name) = (symbol.subclass(), named(&code));
    Some(Fit::known(value, text!("专利分类 {symbol} 对应行业：{name}", "patent class {symbol} belongs to the industry: {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(industries: &[&str], ipc: &[&str]) -> Profile {
        let all = |codes: &[&str]| codes.iter().map(ToString::to_string).collect();
        Profile { industries: all(industries), ipc: all(ipc), ..Profile::of_text("") }
    }

    fn told(need: &Profile, resource: &Profile) -> (Option<f32>, String) {
        let fit = classes(need, resource);
        (fit.value, fit.reason.zh)
    }

    #[test]
    fn closeness_falls_by_level_and_the_level_is_told() {
        let battery = profile(&["C3841"], &[]);
        let steps: Vec<(Option<f32>, String)> =
            ["C3841", "C3842", "C3811", "C3311", "A0111"].iter().map(|code| told(&battery, &profile(&[code], &[]))).collect();
        assert!(steps.windows(2).all(|pair| pair[0].0 > pair[1].0), "{steps:?}");
        assert_eq!(steps[1], (Some(0.85), "同属行业中类：电池制造（C384）".into()));
        assert_eq!(steps[4].1, "应用行业不同");
        let patent = profile(&[], &["H01M 10/0525"]);
        let steps: Vec<(Option<f32>, String)> = ["H01M 10/0525", "H01M10/42", "H01M 4/36", "H01L 21/60", "H04L 9/08", "A61B 5/00"]
            .iter()
            .map(|symbol| told(&patent, &profile(&[], &[symbol])))
            .collect();
        assert!(steps.windows(2).all(|pair| pair[0].0 > pair[1].0), "{steps:?}");
        assert_eq!(steps[2].1, "专利分类同属小类 H01M（电池）");
    }

    #[test]
    fn a_patent_is_near_the_industry_that_works_in_its_class() {
        let (battery, patent) = (profile(&["C3841"], &[]), profile(&[], &["H01M 4/36"]));
        let (value, reason) = told(&battery, &patent);
        assert!(value > Some(0.6) && reason == "专利分类 H01M 对应行业：电池制造（C384）", "{value:?} {reason}");
        assert_eq!(told(&patent, &battery).0, value, "in both directions");
        assert_eq!(told(&profile(&["A0111"], &[]), &patent).0, None);
        assert_eq!(told(&profile(&[], &[]), &patent), (None, "应用行业未知".into()));
    }

    #[test]
    fn the_best_way_counts() {
        let both = profile(&["C3841"], &["H01M 4/36"]);
        assert_eq!(told(&both, &profile(&["C3841"], &["A61B 5/00"])).0, Some(1.0));
        assert_eq!(told(&both, &profile(&["J66"], &["H01M 4/36"])).0, Some(1.0));
    }
}
