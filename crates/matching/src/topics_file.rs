//! Learnt topics as bytes: a magic, the fingerprint of the analyzer that cut the words, the rank, the
//! words with their weights, then one row of numbers per word. All numbers little-endian.

use crate::Topics;
use std::collections::HashMap;

const MAGIC: &[u8; 8] = b"DJTOPIC1";

/// More words or topics than these were never written.
const MAX_WORDS: usize = 10_000_000;
const MAX_RANK: usize = 4_096;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicsFault {
    #[error("these are no learnt topics")]
    NotTopics,
    #[error("the topics were learnt under other rules")]
    OtherRules,
    #[error("the topics are damaged")]
    Damaged,
}

impl Topics {
    /// The topics as bytes for [`Topics::from_bytes`], learnt with an analyzer of this fingerprint.
    pub fn to_bytes(&self, fingerprint: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(fingerprint.to_le_bytes());
        bytes.extend((self.rank as u32).to_le_bytes());
        bytes.extend((self.words.len() as u32).to_le_bytes());
        let mut words: Vec<(&String, &(u32, f32))> = self.words.iter().collect();
        words.sort_unstable_by_key(|(_, (at, _))| *at);
        for (word, (_, idf)) in words {
            bytes.extend((word.len() as u16).to_le_bytes());
            bytes.extend(word.as_bytes());
            bytes.extend(idf.to_le_bytes());
        }
        self.vectors.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes
    }

    /// The topics that [`Topics::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8], fingerprint: u64) -> Result<Topics, TopicsFault> {
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(TopicsFault::NotTopics)?;
        let mut rest = Rest(rest);
        if rest.take::<8>().map(u64::from_le_bytes) != Some(fingerprint) {
            return Err(TopicsFault::OtherRules);
        }
        rest.topics().ok_or(TopicsFault::Damaged)
    }
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn topics(&mut self) -> Option<Topics> {
        let rank = u32::from_le_bytes(self.take()?) as usize;
        let count = u32::from_le_bytes(self.take()?) as usize;
        if rank > MAX_RANK || count > MAX_WORDS {
            return None;
        }
        let mut words = HashMap::new();
        for at in 0..count {
            let length = usize::from(u16::from_le_bytes(self.take()?));
            let (word, rest) = self.0.split_at_checked(length)?;
            self.0 = rest;
            let idf = f32::from_le_bytes(self.take()?);
            words.insert(std::str::from_utf8(word).ok()?.to_string(), (at as u32, idf));
        }
        let fits = self.0.len() == count * rank * 4 && words.len() == count;
        let vectors: Vec<f32> = self.0.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
        (fits && vectors.iter().all(|value| value.is_finite())).then_some(Topics { rank, words, vectors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Analyzer, FieldText, TopicOptions};

    #[test]
    fn topics_survive_a_file_and_damage_is_noticed() {
        let analyzer = Analyzer::shared();
        let texts: Vec<Vec<FieldText>> = ["电池隔膜与电解液", "电池电解液", "水稻育种", "小麦育种"].map(|text| vec![FieldText::plain(text)]).into();
        let options = TopicOptions { rank: 2, common_share: 1.0, ..TopicOptions::default() };
        let topics = Topics::learn(&analyzer, texts.iter().map(Vec::as_slice), options);
        let bytes = topics.to_bytes(analyzer.fingerprint());
        let again = Topics::from_bytes(&bytes, analyzer.fingerprint()).unwrap();
        assert_eq!(again.vector(&analyzer, &texts[0]), topics.vector(&analyzer, &texts[0]));
        assert_eq!(again.to_bytes(analyzer.fingerprint()), bytes);
        assert_eq!(Topics::from_bytes(&bytes, 1).err(), Some(TopicsFault::OtherRules));
        assert_eq!(Topics::from_bytes(b"x", 1).err(), Some(TopicsFault::NotTopics));
        for end in 16..bytes.len() {
            assert_eq!(Topics::from_bytes(&bytes[..end], analyzer.fingerprint()).err(), Some(TopicsFault::Damaged), "{end}");
        }
    }
}
