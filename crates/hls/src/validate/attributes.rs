//! Attribute lists (RFC 8216bis, 4.2).

use std::{collections::HashSet, time::Duration};

use super::{
    finding::{Report, shown},
    lines::Tag,
    value::{decimal, integer},
};

/// The attributes of one tag, by name.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    tag: Tag<'a>,
    /// Values are as they stand there, with their quotes.
    list: Vec<(&'a str, &'a str)>,
}

impl<'a> Attributes<'a> {
    /// Read what can be read. What a list may look like is [`check`]'s matter.
    pub(super) fn read(tag: Tag<'a>) -> Self {
        let mut list = Vec::new();
        let mut rest = tag.value;
        while let Some((name, after)) = rest.split_once('=') {
            let end = if let Some(quoted) = after.trim_start().strip_prefix('"') {
                let quote = after.len() - quoted.len();
                quoted.find('"').map_or(after.len(), |end| quote + end + 1)
            } else {
                after.find(',').unwrap_or(after.len())
            };
            let (value, after) = after.split_at(end);
            list.push((name, value));
            rest = after.find(',').map_or("", |comma| &after[comma + 1..]);
        }
        Self { tag, list }
    }

    pub(super) fn line(&self) -> usize {
        self.tag.line
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Say what is missing of `names`, which `clause` requires.
    pub(super) fn require(&self, names: &[&str], clause: &'static str, report: &mut Report) {
        for name in names.iter().filter(|name| !self.has(name)) {
            report.must(clause, self.tag.line, format!("{} without {name}", self.tag.name));
        }
    }

    /// A quoted string, or an enumerated one, as it stands there.
    pub(super) fn word(&self, name: &str) -> Option<&'a str> {
        self.raw(name)
    }

    /// What stands in the quotes.
    pub(super) fn quoted(&self, name: &str, report: &mut Report) -> Option<&'a str> {
        let raw = self.raw(name)?;
        let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        self.expect(name, "a quoted string", inner, report)
    }

    pub(super) fn decimal(&self, name: &str, report: &mut Report) -> Option<Duration> {
        self.expect(name, "a decimal number", decimal(self.raw(name)?), report)
    }

    pub(super) fn integer(&self, name: &str, report: &mut Report) -> Option<u64> {
        self.expect(name, "a decimal integer", integer(self.raw(name)?), report)
    }

    /// Whether it is `YES`; where it is there and is not, `others` are the words allowed.
    pub(super) fn is_yes(&self, name: &str, others: &[&str], report: &mut Report) -> bool {
        let Some(raw) = self.raw(name) else { return false };
        let fine = (raw == "YES" || others.contains(&raw)).then_some(raw == "YES");
        self.expect(name, "one of the words allowed", fine, report).unwrap_or(false)
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.list.iter().find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
    }

    /// `value`, or say that it is not what the attribute has to be (4.2).
    fn expect<T>(&self, name: &str, what: &str, value: Option<T>, report: &mut Report) -> Option<T> {
        if value.is_none() {
            let raw = shown(self.raw(name).unwrap_or_default());
            report.must("4.2", self.tag.line, format!("{} of {} is not {what}: {raw}", name, self.tag.name));
        }
        value
    }
}

/// 4.2: names of capitals, no white space in the list, each attribute once.
pub(super) fn check(tag: Tag<'_>, report: &mut Report) {
    let attributes = Attributes::read(tag);
    let mut names = HashSet::new();
    for (name, value) in &attributes.list {
        let tag_name = tag.name;
        if *name != name.trim() || *value != value.trim() || (!value.starts_with('"') && value.contains(' '))
        {
            let text = format!("white space around {} in the attributes of {tag_name}", shown(name.trim()));
            report.must("4.2", tag.line, text);
        } else if name.is_empty()
            || !name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-')
        {
            report.must("4.2", tag.line, format!("{} is no name of an attribute", shown(name)));
        } else if value.is_empty() {
            report.must("4.2", tag.line, format!("{} of {tag_name} has no value", shown(name)));
        }
        if !names.insert(name.trim()) {
            report.must("4.2", tag.line, format!("{} has {} twice", tag_name, shown(name.trim())));
        }
    }
    if attributes.list.is_empty() {
        report.must("4.2", tag.line, format!("{} has no attributes", tag.name));
    }
}
