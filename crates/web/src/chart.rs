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

/// Bars as a picture of their own (SVG 1.1) with title, names and counts in it, for reports.
pub(crate) fn picture(title: &str, note: &str, bars: &[Bar]) -> String {
    const NAMES: f64 = 220.0;
    const LONGEST: f64 = 460.0;
    const ROW: usize = 28;
    let height = 80 + ROW * bars.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"{height}\" viewBox=\"0 0 800 {height}\" role=\"img\" \
         font-family=\"'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif\" font-size=\"14\">\
         <title>{title}</title><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><text x=\"20\" y=\"34\" font-size=\"18\" font-weight=\"bold\">{title}</text>",
        title = escaped(title),
    );
    for (row, bar) in bars.iter().enumerate() {
        let (top, width) = (54 + ROW * row, tenth(bar.width * LONGEST / 100.0));
        svg.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{NAMES}\" y=\"{top}\" width=\"{width}\" height=\"20\" fill=\"#1f6f5c\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            NAMES - 10.0,
            top + 15,
            escaped(&bar.name.chars().take(16).collect::<String>()),
            tenth(NAMES + width + 8.0),
            top + 15,
            bar.count
        ));
    }
    svg.push_str(&format!("<text x=\"20\" y=\"{}\" font-size=\"12\" fill=\"#555\">{}</text></svg>\n", height - 10, escaped(note)));
    svg
}

/// `text` in XML; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One digit after the point is finer than a screen.
pub(crate) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_what_it_shows_and_breaks_on_nothing() {
        let bar = Bar { name: "a<b>&\"c\u{1}".into(), href: "/x".into(), count: 12, width: 100.0 };
        let svg = picture("需求 <按地区>", "截至第 7 条", &[bar]);
        assert!(svg.contains("需求 &lt;按地区&gt;") && svg.contains("a&lt;b&gt;&amp;&quot;c<") && svg.contains(">12<") && svg.contains("截至第 7 条"), "{svg}");
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n") && !svg.contains("href"));
    }

    #[test]
    fn the_longest_bar_fills_the_width_and_nothing_divides_by_zero() {
        let bar = |name: &str, count| (name.to_string(), String::new(), count);
        let widths = |bars: &[Bar]| bars.iter().map(|bar| bar.width).collect::<Vec<_>>();
        assert_eq!(widths(&bars([bar("a", 3), bar("b", 1), bar("c", 0)])), [100.0, 33.3, 0.0]);
        assert_eq!(widths(&bars([bar("a", 0)])), [0.0]);
    }
}
