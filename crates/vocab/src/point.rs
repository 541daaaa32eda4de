//! Places on the earth, as people write them down: longitude before latitude unless words say which is
//! which, in degrees or in degrees, minutes and seconds. What could be two places is refused and never guessed.

use crate::fold_width;
use std::fmt;

/// Longitude and latitude in millionths of a degree (about a decimetre), in WGS 84; for everything that
/// a portal shows CGCS2000 is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    longitude: i32,
    latitude: i32,
}

/// Why something is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointFault {
    #[error("`{0}` is not a longitude and a latitude")]
    NotAPoint(String),
    #[error("`{0}` is only one of longitude and latitude")]
    Half(String),
    #[error("`{0}` is out of range: longitudes end at 180 degrees, latitudes at 90, minutes and seconds at 60")]
    OutOfRange(String),
    #[error("`{0}` has its latitude first")]
    Swapped(String),
    #[error("`{0}` is in whole degrees, which is no place but a region")]
    Coarse(String),
    /// A system that is shifted by some hundred metres, such as GCJ-02.
    #[error("`{0}` is not in WGS 84")]
    System(String),
}

const DEGREE: i64 = 1_000_000;
/// Systems of web maps, shifted on purpose.
const SHIFTED: [&str; 9] = ["GCJ", "BD-09", "BD09", "BD 09", "火星", "高德", "腾讯", "百度", "MARS"];
/// Systems that are the one kept here, and words that say nothing more.
const PLAIN: [&str; 11] = ["WGS-84", "WGS84", "WGS 84", "CGCS2000", "CGCS 2000", "CGCS-2000", "2000国家大地坐标系", "EPSG:4326", "坐标", "(", ")"];
/// Words for an axis: the longer before those they begin with.
const LABELS: [(&str, Label); 15] = [
    ("LONGITUDE", Label::East),
    ("LATITUDE", Label::North),
    ("东经", Label::East),
    ("西经", Label::West),
    ("北纬", Label::North),
    ("南纬", Label::South),
    ("经度", Label::East),
    ("纬度", Label::North),
    ("LNG", Label::East),
    ("LON", Label::East),
    ("LAT", Label::North),
    ("E", Label::East),
    ("W", Label::West),
    ("N", Label::North),
    ("S", Label::South),
];
/// The country with the seas around it: longitudes and latitudes in degrees.
const COUNTRY: ((i64, i64), (i64, i64)) = ((73, 136), (3, 54));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    East,
    West,
    North,
    South,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Label(Label),
    /// A number in millionths, and whether it has a fraction.
    Number(i64, bool),
    Degree,
    Minute,
    Second,
    Gap,
}

#[derive(Clone, Copy, Debug)]
struct Angle {
    /// In millionths of a degree, with its sign.
    micros: i64,
    label: Option<Label>,
    whole: bool,
}

impl Point {
    /// The place at these millionths of a degree, if there is one.
    pub fn from_micros(longitude: i32, latitude: i32) -> Option<Point> {
        let within = i64::from(longitude).abs() <= 180 * DEGREE && i64::from(latitude).abs() <= 90 * DEGREE;
        within.then_some(Point { longitude, latitude })
    }

    /// Reads a place as people write it: `119.97,31.81`, `东经119°58′12″ 北纬31°48′36″`, `31.81N 119.97E`.
    pub fn parse(text: &str) -> Result<Point, PointFault> {
        let given = text.trim().to_string();
        let mut plain = fold_width(&given).to_uppercase();
        if Point::is_shifted(&plain) {
            return Err(PointFault::System(given));
        }
        for word in PLAIN {
            plain = plain.replace(word, " ");
        }
        let angles = tokens(&plain).and_then(|tokens| angles(&tokens, &given).transpose());
        let (longitude, latitude) = match angles.transpose()?.as_deref() {
            Some([one, other]) => in_order(*one, *other).ok_or_else(|| PointFault::NotAPoint(given.clone()))?,
            Some([_]) => return Err(PointFault::Half(given)),
            _ => return Err(PointFault::NotAPoint(given)),
        };
        checked(longitude, latitude, given)
    }

