//! What parsing an XML part would cost, counted while the part goes by and before anything is parsed.
//! A parser keeps a whole tag with the text after it, and one entry per element of some kinds, so a
//! small packed part can ask for much memory without being large itself.

use memchr::memmem::Finder;

/// Counts in the bytes of one part, fed piece by piece.
pub(crate) struct XmlTally {
    /// The longest run from one `<` to the next: a tag and the text behind it.
    pub(crate) longest_run: usize,
    /// Whether there is a comment, CDATA section, document type or later processing instruction, in
    /// which a `<` ends no run.
    pub(crate) has_opaque: bool,
    /// Tags whose name, with or without a namespace, starts with the element that is counted.
    pub(crate) elements: usize,
    /// The largest number of a `uniqueCount`, for which the parser reserves memory.
    pub(crate) largest_count: u64,
    element: Option<&'static str>,
    counted: Finder<'static>,
    seen: u64,
    run: usize,
    tail: Vec<u8>,
}

/// Bytes kept between two pieces, so that a name that straddles them is seen whole.
const OVERLAP: usize = 64;

impl XmlTally {
    /// A tally that counts tags of `element`.
    pub(crate) fn of(element: Option<&'static str>) -> XmlTally {
        XmlTally {
            longest_run: 0,
            has_opaque: false,
            elements: 0,
            largest_count: 0,
            element,
            counted: Finder::new("uniqueCount"),
            seen: 0,
            run: 0,
            tail: Vec::new(),
        }
    }

    pub(crate) fn feed(&mut self, piece: &[u8]) {
        let fresh = self.tail.len();
        self.tail.extend_from_slice(piece);
        let mut previous = None;
        for at in memchr::memchr_iter(b'<', piece) {
            let run = previous.map_or(self.run + at, |previous| at - previous);
            self.longest_run = self.longest_run.max(run);
            previous = Some(at);
        }
        self.run = previous.map_or(self.run + piece.len(), |previous| piece.len() - previous);
        self.longest_run = self.longest_run.max(self.run);
        self.look_at_names(fresh);
        let keep_from = self.tail.len().saturating_sub(OVERLAP);
        self.tail.drain(..keep_from);
        self.seen += piece.len() as u64;
    }

    /// Looks at what follows each `<` and `:`; a name is judged once all of it can be seen, so the
    /// marks of the last bytes wait for the next piece. Those before `fresh` were judged unless they
    /// stood too near to the end.
    fn look_at_names(&mut self, fresh: usize) {
        let longest = self.element.map_or(1, str::len);
        let from = fresh.saturating_sub(longest);
        for at in memchr::memchr2_iter(b'<', b':', &self.tail[from..]).map(|at| at + from) {
            let after = &self.tail[at + 1..];
            if after.len() < longest {
                break;
            }
            let mark = self.tail[at];
            let offset = self.seen + at as u64 - fresh as u64;
            let is_prolog = offset == 0 || (offset == 3 && self.tail[..at].ends_with(b"\xef\xbb\xbf"));
            self.has_opaque |= mark == b'<' && (after[0] == b'!' || (after[0] == b'?' && !is_prolog));
            self.elements += usize::from(self.element.is_some_and(|element| after.starts_with(element.as_bytes())));
        }
        if self.element == Some("si") {
            for at in self.counted.find_iter(&self.tail) {
                self.largest_count = self.largest_count.max(declared_count(&self.tail[at + "uniqueCount".len()..]));
            }
        }
    }
}

/// The number in `="123"`, or 0; numbers beyond 64 bits count as the largest.
fn declared_count(after_name: &[u8]) -> u64 {
    let digits = after_name.iter().skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'"' | b'\'' | b'+'));
    digits.take_while(|b| b.is_ascii_digit()).fold(0u64, |count, b| count.saturating_mul(10).saturating_add(u64::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(pieces: &[&[u8]]) -> (usize, bool, usize, u64) {
        let mut tally = XmlTally::of(Some("si"));
        pieces.iter().for_each(|piece| tally.feed(piece));
        (tally.longest_run, tally.has_opaque, tally.elements, tally.largest_count)
    }

    #[test]
    fn costs_are_counted() {
        let xml = b"<?xml?><sst uniqueCount=\"12\"><si><t>abcdefgh</t></si><x:si/></sst>";
        // The longest run is `<sst uniqueCount="12">`.
        assert_eq!(tally(&[xml]), (22, false, 2, 12));
        assert!(tally(&[b"<a><!-- < --></a>"]).1);
        assert!(tally(&[b"<a><?x?></a>"]).1 && !tally(&[b"\xef\xbb\xbf<?xml?></a>"]).1);
        assert_eq!(tally(&[b"<a>", &[b'x'; 5000]]).0, 5003);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(xml in "(<[?]xml)?(<si>|</si>|<x:si/>|uniqueCount=\"[0-9]{1,5}\"|<!|[a-z ]{0,9}){0,30}", cuts in proptest::collection::vec(0usize..300, 0..8)) {
            let bytes = xml.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            prop_assert_eq!(tally(&pieces), tally(&[bytes]));
        }
    }
}
