//! Forms that come twice, by a second click or by going back and sending again: the same rendering of
//! a form with the same words is answered with where it led the first time, and done once.

use crate::fault::Fault;
use crate::posted::Posted;
use crate::visit::Visit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was sent last by each holder to each address.
pub(crate) struct Once {
    last: Mutex<HashMap<[u8; 32], Last>>,
}

struct Last {
    words: [u8; 32],
    led: Led,
    since: Instant,
}

/// Where a form led, once it did; held while it is being done, so that a second click waits.
type Led = Arc<tokio::sync::Mutex<Option<HeaderValue>>>;

const KEPT_FOR: Duration = Duration::from_secs(60 * 60);
/// Forms that are remembered; beyond it the oldest goes first.
const FORMS: usize = 10_000;

impl Once {
    pub(crate) fn new() -> Once {
        Once { last: Mutex::new(HashMap::new()) }
    }

    /// The answer of `work` to a form, or where the same form led before. Nobody who goes away stops
    /// the work half way: browsers do so on the second click.
    pub(crate) async fn answer(
        &self,
        visit: &Visit,
        posted: &Posted,
        now: Instant,
        work: impl Future<Output = Response> + Send + 'static,
    ) -> Result<Response, Fault> {
        let address = digest([visit.holder.as_str(), &visit.here()].into_iter());
        // Every rendering of a form has a token of its own, so words sent on purpose again differ.
        let words = digest(posted.fields.0.iter().flat_map(|(name, value)| [name.as_str(), value]));
        let mut led = self.place(address, words, now).lock_owned().await;
        if let Some(place) = &*led {
            return Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place.clone())]).into_response());
        }
        let done = tokio::spawn(async move {
            let response = work.await;
            // A cookie is for whoever is there to take it, so what sets one is done again.
            if response.status() == StatusCode::SEE_OTHER && !response.headers().contains_key(header::SET_COOKIE) {
                *led = response.headers().get(header::LOCATION).cloned();
            }
            response
        });
        done.await.map_err(Fault::internal)
    }

    /// The place for where this form leads. Other words to the same address take the place of those
    /// before, so that one can come back to an earlier choice.
    fn place(&self, address: [u8; 32], words: [u8; 32], now: Instant) -> Led {
        // Each change is a single insertion or removal, so a panic elsewhere leaves the map whole.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.get(&address).filter(|known| known.words == words && now.duration_since(known.since) < KEPT_FOR) {
            return Arc::clone(&known.led);
        }
        if last.len() >= FORMS {
            last.retain(|_, known| now.duration_since(known.since) < KEPT_FOR);
        }
        if last.len() >= FORMS
            && let Some(oldest) = last.iter().min_by_key(|(_, known)| known.since).map(|(address, _)| *address)
        {
            last.remove(&oldest);
        }
        let led = Led::default();
        last.insert(address, Last { words, led: Arc::clone(&led), since: now });
        led
    }
}

fn digest<'a>(parts: impl Iterator<Item = &'a str>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_to_an_address_are_known_for_an_hour() {
        let (once, now) = (Once::new(), Instant::now());
        let first = once.place([1; 32], [1; 32], now);
        assert!(Arc::ptr_eq(&first, &once.place([1; 32], [1; 32], now)));
        assert!(!Arc::ptr_eq(&first, &once.place([2; 32], [1; 32], now)), "another address");
        assert!(!Arc::ptr_eq(&first, &once.place([1; 32], [1; 32], now + KEPT_FOR)), "too long ago");
        once.place([1; 32], [2; 32], now);
        assert!(!Arc::ptr_eq(&first, &once.place([1; 32], [1; 32], now)), "other words came between");
    }

    #[tokio::test]
    async fn a_click_that_the_browser_gives_up_is_done_and_the_next_one_led_where_it_led() {
        let (once, posted) = (Once::new(), Posted::default());
        let visit = crate::sample::visit(duijie_app::Role::Member);
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let mut first = Box::pin(once.answer(&visit, &posted, Instant::now(), async move {
            gone.await.expect("somebody says go");
            axum::response::Redirect::to("/case/1").into_response()
        }));
        assert!(std::future::poll_fn(|context| std::task::Poll::Ready(first.as_mut().poll(context).is_pending())).await, "it is at work");
        drop(first);
        go.send(()).expect("the work goes on");
        let second = once.answer(&visit, &posted, Instant::now(), async { panic!("it is not done again") }).await.unwrap();
        assert!(second.status() == StatusCode::SEE_OTHER && second.headers()[header::LOCATION] == "/case/1");
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(digest(["a", "bc"].into_iter()), digest(["ab", "c"].into_iter()));
    }
}