    /// Whether `text` names a system that is shifted on purpose, as that of a web map.
    pub fn is_shifted(text: &str) -> bool {
        let upper = text.to_uppercase();
        SHIFTED.iter().any(|system| upper.contains(system))
    }

    /// In degrees.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / DEGREE as f64
    }

    /// In degrees.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / DEGREE as f64
    }

    /// As a person reads it: `东经 119.97°，北纬 31.81°`.
    pub fn chinese(self) -> String {
        let (east, north) = (if self.longitude < 0 { "西经" } else { "东经" }, if self.latitude < 0 { "南纬" } else { "北纬" });
        format!("{east} {}°，{north} {}°", degrees(self.longitude.abs()), degrees(self.latitude.abs()))
    }

    /// As a person reads it: `119.97° E, 31.81° N`.
    pub fn english(self) -> String {
        let (east, north) = (if self.longitude < 0 { 'W' } else { 'E' }, if self.latitude < 0 { 'S' } else { 'N' });
        format!("{}° {east}, {}° {north}", degrees(self.longitude.abs()), degrees(self.latitude.abs()))
    }
}

impl fmt::Display for Point {
    /// Longitude and latitude in degrees, `119.97,31.81`; the form that is stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", degrees(self.longitude), degrees(self.latitude))
    }
}

/// Millionths of a degree as degrees with one decimal or more.
fn degrees(micros: i32) -> String {
    let size = i64::from(micros).abs();
    let fraction = format!("{:06}", size % DEGREE);
    let fraction = Some(fraction.trim_end_matches('0')).filter(|digits| !digits.is_empty()).unwrap_or("0");
    format!("{}{}.{fraction}", if micros < 0 { "-" } else { "" }, size / DEGREE)
}

/// Longitude first, by what the labels say or by the order.
fn in_order(one: Angle, other: Angle) -> Option<(Angle, Angle)> {
    let east = |label| matches!(label, Label::East | Label::West);
    match (one.label.map(east), other.label.map(east)) {
        (None, None) | (Some(true), Some(false)) => Some((one, other)),
        (Some(false), Some(true)) => Some((other, one)),
        _ => None,
    }
}

fn checked(longitude: Angle, latitude: Angle, given: String) -> Result<Point, PointFault> {
    let (x, y) = (longitude.micros, latitude.micros);
    let within = |value: i64, (from, to): (i64, i64)| (from * DEGREE..=to * DEGREE).contains(&value);
    let beyond = y.abs() > 90 * DEGREE && y.abs() <= 180 * DEGREE && x.abs() <= 90 * DEGREE;
    // A latitude first reads as a place in the polar sea.
    if beyond || (within(x, COUNTRY.1) && within(y, COUNTRY.0)) {
        return Err(PointFault::Swapped(given));
    }
    let point = i32::try_from(x).ok().zip(i32::try_from(y).ok()).and_then(|(x, y)| Point::from_micros(x, y));
    let point = point.ok_or_else(|| PointFault::OutOfRange(given.clone()))?;
    if (longitude.whole && latitude.whole) || (x == 0 && y == 0) {
        return Err(PointFault::Coarse(given));
    }
    Ok(point)
}

