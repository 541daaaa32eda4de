//! Where regions lie, to a hundredth of a degree: the seats of their governments. Enough to place a
//! bubble; no boundary is drawn, so none can be drawn wrongly.

use duijie_vocab::RegionCode;

/// Code, longitude and latitude.
const PLACES: &[(u32, f64, f64)] = &[
    (110_000, 116.41, 39.90),
    (120_000, 117.20, 39.08),
    (130_000, 114.51, 38.04),
    (140_000, 112.55, 37.87),
    (150_000, 111.75, 40.84),
    (210_000, 123.43, 41.80),
    (220_000, 125.32, 43.82),
    (230_000, 126.53, 45.80),
    (310_000, 121.47, 31.23),
    (320_000, 118.80, 32.06),
    (330_000, 120.15, 30.27),
    (340_000, 117.23, 31.82),
    (350_000, 119.30, 26.07),
    (360_000, 115.86, 28.68),
    (370_000, 117.12, 36.65),
    (410_000, 113.63, 34.75),
    (420_000, 114.31, 30.59),
    (430_000, 112.94, 28.23),
    (440_000, 113.26, 23.13),
    (450_000, 108.37, 22.82),
    (460_000, 110.20, 20.04),
    (500_000, 106.55, 29.56),
    (510_000, 104.07, 30.57),
    (520_000, 106.63, 26.65),
    (530_000, 102.83, 24.88),
    (540_000, 91.14, 29.65),
    (610_000, 108.94, 34.34),
    (620_000, 103.83, 36.06),
    (630_000, 101.78, 36.62),
    (640_000, 106.23, 38.49),
    (650_000, 87.62, 43.83),
    (710_000, 121.56, 25.04),
    (810_000, 114.17, 22.28),
    (820_000, 113.54, 22.19),
    (210_200, 121.61, 38.91),
    (320_100, 118.80, 32.06),
    (320_200, 120.31, 31.49),
    (320_300, 117.28, 34.21),
    (320_400, 119.97, 31.81),
    (320_500, 120.58, 31.30),
    (320_600, 120.89, 31.98),
    (320_700, 119.22, 34.60),
    (320_800, 119.02, 33.61),
    (320_900, 120.16, 33.35),
    (321_000, 119.41, 32.39),
    (321_100, 119.43, 32.19),
    (321_200, 119.92, 32.46),
    (321_300, 118.28, 33.96),
    (330_100, 120.15, 30.27),
    (330_200, 121.55, 29.87),
    (330_300, 120.70, 28.00),
    (330_400, 120.76, 30.75),
    (330_500, 120.09, 30.89),
    (330_600, 120.58, 30.03),
    (340_100, 117.23, 31.82),
    (340_200, 118.43, 31.35),
    (370_100, 117.12, 36.65),
    (370_200, 120.38, 36.07),
    (420_100, 114.31, 30.59),
    (440_100, 113.26, 23.13),
    (440_300, 114.06, 22.54),
    (510_100, 104.07, 30.57),
    (610_100, 108.94, 34.34),
    (320_402, 119.97, 31.78),
    (320_404, 119.90, 31.80),
    (320_411, 119.97, 31.83),
    (320_412, 119.94, 31.70),
    (320_413, 119.57, 31.72),
    (320_481, 119.48, 31.42),
    (222_400, 129.51, 42.89),
    (310_110, 121.53, 31.26),
    (320_205, 120.36, 31.59),
    (320_206, 120.30, 31.68),
    (320_211, 120.28, 31.53),
    (320_213, 120.30, 31.57),
    (320_281, 120.28, 31.92),
    (320_282, 119.82, 31.34),
    (320_583, 120.98, 31.39),
    (330_206, 121.84, 29.90),
    (330_212, 121.55, 29.82),
    (330_281, 121.15, 30.04),
    (330_900, 122.21, 29.99),
    (331_100, 119.92, 28.47),
    (340_700, 117.81, 30.95),
    (522_600, 107.98, 26.58),
];

/// Longitude and latitude of `region`, or of the nearest region above it that is known.
pub(crate) fn place(region: RegionCode) -> Option<(f64, f64)> {
    let mut at = Some(region);
    while let Some(here) = at {
        let code: u32 = here.to_string().parse().ok()?;
        if let Some((_, longitude, latitude)) = PLACES.iter().find(|(known, ..)| *known == code) {
            return Some((*longitude, *latitude));
        }
        at = here.parent();
    }
    None
}

/// Longitude and latitude of every place that is known.
pub(crate) fn all() -> impl Iterator<Item = (f64, f64)> {
    PLACES.iter().map(|(_, longitude, latitude)| (*longitude, *latitude))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_a_region_and_lies_in_the_country() {
        for (code, longitude, latitude) in PLACES {
            assert!(RegionCode::parse(&code.to_string()).is_ok(), "{code}");
            assert!((73.0..136.0).contains(longitude) && (17.0..54.0).contains(latitude), "{code}");
        }
    }

    /// Wrong digits would put a county into another city.
    #[test]
    fn a_place_lies_near_the_seat_of_the_region_around_it_and_stands_once() {
        let of = |code: RegionCode| PLACES.iter().find(|(known, ..)| RegionCode::parse(&known.to_string()) == Ok(code));
        for (at, (code, longitude, latitude)) in PLACES.iter().enumerate() {
            assert!(PLACES[..at].iter().all(|(other, ..)| other != code), "{code} stands twice");
            let region = RegionCode::parse(&code.to_string()).unwrap();
            let Some((_, x, y)) = region.parent().and_then(of) else { continue };
            let kilometres = ((longitude - x) * latitude.to_radians().cos()).hypot(latitude - y) * 111.0;
            let most = if region.level() == duijie_vocab::RegionLevel::County { 90.0 } else { 700.0 };
            assert!(kilometres < most, "{code} lies {kilometres:.0} km from the seat above");
        }
    }

    #[test]
    fn a_place_that_is_not_known_lies_where_the_one_above_does() {
        let at = |code: &str| place(RegionCode::parse(code).unwrap());
        assert_eq!(at("320402"), Some((119.97, 31.78)));
        assert_eq!(at("320585"), Some((120.58, 31.30)));
        assert_eq!(place(RegionCode::NATION), None);
    }
}
