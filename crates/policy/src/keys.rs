//! The keys of a YAML mapping, read strictly: an unknown or doubled key is a fault with a suggestion.

use crate::source::Source;
use crate::suggest::closest;
use crate::yaml::Node;
use duijie_vocab::{Diagnostic, Text, text};
use std::ops::Range;

/// A mapping whose keys are all known.
pub(crate) struct Keys<'n> {
    node: &'n Node,
    source: &'n Source,
}

impl<'n> Keys<'n> {
    /// The mapping in `node`, with a fault for each key that is not `known`, and nothing when it is no mapping.
    pub(crate) fn read(node: &'n Node, known: &[&str], source: &'n Source, faults: &mut Vec<Diagnostic>) -> Option<Keys<'n>> {
        let Some(entries) = node.map() else {
            let found = node.described();
            let message = Text::new(format!("此处应为键值表，实为{}", found.zh), format!("a mapping is wanted here, this is {}", found.en));
            faults.push(
                Diagnostic::error("policy.yaml.mapping", message)
                    .at(source.place(node.range.clone()))
                    .help(text!("写作 `键: 值`，每行一项", "write `key: value`, one a line")),
            );
            return None;
        };
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in entries {
            let name = key.scalar().unwrap_or("");
            if seen.contains(&name) {
                faults.push(
                    Diagnostic::error("policy.yaml.duplicate_key", text!("键 `{name}` 重复", "the key `{name}` stands twice"))
                        .at(source.place(key.range.clone()))
                        .help(text!("只保留一个", "keep one of them")),
                );
            } else if !known.contains(&name) {
                let help = match closest(name, known.iter().copied()) {
                    // `{en: one, two}` reads as a key `two` without a value.
                    _ if value.is_empty() => text!("`{{…}}` 中带逗号的文字或规则要加引号", "inside `{{…}}` put quotes around words or rules that hold a comma"),
                    Some(near) => text!("是否指 `{near}`？", "did you mean `{near}`?"),
                    None => {
                        let all = known.join(" ");
                        text!("可用的键：{all}", "keys that are known: {all}")
                    }
                };
                faults.push(
                    Diagnostic::error("policy.yaml.unknown_key", text!("未知的键 `{name}`", "unknown key `{name}`"))
                        .at(source.place(key.range.clone()))
                        .help(help),
                );
            }
            seen.push(name);
        }
        Some(Keys { node, source })
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.node.range.clone()
    }

    /// The value under a key; nothing when it is absent or empty.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.map()?.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    pub(crate) fn scalar(&self, key: &str) -> Option<&'n str> {
        self.get(key).and_then(Node::scalar)
    }

    /// The words under a key: a list of scalars or one scalar.
    pub(crate) fn words(&self, key: &str) -> Vec<String> {
        self.get(key).map(words).unwrap_or_default()
    }

    /// A fault that says that `key` is wanted.
    pub(crate) fn lacks(&self, key: &str, message: Text) -> Diagnostic {
        let first_line = self.node.range.start
            ..self.source.text.get(self.node.range.start..).and_then(|rest| rest.find('\n')).map_or(self.node.range.end, |end| self.node.range.start + end);
        Diagnostic::error("policy.yaml.missing_key", message).at(self.source.place(first_line)).help(text!("加上 `{key}: …`", "add `{key}: …`"))
    }
}

/// The words of a list of scalars, or of one scalar.
pub(crate) fn words(node: &Node) -> Vec<String> {
    match node.list() {
        Some(items) => items.iter().filter_map(Node::scalar).map(str::to_string).collect(),
        None => node.scalar().map(str::to_string).into_iter().collect(),
    }
}

/// A text in two languages: `{zh: …, en: …}` or one scalar that stands for both.
pub(crate) fn text(node: &Node, source: &Source, faults: &mut Vec<Diagnostic>) -> Option<Text> {
    if let Some(one) = node.scalar() {
        return Some(Text::new(one, one));
    }
    let keys = Keys::read(node, &["zh", "en"], source, faults)?;
    match (keys.scalar("zh"), keys.scalar("en")) {
        (None, None) => {
            faults.push(keys.lacks("zh", text!("没有文字", "there are no words here")));
            None
        }
        (Some(one), None) | (None, Some(one)) => Some(Text::new(one, one)),
        (Some(zh), Some(en)) => Some(Text::new(zh, en)),
    }
}

/// One of several words; any other is a fault that lists them.
pub(crate) fn choice<T>(node: &Node, source: &Source, faults: &mut Vec<Diagnostic>, words: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let given = node.scalar().unwrap_or("");
    let chosen = read(given);
    if chosen.is_none() {
        let help = match closest(given, words.split(' ')) {
            Some(near) => text!("是否指 `{near}`？可用：{words}", "did you mean `{near}`? one of: {words}"),
            None => text!("可用：{words}", "one of: {words}"),
        };
        faults.push(
            Diagnostic::error("policy.yaml.choice", text!("不认识 `{given}`", "`{given}` is not known here")).at(source.place(node.range.clone())).help(help),
        );
    }
    chosen
}
