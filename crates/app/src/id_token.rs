//! ID tokens: who a login provider says somebody is, signed (OpenID Connect Core 1.0, section
//! 3.1.3.7, over RFC 7515, 7517, 7518 and 8037).

use data_encoding::BASE64URL_NOPAD;
use duijie_vocab::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a token says, by claim.
pub(crate) type Claims = Map<String, Value>;

/// What a token has to say to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    #[error("it is not a signed token")]
    Malformed,
    #[error("it is signed by `{0}`, which is not taken")]
    Algorithm(String),
    #[error("its key is not among those of the provider")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("its `{0}` is not what was expected")]
    Claim(&'static str),
}

/// The keys that a provider signs with, as it publishes them.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

/// One key; those of kinds that are not known here are never asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none are.
    crit: Option<Value>,
}

/// How far two clocks may be apart.
const SLACK_SECONDS: i64 = 60;

/// What `token` says, if one of `keys` signed it and it is meant for us, now and for this login.
pub(crate) fn verify(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Claims, TokenFault> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let (head, body) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
    let header: Header = serde_json::from_slice(&decoded(head)?).map_err(|_| TokenFault::Malformed)?;
    if header.crit.is_some() {
        return Err(TokenFault::Malformed);
    }
    let signature = decoded(signature)?;
    let mut fitting = keys.keys.iter().filter(|key| key.fits(&header)).peekable();
    if fitting.peek().is_none() {
        return Err(if is_known(&header.alg) { TokenFault::UnknownKey } else { TokenFault::Algorithm(header.alg) });
    }
    if !fitting.any(|key| key.signed(&header.alg, signed.as_bytes(), &signature)) {
        return Err(TokenFault::Signature);
    }
    let claims: Claims = serde_json::from_slice(&decoded(body)?).map_err(|_| TokenFault::Malformed)?;
    check(&claims, expected)?;
    Ok(claims)
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), TokenFault> {
    let word = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let seconds = expected.now.micros().div_euclid(1_000_000);
    let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or(0.0);
    let authorized = claims.get("azp").map_or(audience.len() == 1, |azp| azp.as_str() == Some(expected.client));
    let faults = [
        ("iss", word("iss") != expected.issuer),
        ("aud", !audience.contains(&expected.client)),
        ("azp", !authorized),
        ("exp", expires <= (seconds - SLACK_SECONDS) as f64),
        ("nonce", word("nonce") != expected.nonce),
        ("sub", word("sub").is_empty() || word("sub").len() > 255),
    ];
    faults.into_iter().find(|(_, wrong)| *wrong).map_or(Ok(()), |(claim, _)| Err(TokenFault::Claim(claim)))
}

fn decoded(text: &str) -> Result<Vec<u8>, TokenFault> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TokenFault::Malformed)
}

/// Whether signatures by this algorithm are checked here. `none` and shared secrets never are.
fn is_known(algorithm: &str) -> bool {
    matches!(algorithm, "RS256" | "RS384" | "RS512" | "PS256" | "ES256" | "ES384" | "EdDSA")
}

impl Key {
    fn fits(&self, header: &Header) -> bool {
        let kind = match header.alg.as_str() {
            "RS256" | "RS384" | "RS512" | "PS256" => self.kty == "RSA",
            "ES256" => self.kty == "EC" && self.crv == "P-256",
            "ES384" => self.kty == "EC" && self.crv == "P-384",
            "EdDSA" => self.kty == "OKP" && self.crv == "Ed25519",
            _ => false,
        };
        let named = header.kid.is_none() || self.kid.is_none() || header.kid == self.kid;
        kind && named && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig") && self.alg.as_deref().is_none_or(|alg| alg == header.alg)
    }

