//! How many wrong passwords are borne before somebody has to wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts failures per key (login and address) within a window.
pub(crate) struct Throttle {
    failures: Mutex<HashMap<String, Failures>>,
}

struct Failures {
    count: u32,
    since: Instant,
}

/// Failures that are borne within [`WINDOW`].
pub(crate) const LIMIT: u32 = 10;
pub(crate) const WINDOW: Duration = Duration::from_secs(10 * 60);
/// Keys that are remembered; beyond it the oldest window goes first.
const KEYS: usize = 10_000;

impl Throttle {
    pub(crate) fn new() -> Throttle {
        Throttle { failures: Mutex::new(HashMap::new()) }
    }

    /// How long `key` has to wait at `now`, if it has failed too often.
    pub(crate) fn wait(&self, key: &str, now: Instant) -> Option<Duration> {
        let failures = self.lock();
        let entry = failures.get(key).filter(|entry| entry.count >= LIMIT)?;
        WINDOW.checked_sub(now.duration_since(entry.since)).filter(|left| !left.is_zero())
    }

    pub(crate) fn failed(&self, key: &str, now: Instant) {
        let mut failures = self.lock();
        failures.retain(|_, entry| now.duration_since(entry.since) < WINDOW);
        if failures.len() >= KEYS
            && let Some(oldest) = failures.iter().min_by_key(|(_, entry)| entry.since).map(|(key, _)| key.clone())
        {
            failures.remove(&oldest);
        }
        failures.entry(key.to_string()).or_insert(Failures { count: 0, since: now }).count += 1;
    }

    pub(crate) fn succeeded(&self, key: &str) {
        self.lock().remove(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Failures>> {
        // Each change is a single insertion or removal, so a panic elsewhere leaves the map whole.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_failures_one_waits_until_the_window_is_over() {
        let (throttle, start) = (Throttle::new(), Instant::now());
        for _ in 0..LIMIT {
            assert_eq!(throttle.wait("li", start), None);
            throttle.failed("li", start);
        }
        assert_eq!(throttle.wait("li", start), Some(WINDOW));
        assert_eq!(throttle.wait("wang", start), None);
        assert_eq!(throttle.wait("li", start + WINDOW), None);
    }

    #[test]
    fn a_right_password_ends_the_count() {
        let (throttle, start) = (Throttle::new(), Instant::now());
        (0..LIMIT).for_each(|_| throttle.failed("li", start));
        throttle.succeeded("li");
        assert_eq!(throttle.wait("li", start), None);
    }
}
