//! The one mapping from what went wrong to what a person or a program is told. A handler returns
//! a [`Fault`]; the frame around all routes shows it as a page or as `application/problem+json`
//! (RFC 9457), in the language of the visit. What happened inside is logged and never shown.

use crate::query::Pairs;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use duijie_app::{AppError, Refused};
use duijie_vocab::{Diagnostic, Text, text};
use serde::Serialize;
use std::sync::Arc;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    #[serde(serialize_with = "as_number")]
    pub(crate) status: StatusCode,
    /// A stable name that programs may branch on.
    pub(crate) code: &'static str,
    pub(crate) title: Text,
    pub(crate) message: Text,
    /// The next step.
    pub(crate) advice: Text,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether logging in could change the answer.
    pub(crate) login_helps: bool,
    /// Seconds after which trying again makes sense.
    pub(crate) retry_after: Option<u64>,
    /// A form that came with an outdated token: where it goes, and what was typed.
    pub(crate) resubmit: Option<Resubmit>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Resubmit {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
    /// Fields that are not given back and have to be typed again.
    pub(crate) secrets: Vec<String>,
}

impl Fault {
    pub(crate) fn not_found() -> Fault {
        Fault::new(
            StatusCode::NOT_FOUND,
            "not_found",
            text!("没有找到", "Nothing here"),
            text!("这里没有内容，或者您无权查看。", "There is nothing here, or nothing that you may see."),
            text!("请检查网址，或用搜索框查找。", "Check the address, or look for it with the search box."),
        )
    }

