//! YAML as a tree of nodes that know where they stand. Built from parser events with limits on
//! size, number and depth; anchors and aliases are refused, so that no file can grow when read.

use crate::source::Source;
use duijie_vocab::{Diagnostic, text};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};
use std::ops::Range;

/// The longest file that is read, in bytes.
pub(crate) const MAX_FILE_BYTES: usize = 2 * 1024 * 1024;
const MAX_NODES: usize = 200_000;
const MAX_DEPTH: usize = 32;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) range: Range<usize>,
    pub(crate) kind: NodeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Scalar { text: String, style: ScalarStyle },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar; an empty plain scalar and `null` are no text.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, style: ScalarStyle::Plain } if text.is_empty() || text == "~" || text == "null" => None,
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar { .. }) && self.scalar().is_none()
    }

    pub(crate) fn map(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn is_block(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar { style: ScalarStyle::Literal | ScalarStyle::Folded, .. })
    }

    /// What kind of node this is, for messages.
    pub(crate) fn described(&self) -> duijie_vocab::Text {
        match &self.kind {
            NodeKind::Scalar { .. } => text!("一个值", "a single value"),
            NodeKind::List(_) => text!("列表", "a list"),
            NodeKind::Map(_) => text!("键值表", "a mapping"),
        }
    }

    /// Where each byte of this scalar's text, and its end, stands in the file: plain, quoted, literal and
    /// folded scalars differ from their source by quotes, escapes, indentation and folded lines only.
    pub(crate) fn offsets(&self, source: &Source) -> Vec<usize> {
        let NodeKind::Scalar { text, style } = &self.kind else { return vec![self.range.start] };
        let raw = source.text.get(self.range.clone()).unwrap_or("");
        if raw == text {
            return (self.range.start..=self.range.end).collect();
        }
        let skipped = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => raw.find('\n').filter(|_| raw.starts_with(['|', '>'])).map_or(0, |at| at + 1),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
            ScalarStyle::Plain => 0,
        };
        let base = self.range.start + skipped;
        aligned(text, raw.get(skipped..).unwrap_or("")).into_iter().map(|at| base + at).collect()
    }
}

/// The offset in `raw` of each byte of `text` and of its end, walking both and skipping in `raw` what
/// `text` lost: white space of folding, backslashes and doubled quotes.
fn aligned(text: &str, raw: &str) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(text.len() + 1);
    let mut raw_chars = raw.char_indices().peekable();
    for wanted in text.chars() {
        let space = wanted.is_whitespace();
        if !space {
            while raw_chars.next_if(|(_, c)| *c != wanted).is_some() {}
        }
        let at = raw_chars.peek().map_or(raw.len(), |(offset, _)| *offset);
        offsets.extend(std::iter::repeat_n(at, wanted.len_utf8()));
        if space {
            while raw_chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        } else {
            raw_chars.next();
        }
    }
    offsets.push(raw_chars.peek().map_or(raw.len(), |(offset, _)| *offset));
    offsets
}

enum Open {
    List { start: usize, items: Vec<Node> },
    Map { start: usize, entries: Vec<(Node, Node)>, key: Option<Node> },
}

/// The documents of a YAML text. A fault of the syntax or a broken limit gives one diagnostic; the
/// documents before it are still returned.
pub(crate) fn read_yaml(source: &Source) -> (Vec<Node>, Vec<Diagnostic>) {
    if source.text.len() > MAX_FILE_BYTES {
        let size = source.text.len() / 1024 / 1024;
        let limit = MAX_FILE_BYTES / 1024 / 1024;
        let fault =
            Diagnostic::error("policy.yaml.too_large", text!("文件有 {size} MiB，上限为 {limit} MiB", "the file has {size} MiB, the limit is {limit} MiB"))
                .at(source.place(0..0))
                .help(text!("请拆分为多个文件", "split it into several files"));
        return (Vec::new(), vec![fault]);
    }
    let mut reader = Reader { source, open: Vec::new(), documents: Vec::new(), nodes: 0 };
    for event in Parser::new_from_str(&source.text) {
        let read = match event {
            Ok((event, span)) => reader.take(event, span),
            Err(fault) => {
                let at = fault.marker().byte_offset().unwrap_or(0);
                let info = fault.info();
                Err(Diagnostic::error("policy.yaml.syntax", text!("YAML 语法有误：{info}", "this is not YAML: {info}"))
                    .at(source.place(at..line_end(&source.text, at)))
                    .help(text!(
                        "检查缩进、冒号后的空格与引号；规则里有 `: ` 或 ` #` 时整体加引号，或写 `如果(条件, 甲, 乙)`",
                        "check the indentation, the space after a colon, and the quotes; a rule that holds `: ` or ` #` stands in quotes, or write `if(condition, a, b)`"
                    )))
            }
        };
        if let Err(fault) = read {
            return (reader.documents, vec![fault]);
        }
    }
    (reader.documents, Vec::new())
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end)
}

