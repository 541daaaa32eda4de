//! Numbers with their units as one term, whatever way they are written: `500 kV` and `500千伏`,
//! `1.5亿元` and `15000万元`, `99.99999%` and `7N`.

/// A measure found at the start of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// The normalised term, such as `500kv`.
    pub(crate) term: String,
    /// A second term that means the same: the nines of a purity.
    pub(crate) also: Option<String>,
    /// How many characters of the text it took.
    pub(crate) len: usize,
}

/// Units as they are written → the form in which they are kept. Longest first among those with a
/// common beginning, as the first that fits is taken.
const UNITS: [(&str, &str); 86] = [
    ("毫安时", "mah"),
    ("安时", "ah"),
    ("千瓦时", "kwh"),
    ("兆瓦时", "mwh"),
    ("瓦时", "wh"),
    ("千瓦", "kw"),
    ("兆瓦", "mw"),
    ("吉瓦", "gw"),
    ("瓦", "w"),
    ("千伏", "kv"),
    ("伏", "v"),
    ("毫安", "ma"),
    ("安培", "a"),
    ("兆帕", "mpa"),
    ("千帕", "kpa"),
    ("帕", "pa"),
    ("千赫", "khz"),
    ("兆赫", "mhz"),
    ("吉赫", "ghz"),
    ("赫兹", "hz"),
    ("平方米", "m2"),
    ("立方米", "m3"),
    ("㎡", "m2"),
    ("毫米", "mm"),
    ("厘米", "cm"),
    ("微米", "um"),
    ("μm", "um"),
    ("纳米", "nm"),
    ("千米", "km"),
    ("公里", "km"),
    ("米", "m"),
    ("毫克", "mg"),
    ("微克", "ug"),
    ("μg", "ug"),
    ("千克", "kg"),
    ("公斤", "kg"),
    ("克", "g"),
    ("吨", "t"),
    ("毫升", "ml"),
    ("微升", "ul"),
    ("升", "l"),
    ("毫秒", "ms"),
    ("微秒", "us"),
    ("秒", "s"),
    ("分钟", "min"),
    ("小时", "h"),
    ("摄氏度", "℃"),
    ("°c", "℃"),
    ("℃", "℃"),
    ("度", "°"),
    ("°", "°"),
    ("‰", "‰"),
    ("%", "%"),
    ("马力", "hp"),
    ("英寸", "in"),
    ("mah", "mah"),
    ("kwh", "kwh"),
    ("mwh", "mwh"),
    ("gwh", "gwh"),
    ("wh", "wh"),
    ("ah", "ah"),
    ("kw", "kw"),
    ("mw", "mw"),
    ("gw", "gw"),
    ("kva", "kva"),
    ("kv", "kv"),
    ("mv", "mv"),
    ("ma", "ma"),
    ("mpa", "mpa"),
    ("gpa", "gpa"),
    ("kpa", "kpa"),
    ("khz", "khz"),
    ("mhz", "mhz"),
    ("ghz", "ghz"),
    ("thz", "thz"),
    ("hz", "hz"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("um", "um"),
    ("nm", "nm"),
    ("km", "km"),
    ("kg", "kg"),
    ("mg", "mg"),
    ("ml", "ml"),
    ("rpm", "rpm"),
    ("ppm", "ppm"),
];

/// The measure at the start of `text` (folded), which begins with a digit: a number followed by a
/// unit. A bare number is a measure without unit. `None` where the digits belong to a code such
/// as `304l`.
pub(crate) fn read_measure(text: &[char]) -> Option<Measure> {
    let (number, number_len) = read_number(text);
    let (multiplier, after) = read_multiplier(&text[number_len..]);
    let mut at = number_len + after;
    let value = scaled(&number, multiplier)?;
    let spaces = text[at..].iter().take_while(|&&c| c == ' ').count().min(1);
    if text[at..].first() == Some(&'元') {
        return Some(Measure { term: format!("{value}元"), also: None, len: at + 1 });
    }
    if let Some((unit, len)) = read_unit(&text[at + spaces..]) {
        at += spaces + len;
        let also = (unit == "%").then(|| nines(&value)).flatten();
        return Some(Measure { term: format!("{value}{unit}"), also, len: at });
    }
    if multiplier == 0 && text.get(at).is_some_and(|c| c.is_alphanumeric() && !crate::is_han(*c)) {
        return None;
    }
    Some(Measure { term: value, also: None, len: at })
}

/// The digits of a number without group marks and trailing zeros, and how many characters it took.
fn read_number(text: &[char]) -> (String, usize) {
    let mut number = String::new();
    let mut at = 0;
    let digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let mut point = false;
    while at < text.len() && number.len() < 40 {
        match text[at] {
            c if c.is_ascii_digit() => number.push(c),
            '.' if !point && digit(at + 1) => {
                point = true;
                number.push('.');
            }
            // A group mark stands before exactly three digits.
            ',' if !point && digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4) => {}
            _ => break,
        }
        at += 1;
    }
    if point {
        number.truncate(number.trim_end_matches('0').trim_end_matches('.').len());
    }
    (number, at)
}

