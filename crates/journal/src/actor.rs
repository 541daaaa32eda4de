//! Who did it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who caused an entry: `system`, or a class and a name such as `import:demo` or `user:officer.cz`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Actor(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name an actor: 1 to 200 characters without control characters")]
pub struct ActorFault(String);

/// The most characters of an actor's name.
const MAX_CHARS: usize = 200;

impl Actor {
    /// The product itself.
    pub fn system() -> Actor {
        Actor("system".to_string())
    }

    /// A person with an account.
    pub fn user(login: &str) -> Result<Actor, ActorFault> {
        Actor::parse(&format!("user:{login}"))
    }

    /// An import, named after what was imported.
    pub fn import(name: &str) -> Result<Actor, ActorFault> {
        Actor::parse(&format!("import:{name}"))
    }

    pub fn parse(text: &str) -> Result<Actor, ActorFault> {
        let well_formed = !text.is_empty() && text.chars().count() <= MAX_CHARS && !text.chars().any(char::is_control);
        well_formed.then(|| Actor(text.to_string())).ok_or_else(|| ActorFault(text.chars().take(MAX_CHARS).collect()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Actor {
    type Error = ActorFault;

    fn try_from(text: String) -> Result<Actor, ActorFault> {
        Actor::parse(&text)
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        actor.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_a_short_printable_name() {
        assert_eq!(Actor::user("officer.cz").unwrap().as_str(), "user:officer.cz");
        assert!(Actor::parse("").is_err());
        assert!(Actor::parse("user:\n").is_err());
        assert!(Actor::import(&"长".repeat(200)).is_err());
        assert!(serde_json::from_str::<Actor>("\"a\\u0000\"").is_err());
    }
}
