//! Where a list goes on: the one reader of the places that lists hand out as `next` and take back as `after`.

use crate::AppError;
use duijie_vocab::{Diagnostic, Place, text};

/// The place that `after` names, by `read`; nothing if a list is to begin at its beginning. What no list
/// has handed out is a fault: a program that got the first part again instead would walk in circles.
pub(crate) fn resumed<T>(after: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, AppError> {
    let garbled = || {
        let message = text!("参数 after 不是列表给出的位置", "`after` is not a place that a list has given");
        let help =
            text!("请原样传回上一页的 next；不带 after 则从头开始", "Send back the `next` of the part before as it is; without `after` a list begins anew");
        AppError::Invalid(vec![Diagnostic::error("list.after", message).at(Place::field("after")).help(help)])
    };
    after.map(|after| read(after).ok_or_else(garbled)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_no_list_gave_is_a_fault_and_names_the_parameter() {
        let read = |text: &str| text.parse::<u8>().ok();
        assert_eq!(resumed(None, read).unwrap(), None);
        assert_eq!(resumed(Some("7"), read).unwrap(), Some(7));
        let Err(AppError::Invalid(faults)) = resumed(Some("x"), read) else { panic!("`x` is no place") };
        assert_eq!(faults[0].place.field.as_deref(), Some("after"));
    }
}
