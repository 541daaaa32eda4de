//! Charts as the templates draw them: bars and bubbles with plain numbers for positions, so that a
//! picture needs no script and prints. Every chart stands beside the same figures as a table.

use serde::Serialize;

/// A bar and how long it is, in percent of the longest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) count: usize,
    pub(crate) width: f64,
}

/// Bars for counts, in their order.
pub(crate) fn bars(counts: impl IntoIterator<Item = (String, String, usize)>) -> Vec<Bar> {
    let counts: Vec<_> = counts.into_iter().collect();
    let most = counts.iter().map(|(_, _, count)| *count).max().unwrap_or(0).max(1);
    // Counts of records stay far below 2^52, so they are exact as floats.
    counts.into_iter().map(|(name, href, count)| Bar { name, href, count, width: tenth(count as f64 * 100.0 / most as f64) }).collect()
}

/// One digit after the point is finer than a screen.
pub(crate) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_width_and_nothing_divides_by_zero() {
        let bar = |name: &str, count| (name.to_string(), String::new(), count);
        let widths = |bars: &[Bar]| bars.iter().map(|bar| bar.width).collect::<Vec<_>>();
        assert_eq!(widths(&bars([bar("a", 3), bar("b", 1), bar("c", 0)])), [100.0, 33.3, 0.0]);
        assert_eq!(widths(&bars([bar("a", 0)])), [0.0]);
    }
}
