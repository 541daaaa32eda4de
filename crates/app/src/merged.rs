//! Lists of matters that are there for several reasons, such as one's own cases and those one answers
//! in, as one list with one cursor.

use duijie_store::{MatterCursor, MatterFilter, MatterOrder, MatterPage, StoreFault, View};

/// At most `limit` matters that any of `filters` lets through, last moved first, each once.
pub(crate) fn merged(view: &mut View<'_>, kind: &str, filters: &[MatterFilter], after: Option<&MatterCursor>, limit: usize) -> Result<MatterPage, StoreFault> {
    let (mut rows, mut more) = (Vec::new(), false);
    for filter in filters {
        let page = view.matters(kind, filter, MatterOrder::Updated, after, limit)?;
        more |= page.next.is_some();
        rows.extend(page.rows);
    }
    rows.sort_by(|a, b| (b.updated, &b.id).cmp(&(a.updated, &a.id)));
    rows.dedup_by(|a, b| a.id == b.id);
    more |= rows.len() > limit;
    // Behind the first `limit` a filter may have rows that it did not show.
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(MatterCursor::behind);
    Ok(MatterPage { rows, next })
}