    fn signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let rsa = |parameters: &RsaParameters| self.signed_by_rsa(parameters, message, signature);
        let point = || [vec![4], decoded(&self.x).unwrap_or_default(), decoded(&self.y).unwrap_or_default()].concat();
        let plain = |how: &'static dyn VerificationAlgorithm, key: Vec<u8>| UnparsedPublicKey::new(how, key).verify(message, signature).is_ok();
        match algorithm {
            "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => rsa(&RSA_PKCS1_2048_8192_SHA512),
            "PS256" => rsa(&RSA_PSS_2048_8192_SHA256),
            "ES256" => plain(&ECDSA_P256_SHA256_FIXED, point()),
            "ES384" => plain(&ECDSA_P384_SHA384_FIXED, point()),
            "EdDSA" => plain(&ED25519, decoded(&self.x).unwrap_or_default()),
            _ => false,
        }
    }

    fn signed_by_rsa(&self, parameters: &RsaParameters, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(n), Ok(e)) = (decoded(&self.n), decoded(&self.e)) else { return false };
        RsaPublicKeyComponents { n: &n, e: &e }.verify(parameters, message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Signer {
            let random = SystemRandom::new();
            let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            Signer(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref(), &random).unwrap())
        }

        fn keys(&self, kid: &str) -> KeySet {
            let point = self.0.public_key().as_ref();
            let [x, y] = [&point[1..33], &point[33..]].map(|half| BASE64URL_NOPAD.encode(half));
            serde_json::from_value(json!({ "keys": [{ "kty": "oct", "k": "x" }, { "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y }] }))
                .unwrap()
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let [head, body] = [header, claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
            let signed = format!("{head}.{body}");
            let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
        }
    }

    const NOW: i64 = 1_800_000_000;

    fn expected() -> Expected<'static> {
        let now = Timestamp::from_micros(NOW * 1_000_000).unwrap();
        Expected { issuer: "https://id.example.cn", client: "duijie", nonce: "n", now }
    }

    fn claims() -> Value {
        json!({ "iss": "https://id.example.cn", "aud": "duijie", "exp": NOW + 60, "nonce": "n", "sub": "42" })
    }

    #[test]
    fn what_the_provider_signed_for_us_is_taken() {
        let signer = Signer::new();
        let token = signer.token(&json!({ "alg": "ES256", "kid": "a" }), &claims());
        assert_eq!(verify(&token, &signer.keys("a"), &expected()).unwrap()["sub"], "42");
        let several = json!({ "iss": "https://id.example.cn", "aud": ["other", "duijie"], "azp": "duijie", "exp": NOW, "nonce": "n", "sub": "42" });
        assert!(verify(&signer.token(&json!({ "alg": "ES256" }), &several), &signer.keys("a"), &expected()).is_ok());
    }

    #[test]
    fn each_claim_that_differs_is_named() {
        let signer = Signer::new();
        let wrong = [
            ("iss", json!("https://elsewhere.example")),
            ("aud", json!("other")),
            ("aud", json!(["other"])),
            ("azp", json!("other")),
            ("exp", json!(NOW - 61)),
            ("exp", json!("soon")),
            ("nonce", json!("m")),
            ("sub", json!("")),
            ("sub", json!("x".repeat(256))),
        ];
        for (claim, value) in wrong {
            let mut said = claims();
            said[claim] = value;
            let token = signer.token(&json!({ "alg": "ES256", "kid": "a" }), &said);
            assert_eq!(verify(&token, &signer.keys("a"), &expected()), Err(TokenFault::Claim(claim)));
        }
        let mut unsure = claims();
        unsure["aud"] = json!(["duijie", "other"]);
        let token = signer.token(&json!({ "alg": "ES256", "kid": "a" }), &unsure);
        assert_eq!(verify(&token, &signer.keys("a"), &expected()), Err(TokenFault::Claim("azp")), "several audiences need an authorized party");
    }

    #[test]
    fn nobody_else_signs_and_nothing_goes_unsigned() {
        let (signer, other) = (Signer::new(), Signer::new());
        let good = json!({ "alg": "ES256", "kid": "a" });
        assert_eq!(verify(&other.token(&good, &claims()), &signer.keys("a"), &expected()), Err(TokenFault::Signature));
        assert_eq!(verify(&signer.token(&good, &claims()), &signer.keys("b"), &expected()), Err(TokenFault::UnknownKey));
        for algorithm in ["none", "HS256", "ES256K"] {
            let token = signer.token(&json!({ "alg": algorithm, "kid": "a" }), &claims());
            assert_eq!(verify(&token, &signer.keys("a"), &expected()), Err(TokenFault::Algorithm(algorithm.into())));
        }
        let token = signer.token(&good, &claims());
        let (signed, _) = token.rsplit_once('.').unwrap();
        for broken in ["", "a", "a.b", "a.b.c", &format!("{signed}."), &format!("{signed}.AAAA"), &token[1..]] {
            assert!(verify(broken, &signer.keys("a"), &expected()).is_err(), "{broken}");
        }
        let critical = signer.token(&json!({ "alg": "ES256", "kid": "a", "crit": ["x"] }), &claims());
        assert_eq!(verify(&critical, &signer.keys("a"), &expected()), Err(TokenFault::Malformed));
    }
}