    pub(crate) fn method_not_allowed() -> Fault {
        Fault::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            text!("不支持这种操作", "This cannot be done here"),
            text!("这个网址不接受这种请求方法。", "This address does not take requests of this method."),
            text!("请从页面上的链接或按钮进入。", "Use the links and buttons of the pages."),
        )
    }

    pub(crate) fn bad_encoding() -> Fault {
        Fault::new(
            StatusCode::BAD_REQUEST,
            "not_utf8",
            text!("文字编码有误", "The text is garbled"),
            text!("请求中的文字不是有效的 UTF-8。", "The request holds text that is not valid UTF-8."),
            text!("请重新输入；如果是从别处复制的链接，请回到首页再找。", "Type it again; if you copied a link, start from the home page."),
        )
    }

    pub(crate) fn bad_parameter(message: Text, advice: Text) -> Fault {
        Fault::new(StatusCode::BAD_REQUEST, "bad_parameter", text!("请求有误", "The request cannot be used"), message, advice)
    }

    pub(crate) fn too_large(limit_bytes: usize) -> Fault {
        let limit = size(limit_bytes);
        Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            text!("内容太大", "Too large"),
            text!("最多接受 {limit}。", "At most {limit} is taken."),
            text!("请把文件拆成几个较小的文件，或删去图片后再上传。", "Split the file into smaller ones, or remove its pictures, and upload again."),
        )
    }

    pub(crate) fn unsupported_media() -> Fault {
        Fault::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            text!("不支持这种内容", "This kind of content is not taken"),
            text!("这里只接受页面上表单提交的内容。", "Only what the forms of the pages send is taken here."),
            text!("请用页面上的表单提交。", "Use the form on the page."),
        )
    }

    pub(crate) fn too_slow() -> Fault {
        Fault::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            text!("接收超时", "It took too long"),
            text!("内容没有在规定时间内传完。", "The content did not arrive in time."),
            text!("请检查网络后再试。", "Check the connection and try again."),
        )
    }

    pub(crate) fn too_many_attempts(wait_seconds: u64) -> Fault {
        let minutes = wait_seconds.div_ceil(60);
        Fault {
            retry_after: Some(wait_seconds),
            ..Fault::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                text!("尝试次数过多", "Too many attempts"),
                text!("密码输错的次数太多，登录已暂停。", "The password was wrong too often; logging in is paused."),
                text!("请 {minutes} 分钟后再试，或请管理员重设密码。", "Try again in {minutes} minutes, or ask an administrator for a new password."),
            )
        }
    }

    pub(crate) fn busy() -> Fault {
        Fault { retry_after: Some(2), ..Fault::unavailable(text!("同时访问的人太多。", "Too many people are here at the moment.")) }
    }

    pub(crate) fn unavailable(message: Text) -> Fault {
        Fault {
            retry_after: Some(30),
            ..Fault::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                text!("暂时无法处理", "Not available at the moment"),
                message,
                text!("没有写入任何内容。请稍后再试。", "Nothing was written. Try again a little later."),
            )
        }
    }

    /// A program that has to say who it is.
    pub(crate) fn key_wanted(message: Text) -> Fault {
        let advice =
            text!("请在“我的账号”中创建密钥，并以 Authorization: Bearer 发送。", "Make a key under “My account” and send it as Authorization: Bearer.");
        Fault::new(StatusCode::UNAUTHORIZED, "key_wanted", text!("需要接口密钥", "An API key is wanted"), message, advice)
    }

    pub(crate) fn scope_missing(message: Text) -> Fault {
        let advice = text!("请创建带有该权限的密钥。", "Make a key with that scope.");
        Fault::new(StatusCode::FORBIDDEN, "scope_missing", text!("密钥权限不足", "The key is not enough"), message, advice)
    }

    pub(crate) fn too_fast(wait_seconds: u64) -> Fault {
        Fault {
            retry_after: Some(wait_seconds),
            ..Fault::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_fast",
                text!("请求过于频繁", "Too many requests"),
                text!("这一分钟内的请求次数已用完。", "The requests of this minute are used up."),
                text!("请 {wait_seconds} 秒后再试。", "Try again in {wait_seconds} seconds."),
            )
        }
    }

    /// A change whose base was not named (RFC 6585).
    pub(crate) fn base_wanted() -> Fault {
        Fault::new(
            StatusCode::PRECONDITION_REQUIRED,
            "base_wanted",
            text!("需要 If-Match", "If-Match is wanted"),
            text!("修改时须说明所依据的版本。", "A change has to say which version it is based on."),
            text!("请先读取记录，把响应的 ETag 放入 If-Match。", "Read the record first and send its ETag as If-Match."),
        )
    }

    /// A change of something that changed since.
    pub(crate) fn base_outdated(message: Text) -> Fault {
        let advice = text!("请重新读取记录，核对后再修改。", "Read the record again before you change it.");
        Fault::new(StatusCode::PRECONDITION_FAILED, "base_outdated", text!("有人先改过了", "Somebody else was faster"), message, advice)
    }

    /// A request that did not come from a page of this portal.
    pub(crate) fn foreign() -> Fault {
        Fault::new(
            StatusCode::FORBIDDEN,
            "foreign_request",
            text!("请求来源不明", "The request came from elsewhere"),
            text!("这个请求不是从本站的页面发出的，已拒绝。", "The request did not come from a page of this portal and was refused."),
            text!("请从本站的页面重新操作。", "Start again from a page of this portal."),
        )
    }

    /// A form whose token is missing or was made for another session.
    pub(crate) fn stale_form(resubmit: Option<Resubmit>) -> Fault {
        let advice = match resubmit {
            Some(_) => text!("您填写的内容还在：请核对后重新提交。", "What you typed is still here: check it and send it again."),
            None => text!("请回到表单页刷新后再提交。", "Go back to the form, reload it and send it again."),
        };
        let message = text!("表单打开太久，或者其间重新登录过。", "The form was open for too long, or you logged in anew since.");
        Fault { resubmit, ..Fault::new(StatusCode::FORBIDDEN, "stale_form", text!("表单已过期", "The form has expired"), message, advice) }
    }

    /// A form of somebody whose login ended while they wrote.
    pub(crate) fn login_ended() -> Fault {
        let message = text!("您的登录已过期，内容还没有提交。", "Your login has ended, and nothing was sent yet.");
        let advice = text!(
            "您填写的内容还在：请在新窗口登录，再回到这里重新提交。",
            "What you typed is still here: log in in another tab, come back, and send it again."
        );
        Fault::new(StatusCode::FORBIDDEN, "login_ended", text!("登录已过期", "Your login has ended"), message, advice)
    }

    /// The store or a template failed; the chain of causes goes to the log.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Fault {
        report(&error);
        Fault::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            text!("系统内部出错", "Something went wrong inside"),
            text!("这不是您的操作造成的，错误已记录。", "It was not your doing, and it has been logged."),
            text!("请稍后再试；如果一直如此，请告诉管理员。", "Try again later; if it stays, tell an administrator."),
        )
    }

    fn new(status: StatusCode, code: &'static str, title: Text, message: Text, advice: Text) -> Fault {
        Fault { status, code, title, message, advice, diagnostics: Vec::new(), login_helps: false, retry_after: None, resubmit: None }
    }

    fn refused(refused: Refused) -> Fault {
        let advice = if refused.login_helps {
            text!("登录后再试。", "Log in and try again.")
        } else {
            text!("如果需要这项权限，请联系管理员。", "If you need this, ask an administrator for the right.")
        };
        Fault {
            login_helps: refused.login_helps, ..Fault::new(StatusCode::FORBIDDEN, "forbidden", text!("没有权限", "Not allowed"), refused.reason, advice)
        }
    }

    fn invalid(faults: Vec<Diagnostic>) -> Fault {
        let title = text!("内容无法使用", "This cannot be used");
        let message = faults.first().map_or_else(|| text!("输入无法使用", "the input cannot be used"), |fault| fault.message.clone());
        let helped = faults.first().and_then(|fault| fault.help.clone());
        let advice = helped.unwrap_or_else(|| text!("请按提示改正后再提交。", "Correct it as told and send it again."));
        Fault { diagnostics: faults, ..Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title, message, advice) }
    }
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Fault {
        match error {
            AppError::NotFound => Fault::not_found(),
            AppError::Refused(refused) => Fault::refused(refused),
            AppError::Conflict(message) => Fault::new(
                StatusCode::CONFLICT,
                "conflict",
                text!("有人先改过了", "Somebody else was faster"),
                message,
                text!("请查看现在的内容，再决定是否修改。", "Look at what it is now and decide whether to change it."),
            ),
            AppError::Invalid(faults) => Fault::invalid(faults),
            AppError::Unavailable(message) => Fault::unavailable(message),
            AppError::Internal(source) => Fault::internal(format!("{source:#}")),
        }
    }
}

impl IntoResponse for Fault {
    /// An empty answer that carries the fault; the frame around the routes puts it into words.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl Resubmit {
    /// What was typed, except passwords and the portal's own fields; nothing of what is good once and soon over.
    pub(crate) fn of(action: &str, fields: &Pairs) -> Option<Resubmit> {
        if fields.0.iter().any(|(name, _)| matches!(name.as_str(), "code" | "ticket" | "secret")) {
            return None;
        }
        let secret = |(name, _): &(String, String)| name.ends_with("password") || name.ends_with("_secret");
        let (secrets, fields): (Vec<_>, Vec<_>) = fields.without(crate::posted::TOKEN).0.into_iter().partition(secret);
        let secrets = secrets.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect();
        Some(Resubmit { action: action.to_string(), fields, secrets })
    }
}

fn report(error: &impl std::fmt::Display) {
    eprintln!("duijie-web: {error}");
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB { format!("{} MB", bytes / MIB) } else { format!("{} KB", bytes.div_ceil(1024)) }
}
