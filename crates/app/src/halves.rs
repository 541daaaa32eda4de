//! A place whose longitude and latitude stand in columns of their own.

use crate::columns::Holds;
use duijie_record::{DraftField, Field, FieldType, Raw, Units};
use duijie_vocab::{Place, Point};

/// The halves of a row's place, as they come.
#[derive(Default)]
pub(crate) struct Halves {
    found: Option<(&'static Field, Place)>,
    longitude: String,
    latitude: String,
}

impl Halves {
    /// Takes what stands in a column of `field` under `header`.
    pub(crate) fn add(&mut self, field: &'static Field, holds: &Holds, raw: &Raw, header: &str, place: Place) {
        let Raw::Text(given) = in_system(field, Raw::Text(raw.shown()), header) else { return };
        // Who writes 119.97E says which half it is.
        let said = given.chars().any(|c| "东西南北EWNSewns".contains(c));
        let (half, word) = if matches!(holds, Holds::Longitude(_)) { (&mut self.longitude, "经度") } else { (&mut self.latitude, "纬度") };
        *half = if said { given } else { format!("{word}{given}") };
        self.found.get_or_insert((field, place));
    }

    /// The place as one field; a half alone is left for the check to refuse.
    pub(crate) fn whole(self) -> Option<DraftField> {
        let (field, place) = self.found?;
        let text = format!("{} {}", self.longitude, self.latitude);
        Some(DraftField { key: field.key.clone(), raw: Raw::Text(text), units: Units::default(), place })
    }
}

/// What was given for `field`; a place says its system where the header of its column does.
pub(crate) fn in_system(field: &Field, raw: Raw, header: &str) -> Raw {
    if field.ty == FieldType::Point && Point::is_shifted(header) { Raw::Text(format!("{}（{header}）", raw.shown())) } else { raw }
}