/// `万`, `亿` and the like after a number: the power of ten, and how many characters it took.
fn read_multiplier(text: &[char]) -> (u32, usize) {
    match text {
        ['千', '万', ..] => (7, 2),
        ['百', '万', ..] => (6, 2),
        ['万', '亿', ..] => (12, 2),
        ['万', ..] => (4, 1),
        ['亿', ..] => (8, 1),
        _ => (0, 0),
    }
}

/// `number × 10^power`, or nothing for a number too long to mean one.
fn scaled(number: &str, power: u32) -> Option<String> {
    if power == 0 {
        return Some(number.to_string());
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let power = power as usize;
    let kept = fraction.len().min(power);
    let mut digits = format!("{whole}{}{}", &fraction[..kept], "0".repeat(power - kept));
    digits.drain(..digits.len() - digits.trim_start_matches('0').len().max(1));
    if kept < fraction.len() {
        digits.push('.');
        digits.push_str(&fraction[kept..]);
    }
    Some(digits)
}

fn read_unit(text: &[char]) -> Option<(&'static str, usize)> {
    let starts_with = |unit: &str| unit.chars().enumerate().all(|(i, c)| text.get(i) == Some(&c));
    UNITS.iter().find_map(|(written, kept)| {
        let len = written.chars().count();
        // `5mm` is a length, `5mmx` is not.
        let latin = written.is_ascii() && *written != "%";
        let ends = !latin || !text.get(len).is_some_and(|c| c.is_ascii_alphanumeric());
        (starts_with(written) && ends).then_some((*kept, len))
    })
}

/// `99.99999` per cent is seven nines: `7n`.
fn nines(value: &str) -> Option<String> {
    let fraction = value.strip_prefix("99.")?;
    fraction.bytes().all(|b| b == b'9').then(|| format!("{}n", fraction.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<String>, usize)> {
        let chars: Vec<char> = text.chars().map(crate::fold_char).collect();
        read_measure(&chars).map(|m| (m.term, m.also, m.len))
    }

    #[test]
    fn spellings_of_one_measure_become_one_term() {
        for (text, term, len) in [
            ("500kV 输电", "500kv", 5),
            ("500 kV", "500kv", 6),
            ("500千伏", "500kv", 5),
            ("1.5亿元", "150000000元", 5),
            ("15,000万元", "150000000元", 8),
            ("0.5万元", "5000元", 5),
            ("1.50", "1.5", 4),
            ("3万吨", "30000t", 3),
            ("10μm", "10um", 4),
            ("10微米", "10um", 4),
            ("２０２１年", "2021", 4),
            ("5-8", "5", 1),
            ("200°C", "200℃", 5),
        ] {
            assert_eq!(read(text), Some((term.to_string(), None, len)), "{text}");
        }
        assert_eq!(read("99.99999%"), Some(("99.99999%".into(), Some("7n".into()), 9)));
        assert_eq!(read("99.95%"), Some(("99.95%".into(), None, 6)));
    }

    #[test]
    fn digits_that_begin_a_code_are_no_measure() {
        for text in ["304l", "5g", "3d打印", "7n", "5mmx"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
