//! Names that facts repeat a million times, each kept once and counted by a number.

use std::collections::HashMap;
use std::sync::Arc;

/// A name's number. 0 stands for "none".
pub(crate) type NameNumber = u32;

/// Where a name stands among others: none first, and letter case only matters between names that are else the same.
pub(crate) fn place_by_name(name: Option<&str>) -> Option<(String, String)> {
    name.map(|name| (name.to_lowercase(), name.to_owned()))
}

/// Texts with their numbers, from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, NameNumber>,
}

impl Names {
    /// The number of a text, which gets one if it has none.
    pub(crate) fn number(&mut self, text: Option<&str>) -> NameNumber {
        let Some(text) = text else { return 0 };
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        let number = NameNumber::try_from(self.texts.len()).unwrap_or(NameNumber::MAX);
        self.numbers.insert(text, number);
        number
    }

    /// The number of a text, if it has one.
    pub(crate) fn find(&self, text: &str) -> Option<NameNumber> {
        self.numbers.get(text).copied()
    }

    /// The text of a number; `None` for 0.
    pub(crate) fn text(&self, number: NameNumber) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.texts.get(index).map(|text| &**text)
    }

    /// Every text with its number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (NameNumber, &str)> {
        (1..).zip(self.texts.iter().map(|text| &**text))
    }

    /// About how many bytes they take.
    pub(crate) fn weight(&self) -> usize {
        self.texts.iter().map(|text| text.len() + 80).sum()
    }
}

/// Names that are compared without letter case. A number stands for a spelling, a key for all that are the same name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spellings {
    texts: Names,
    /// In lower case.
    keys: Names,
    /// The key of each spelling, from 1.
    key_of: Vec<NameNumber>,
}

impl Spellings {
    /// The number of a spelling, which gets one if it has none.
    pub(crate) fn number(&mut self, spelling: &str) -> NameNumber {
        if let Some(number) = self.find(spelling) {
            return number;
        }
        self.key_of
            .push(self.keys.number(Some(&spelling.to_ascii_lowercase())));
        self.texts.number(Some(spelling))
    }

    /// The number of a spelling, if it has one.
    pub(crate) fn find(&self, spelling: &str) -> Option<NameNumber> {
        self.texts.find(spelling)
    }

    /// The key of a spelling's number; 0 for 0.
    pub(crate) fn key(&self, number: NameNumber) -> NameNumber {
        let index = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        index
            .and_then(|index| self.key_of.get(index))
            .copied()
            .unwrap_or_default()
    }

    /// Every spelling with its number.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (NameNumber, &str)> {
        self.texts.numbered()
    }

    /// The spelling of a number; `None` for 0.
    pub(crate) fn text(&self, number: NameNumber) -> Option<&str> {
        self.texts.text(number)
    }

    /// About how many bytes they take.
    pub(crate) fn weight(&self) -> usize {
        self.texts.weight() + self.keys.weight()
    }
}
