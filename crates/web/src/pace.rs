//! How many requests a program may send: so many in each window of a minute, by key or by address.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) struct Pace {
    windows: Mutex<HashMap<String, (Instant, u32)>>,
}

const WINDOW: Duration = Duration::from_secs(60);
/// Names that are remembered; when there are more, those whose window is over are forgotten.
const NAMES: usize = 50_000;

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace { windows: Mutex::new(HashMap::new()) }
    }

    /// Counts a request of `name` at `now`; how long to wait if it was one more than `limit`.
    pub(crate) fn wait(&self, name: &str, limit: u32, now: Instant) -> Option<Duration> {
        // Each change is one insertion or count, so a panic elsewhere leaves the map whole.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= NAMES {
            windows.retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
        }
        let (since, count) = windows.entry(name.to_string()).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        (*count > limit).then(|| WINDOW - now.duration_since(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_one_waits_for_the_next_minute() {
        let (pace, now) = (Pace::new(), Instant::now());
        assert_eq!(pace.wait("a", 2, now), None);
        assert_eq!(pace.wait("a", 2, now), None);
        assert_eq!(pace.wait("a", 2, now), Some(WINDOW));
        assert_eq!(pace.wait("b", 2, now), None);
        assert_eq!(pace.wait("a", 2, now + WINDOW), None);
    }
}
