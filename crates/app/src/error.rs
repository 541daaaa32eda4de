//! Why a use case did not do what was asked.

use crate::Refused;
use duijie_store::{FaultKind, StoreFault, TxError, WriteError};
use duijie_vocab::{Diagnostic, Text, text};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no such thing, or the viewer may not know of it.
    #[error("there is nothing here")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Somebody else changed it in the meantime.
    #[error("{}", .0.en)]
    Conflict(Text),
    /// What was given cannot be used; every fault with its place.
    #[error("{}", .0.first().map_or("the input cannot be used", |d| d.message.en.as_str()))]
    Invalid(Vec<Diagnostic>),
    /// The store cannot take writes now, such as on a full disk.
    #[error("{}", .0.en)]
    Unavailable(Text),
    #[error("something went wrong inside")]
    Internal(#[source] anyhow::Error),
}

impl AppError {
    /// What a person is told.
    pub fn message(&self) -> Text {
        match self {
            AppError::NotFound => text!("这里没有内容，或者您无权查看", "there is nothing here, or nothing that you may see"),
            AppError::Refused(refused) => refused.reason.clone(),
            AppError::Conflict(message) | AppError::Unavailable(message) => message.clone(),
            AppError::Invalid(faults) => faults.first().map_or_else(|| text!("输入无法使用", "the input cannot be used"), |fault| fault.message.clone()),
            AppError::Internal(_) => text!("系统内部出错，已记录", "something went wrong inside; it has been logged"),
        }
    }
}

impl From<StoreFault> for AppError {
    fn from(fault: StoreFault) -> AppError {
        match fault.kind {
            FaultKind::Full => AppError::Unavailable(text!(
                "磁盘已满，没有写入任何内容；请清理空间后重试",
                "the disk is full, nothing was written; free some space and try again"
            )),
            FaultKind::ReadOnly => AppError::Unavailable(text!("数据目录不可写，没有写入任何内容", "the data directory cannot be written; nothing was")),
            FaultKind::Busy => AppError::Unavailable(text!("另一个程序正在写入，请稍后重试", "another program is writing; try again in a moment")),
            FaultKind::Lost => AppError::Unavailable(text!("与数据库的连接断开，请稍后重试", "the connection to the database is lost; try again in a moment")),
            FaultKind::Io | FaultKind::Damaged | FaultKind::Other => AppError::Internal(fault.into()),
        }
    }
}

impl From<TxError> for AppError {
    fn from(error: TxError) -> AppError {
        match error {
            TxError::Conflict { stored, .. } => AppError::Conflict(text!(
                "已被他人修改（现为第 {stored} 版），请核对后重新提交",
                "somebody else changed it (now version {stored}); look at it and send again"
            )),
            TxError::Merged { into, .. } => AppError::Conflict(text!("该记录已合并到 {into}", "the record was merged into {into}")),
            TxError::BadMerge { why, .. } => AppError::Conflict(text!("不能合并：{why}", "cannot be merged: {why}")),
            TxError::NoSuchEntry(_) | TxError::NothingToErase(_) => AppError::NotFound,
            // Nothing is wrong with what was asked, only with when or how much.
            TxError::Refused(refusal) => AppError::Conflict(refusal.reason()),
            TxError::BadBatch(why) => AppError::Internal(anyhow::anyhow!(why)),
            TxError::Store(fault) => fault.into(),
            TxError::Canonical(fault) => AppError::Internal(fault.into()),
        }
    }
}

impl From<WriteError<AppError>> for AppError {
    fn from(error: WriteError<AppError>) -> AppError {
        match error {
            WriteError::Refused(error) => error,
            WriteError::Storage(fault) => fault.into(),
            WriteError::Unknown(_) => AppError::Unavailable(text!(
                "提交时连接断开，结果未知；请先查看是否已保存，再决定是否重试",
                "the connection broke during the commit; look whether it was saved before you try again"
            )),
            other @ (WriteError::Panicked(_) | WriteError::Nested | WriteError::Closed) => AppError::Internal(anyhow::anyhow!(other.to_string())),
        }
    }
}