/// The words, numbers and marks of `text`; nothing if there is anything else in it.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some((word, label)) = LABELS.iter().find(|(word, _)| rest.starts_with(word)) {
            found.push(Token::Label(*label));
            rest = &rest[word.len()..];
            continue;
        }
        if next == '-' || next.is_ascii_digit() {
            // A hyphen between two numbers may be a sign or none.
            if matches!(found.last(), Some(Token::Number(..))) {
                return None;
            }
            let end = rest.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit() && *c != '.').map_or(rest.len(), |(at, _)| at);
            found.push(number(&rest[..end])?);
            rest = &rest[end..];
            continue;
        }
        // Two single primes are a double one.
        let twice = rest.strip_prefix("''").or_else(|| rest.strip_prefix("′′")).or_else(|| rest.strip_prefix("’’"));
        if let Some(further) = twice {
            found.push(Token::Second);
            rest = further;
            continue;
        }
        found.push(match next {
            '°' | 'º' | '˚' | '度' => Token::Degree,
            '\'' | '′' | '’' | '‘' | '分' => Token::Minute,
            '"' | '″' | '”' | '“' | '秒' => Token::Second,
            ',' | '、' | ';' | '/' | '|' | ':' => Token::Gap,
            c if c.is_whitespace() => Token::Gap,
            _ => return None,
        });
        rest = &rest[next.len_utf8()..];
    }
    Some(found)
}

/// Digits with at most one point as millionths, rounded to the nearest.
fn number(text: &str) -> Option<Token> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !plain(whole) || !plain(fraction) || fraction.len() > 20 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    let up = i64::from(fraction.as_bytes().get(6).is_some_and(|digit| *digit >= b'5'));
    Some(Token::Number(sign * (whole.parse::<i64>().ok()? * DEGREE + micros + up), !fraction.is_empty()))
}

/// The angles that `tokens` are; nothing if they are anything else.
fn angles(tokens: &[Token], given: &str) -> Result<Option<Vec<Angle>>, PointFault> {
    let tokens: Vec<&Token> = tokens.iter().collect();
    // Labels stand before all numbers or behind all of them.
    let before = tokens.iter().find(|token| ***token != Token::Gap).is_some_and(|token| matches!(token, Token::Label(_)));
    let mut rest = tokens.as_slice();
    let mut found = Vec::new();
    loop {
        rest = skip_gaps(rest);
        if rest.is_empty() {
            return Ok(Some(found));
        }
        let mut label = None;
        if before {
            let [Token::Label(own), further @ ..] = rest else { return Ok(None) };
            (label, rest) = (Some(*own), skip_gaps(further));
        }
        let Some((mut angle, further)) = angle(rest, given)? else { return Ok(None) };
        rest = further;
        if let (false, [Token::Label(own), further @ ..]) = (before, skip_gaps(rest)) {
            (label, rest) = (Some(*own), further);
        }
        if matches!(label, Some(Label::West | Label::South)) {
            // A sign beside a word that says the same would say it twice.
            if angle.micros < 0 {
                return Ok(None);
            }
            angle.micros = -angle.micros;
        }
        found.push(Angle { label, ..angle });
    }
}

fn skip_gaps<'t, 'a>(mut tokens: &'t [&'a Token]) -> &'t [&'a Token] {
    while let [Token::Gap, rest @ ..] = tokens {
        tokens = rest;
    }
    tokens
}

