//! A request that may come twice and is done once: the answer is kept in the same transaction as
//! what it tells of, for a day.

use crate::sessions::{DAY, later, own_login};
use crate::{AppError, Viewer};
use duijie_store::Tx;
use duijie_vocab::{Digest, text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The name that a program gave its request, and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    pub key: String,
    /// The digest of everything that the request says.
    pub request: Digest,
}

#[derive(Serialize, Deserialize)]
struct Answered<T> {
    request: Digest,
    answer: T,
}

const SPACE: &str = "once";

/// Does `act`, or gives the answer of the first time. The same name for another request is refused.
pub(crate) fn once<T: Serialize + DeserializeOwned>(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    once: Option<&Once>,
    act: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let Some(once) = once else { return act(tx) };
    let key = format!("{}:{}", own_login(viewer)?, once.key);
    let now = tx.now();
    if let Some(kept) = tx.view().kept(SPACE, &key, now)? {
        let answered: Answered<T> = serde_json::from_str(&kept).map_err(|fault| AppError::Internal(fault.into()))?;
        if answered.request != once.request {
            return Err(AppError::Conflict(text!("这个 Idempotency-Key 已用于另一个请求", "this Idempotency-Key was used for another request")));
        }
        return Ok(answered.answer);
    }
    let answered = Answered { request: once.request, answer: act(tx)? };
    let kept = serde_json::to_string(&answered).map_err(|fault| AppError::Internal(fault.into()))?;
    tx.keep(SPACE, &key, &kept, later(now, DAY))?;
    Ok(answered.answer)
}
