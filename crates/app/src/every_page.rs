//! Lists that come page by page, read to their end.

use crate::AppError;

/// All rows of a list: `page` is asked with nothing first, then with where the page before it ended.
/// The first fault ends it.
pub fn every_page<T>(mut page: impl FnMut(Option<String>) -> Result<(Vec<T>, Option<String>), AppError>) -> Result<Vec<T>, AppError> {
    let (mut all, mut next) = page(None)?;
    while next.is_some() {
        let (rows, further) = page(next)?;
        all.extend(rows);
        next = further;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_comes_once_and_in_order() {
        let pages = [vec![1, 2], vec![], vec![3]];
        let page = |after: Option<String>| {
            let at = after.map_or(0, |place| place.parse::<usize>().expect("a place of ours"));
            Ok((pages[at].clone(), (at + 1 < pages.len()).then(|| (at + 1).to_string())))
        };
        assert_eq!(every_page(page).unwrap(), [1, 2, 3]);
        assert!(matches!(every_page(|_| Err::<(Vec<u8>, _), _>(AppError::NotFound)), Err(AppError::NotFound)));
    }
}
