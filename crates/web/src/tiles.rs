//! Pictures of the land under the cloud map, from an outside service, where the installation names
//! one, such as 天地图. The map is drawn in Web Mercator (EPSG:3857), as tiles nearly everywhere are
//! (the `_w` layers of 天地图). The policy of what pages may load lets in the hosts of the service and
//! no others.

use serde::Serialize;

/// A layer of tiles, as an address with holes: `{z}`, `{x}`, `{y}`, and `{s}` for one of eight hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileLayer {
    address: String,
}

/// The address of a layer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no https address with {{z}}, {{x}} and {{y}} in it")]
pub struct NoTileLayer(String);

/// A tile and its place in the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Tile {
    pub(crate) href: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// How degrees become places in a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projection {
    /// Size of the picture.
    pub(crate) size: (f64, f64),
    /// Longitude of its middle, and its latitude as [`mercator`] stretches it.
    pub(crate) middle: (f64, f64),
    /// What a degree of longitude measures.
    pub(crate) degree: f64,
}

/// Hosts that take turns.
const HOSTS: usize = 8;
/// A tile is drawn at most this wide.
const WIDEST: f64 = 320.0;
const DEEPEST: i32 = 18;
/// The most tiles of one layer; far more than any picture needs.
const MOST: usize = 64;

impl Projection {
    pub(crate) fn x(&self, longitude: f64) -> f64 {
        self.size.0 / 2.0 + (longitude - self.middle.0) * self.degree
    }

    pub(crate) fn y(&self, latitude: f64) -> f64 {
        self.stretched_y(mercator(latitude))
    }

    fn stretched_y(&self, stretched: f64) -> f64 {
        self.size.1 / 2.0 - (stretched - self.middle.1) * self.degree
    }
}

/// A latitude as Web Mercator stretches it, in degrees of longitude: 180 at the edge of the map.
pub(crate) fn mercator(latitude: f64) -> f64 {
    (std::f64::consts::FRAC_PI_4 + latitude.to_radians() / 2.0).tan().ln().to_degrees()
}

impl TileLayer {
    /// Reads the address of a layer.
    pub fn parse(address: &str) -> Result<TileLayer, NoTileLayer> {
        let host = address.strip_prefix("https://").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
        let plain = host.replace("{s}", "0");
        let named = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
        let holes = ["{z}", "{x}", "{y}"].iter().all(|hole| address.contains(hole));
        let clean = address.is_ascii() && !address.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>;".contains(c));
        if named && holes && clean { Ok(TileLayer { address: address.to_string() }) } else { Err(NoTileLayer(address.to_string())) }
    }

    /// The hosts that its tiles come from, as the policy of pages names them.
    pub(crate) fn origins(&self) -> Vec<String> {
        let origin = self.address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let origin = origin.split('?').next().unwrap_or_default().to_string();
        if origin.contains("{s}") { (0..HOSTS).map(|host| origin.replace("{s}", &host.to_string())).collect() } else { vec![origin] }
    }

    /// Its address for each host that takes turns.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let hosts = if self.address.contains("{s}") { HOSTS } else { 1 };
        (0..hosts).map(|host| self.address.replace("{s}", &host.to_string())).collect()
    }

    /// The tiles that fill the picture.
    pub(crate) fn tiles(&self, picture: &Projection) -> Vec<Tile> {
        let depth = (360.0 * picture.degree / WIDEST).log2().ceil().clamp(1.0, f64::from(DEEPEST));
        let span = 360.0 / depth.exp2();
        let side = span * picture.degree;
        let (aside, above) = (picture.size.0 / 2.0 / picture.degree, picture.size.1 / 2.0 / picture.degree);
        let place = |degrees: f64| ((degrees + 180.0) / span).floor().clamp(0.0, 360.0 / span - 1.0) as u32;
        let (column, row) = (place, |stretched: f64| place(-stretched));
        let columns = column(picture.middle.0 - aside)..=column(picture.middle.0 + aside);
        let rows = row(picture.middle.1 + above)..=row(picture.middle.1 - above);
        let places = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        let tile = |(x, y): (u32, u32)| Tile {
            href: self.href(depth as u32, x, y),
            x: hundredth(picture.x(f64::from(x) * span - 180.0)),
            y: hundredth(picture.stretched_y(180.0 - f64::from(y) * span)),
            width: hundredth(side),
            height: hundredth(side),
        };
        places.take(MOST).map(tile).collect()
    }

    fn href(&self, z: u32, x: u32, y: u32) -> String {
        let host = (x as usize + y as usize) % HOSTS;
        let holes = [("{z}", z.to_string()), ("{x}", x.to_string()), ("{y}", y.to_string()), ("{s}", host.to_string())];
        holes.iter().fold(self.address.clone(), |address, (hole, value)| address.replace(hole, value))
    }
}

/// Seams between tiles would show at a tenth.
fn hundredth(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIANDITU: &str = "https://t{s}.tianditu.gov.cn/vec_w/wmts?LAYER=vec&TILEMATRIXSET=w&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=key";

    #[test]
    fn an_address_has_holes_and_a_host_of_its_own() {
        let layer = TileLayer::parse(TIANDITU).unwrap();
        assert_eq!(layer.origins()[7], "https://t7.tianditu.gov.cn");
        assert_eq!(TileLayer::parse("https://tiles.example.cn:8443/{z}/{x}/{y}.png").unwrap().origins(), ["https://tiles.example.cn:8443"]);
        assert_eq!(layer.addresses().len(), 8);
        assert!(layer.addresses()[3].starts_with("https://t3.tianditu.gov.cn/vec_w/") && layer.addresses()[3].contains("{z}"));
        for wrong in [
            "",
            "https://a/{z}/{x}",
            "http://a/{z}/{x}/{y}",
            "https:///{z}/{x}/{y}",
            "https://a b/{z}/{x}/{y}",
            "https://a/{z}/{x}/{y};script-src",
            "https://*/{z}/{x}/{y}",
        ] {
            assert!(TileLayer::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tiles_fill_the_picture_and_lie_where_their_degrees_do() {
        let picture = Projection { size: (800.0, 560.0), middle: (119.97, mercator(31.81)), degree: 850.0 };
        let tiles = TileLayer::parse(TIANDITU).unwrap().tiles(&picture);
        let covered = |x: f64, y: f64| tiles.iter().any(|tile| (tile.x..=tile.x + tile.width).contains(&x) && (tile.y..=tile.y + tile.height).contains(&y));
        for (x, y) in [(0.0, 0.0), (800.0, 0.0), (0.0, 560.0), (800.0, 560.0), (400.0, 280.0)] {
            assert!(covered(x, y), "{x} {y} of {tiles:?}");
        }
        assert!(tiles.len() < 30 && tiles[0].width <= WIDEST, "{tiles:?}");
        // At depth 10 the tile of the middle begins at 119.8828125 E and at the latitude atan(sinh(π(1 − 2·416/1024))).
        let north = (std::f64::consts::PI * (1.0 - 2.0 * 416.0 / 1024.0)).sinh().atan().to_degrees();
        let middle = tiles.iter().find(|tile| tile.href.contains("TILEROW=416&TILECOL=853")).unwrap();
        assert!((middle.x - picture.x(119.882_812_5)).abs() < 0.01 && (middle.y - picture.y(north)).abs() < 0.01, "{middle:?}");
    }
}