/// Degrees, perhaps with minutes and seconds, and what comes behind them.
fn angle<'t, 'a>(tokens: &'t [&'a Token], given: &str) -> Result<Option<(Angle, &'t [&'a Token])>, PointFault> {
    let [Token::Number(degrees, fraction), rest @ ..] = tokens else { return Ok(None) };
    let [Token::Degree, rest @ ..] = rest else {
        return Ok(Some((Angle { micros: *degrees, label: None, whole: !fraction }, rest)));
    };
    let (mut micros, mut rest, mut parts) = (0_i64, rest, *fraction);
    let mut whole = !fraction;
    for (mark, share) in [(Token::Minute, 60), (Token::Second, 1)] {
        let [Token::Number(value, has_fraction), own, further @ ..] = skip_gaps(rest) else { break };
        if **own != mark {
            continue;
        }
        // A part of a part that has a fraction already makes no sense.
        if parts {
            return Ok(None);
        }
        if !(0..60 * DEGREE).contains(value) {
            return Err(PointFault::OutOfRange(given.to_string()));
        }
        (micros, rest, parts, whole) = (micros + value * share, further, *has_fraction, false);
    }
    let sign = if *degrees < 0 { -1 } else { 1 };
    Ok(Some((Angle { micros: degrees + sign * ((micros + 1_800) / 3_600), label: None, whole }, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        Point::parse(text).map_or_else(|fault| format!("{fault:?}").split('(').next().unwrap_or_default().to_string(), |point| point.to_string())
    }

    #[test]
    fn people_write_places_in_many_ways() {
        for (text, expected) in [
            ("119.97,31.81", "119.97,31.81"),
            ("119.97，31.81", "119.97,31.81"),
            ("１１９．９７ ３１．８１", "119.97,31.81"),
            ("119.9712345678, 31.8100004", "119.971235,31.81"),
            ("119.97/31.81 (WGS84)", "119.97,31.81"),
            ("东经119.97° 北纬31.81°", "119.97,31.81"),
            ("北纬31.81，东经119.97", "119.97,31.81"),
            ("31.81N 119.97E", "119.97,31.81"),
            ("经度：119.97；纬度：31.81", "119.97,31.81"),
            ("lng:119.97, lat:31.81", "119.97,31.81"),
            ("东经119°58′12″，北纬31°48′36″", "119.97,31.81"),
            ("119°58'12\"E, 31°48'36\"N", "119.97,31.81"),
            ("E119度58分12秒 N31度48分36秒", "119.97,31.81"),
            ("119°58.2′ 31°48.6′", "119.97,31.81"),
            ("119° 58' 12'' 31° 48' 36''", "119.97,31.81"),
            ("-0.1276,51.5072", "-0.1276,51.5072"),
            ("西经0.1276 北纬51.5072", "-0.1276,51.5072"),
            ("120,31.5", "120.0,31.5"),
            ("119°0′ 31°0′", "119.0,31.0"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_could_be_another_place_is_refused_with_its_reason() {
        for (text, fault) in [
            ("31.81,119.97", "Swapped"),
            ("经度31.81 纬度119.97", "Swapped"),
            ("31.81,87.6", "Swapped"),
            ("119.97", "Half"),
            ("纬度31.81", "Half"),
            ("东经119.97，东经31.81", "NotAPoint"),
            ("东经119.97，31.81", "NotAPoint"),
            ("常州市天宁区", "NotAPoint"),
            ("", "NotAPoint"),
            ("119.97,31.81,5", "NotAPoint"),
            ("119.97.1,31.81", "NotAPoint"),
            ("1199.7,31.81", "NotAPoint"),
            ("200.5,31.81", "OutOfRange"),
            ("119.97,-95.5", "OutOfRange"),
            ("150.5,95.5", "OutOfRange"),
            ("119°75′00″ 31°48′36″", "OutOfRange"),
            ("119.5°20′ 31°48′", "NotAPoint"),
            ("119,31", "Coarse"),
            ("0.0,0.0", "Coarse"),
            ("119.97-31.81", "NotAPoint"),
            ("119.97,31.81 (GCJ-02)", "System"),
            ("高德 119.97,31.81", "System"),
            ("西经-0.1 北纬51.5", "NotAPoint"),
        ] {
            assert_eq!(read(text), fault, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(longitude in -180_000_000i32..=180_000_000, latitude in -90_000_000i32..=90_000_000) {
            let point = Point::from_micros(longitude, latitude).unwrap();
            match Point::parse(&point.to_string()) {
                Ok(again) => {
                    prop_assert_eq!(again, point);
                    prop_assert_eq!(Point::parse(&point.chinese()), Ok(point));
                    prop_assert_eq!(Point::parse(&point.english()), Ok(point));
                }
                Err(fault) => prop_assert!(matches!(fault, PointFault::Swapped(_) | PointFault::Coarse(_)), "{fault}"),
            }
        }

        #[test]
        fn nothing_that_is_written_breaks_it(text in "[-0-9.,°′″'\"NSEW东西经度 ]{0,30}") {
            if let Ok(point) = Point::parse(&text) {
                prop_assert_eq!(Point::parse(&point.to_string()), Ok(point));
            }
        }
    }
}