struct Reader<'s> {
    source: &'s Source,
    open: Vec<Open>,
    documents: Vec<Node>,
    nodes: usize,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let range = span.byte_range().unwrap_or(0..0);
        if event.is_node() {
            self.nodes += 1;
            if self.nodes > MAX_NODES || self.open.len() > MAX_DEPTH {
                return Err(Diagnostic::error(
                    "policy.yaml.limit",
                    text!(
                        "YAML 过大或嵌套过深（上限 {MAX_NODES} 个节点、{MAX_DEPTH} 层）",
                        "this YAML is too large or too deep (the limits are {MAX_NODES} nodes and {MAX_DEPTH} levels)"
                    ),
                )
                .at(self.source.place(range))
                .help(text!("拆分文件，减少嵌套", "split the file and nest less")));
            }
        }
        match event {
            Event::Alias(_) => {
                return Err(Diagnostic::error("policy.yaml.alias", text!("不接受 YAML 别名 `*…`", "a YAML alias `*…` is not accepted"))
                    .at(self.source.place(range))
                    .help(text!("把所引用的内容直接写出来", "write out what it refers to")));
            }
            Event::Scalar(text, style, ..) => self.put(Node { range, kind: NodeKind::Scalar { text: text.into_owned(), style } }),
            Event::SequenceStart(..) => self.open.push(Open::List { start: range.start, items: Vec::new() }),
            Event::MappingStart(..) => self.open.push(Open::Map { start: range.start, entries: Vec::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List { start, items }) => Node { range: start..range.end.max(start), kind: NodeKind::List(items) },
                    Some(Open::Map { start, entries, .. }) => Node { range: start..range.end.max(start), kind: NodeKind::Map(entries) },
                    None => return Ok(()),
                };
                self.put(node);
            }
            _ => {}
        }
        Ok(())
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Source, Vec<Node>, Vec<Diagnostic>) {
        let source = Source::new("t.yaml", text);
        let (nodes, faults) = read_yaml(&source);
        (source, nodes, faults)
    }

    #[test]
    fn offsets_inside_every_kind_of_scalar_lead_back_to_the_file() {
        for text in [
            "a: 甲 >= 乙丙\n",
            "a: \"甲 >= 乙丙\"\n",
            "a: '甲 >= 乙丙'\n",
            "a: |\n  甲 >=\n    乙丙\n",
            "a: >-\n  甲 >=\n  乙丙\n",
            "a: 甲 >=\n   乙丙\n",
            "{a: 甲 >= 乙丙}",
        ] {
            let (source, nodes, faults) = read(text);
            assert!(faults.is_empty(), "{text}: {faults:?}");
            let value = &nodes[0].map().unwrap()[0].1;
            let at = value.scalar().unwrap().find("乙丙").unwrap();
            assert_eq!(value.offsets(&source)[at], text.find("乙丙").unwrap(), "{text}");
        }
    }

    #[test]
    fn bombs_and_depth_are_refused_with_a_place() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert_eq!(read(bomb).2[0].code, "policy.yaml.alias");
        assert_eq!(read(bomb).2[0].place.line, Some(2));
        let deep = "[".repeat(10_000);
        assert!(read(&deep).2[0].is_error());
        let deep_block: String = (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert_eq!(read(&deep_block).2.len(), 1);
        assert_eq!(read(&"x".repeat(MAX_FILE_BYTES + 1)).2[0].code, "policy.yaml.too_large");
        assert!(read("a: [1, 2").2[0].place.line.is_some());
    }
}
