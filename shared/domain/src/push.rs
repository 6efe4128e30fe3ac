//! Where a browser is told that there is something new (Web Push, RFC 8030): an address at
//! one of the push services we know, and at no other, since we call it. Must not know how it
//! is called, nor what is new: nothing is said but that.

use serde::{Deserialize, Serialize};

/// Longest address.
const ENDPOINT_CHARS_MAX: usize = 1_000;
/// Most browsers of one person, or professional.
pub const PUSH_SUBSCRIPTIONS_MAX: usize = 10;

/// The text is no address of a push service we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a push service that is known")]
pub struct PushEndpointError;

/// An address at a push service. Who has it can wake the browser: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushEndpoint(String);

/// The push services we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushServices(Vec<String>);

impl PushServices {
    /// Reads a list of origins, parted by commas: `https://host`, or `https://*.host` for
    /// whatever lies below it.
    pub fn parse(list: &str) -> Self {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Self(entries.map(str::to_ascii_lowercase).collect())
    }

    /// Whether an origin is one of them.
    fn knows(&self, scheme: &str, host: &str) -> bool {
        self.0.iter().any(|entry| {
            let Some((known_scheme, known)) = entry.split_once("://") else { return false };
            let is_host = match known.strip_prefix("*.") {
                Some(parent) => host
                    .strip_suffix(parent)
                    .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                None => host == known,
            };
            known_scheme == scheme && is_host
        })
    }
}

impl PushEndpoint {
    /// Reads an address at one of the services.
    pub fn parse(text: &str, services: &PushServices) -> Result<Self, PushEndpointError> {
        let is_plain = text.len() <= ENDPOINT_CHARS_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}@".contains(&byte));
        let (scheme, rest) = text.split_once("://").ok_or(PushEndpointError)?;
        let (authority, path) = rest.split_once('/').ok_or(PushEndpointError)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let host = host.to_ascii_lowercase();
        // Another port may be another server; of a machine's own, all are its own.
        let is_port_good = match port {
            None => true,
            Some(port) => {
                let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
                is_number && (port == "443" || scheme == "http")
            }
        };
        let scheme = scheme.to_ascii_lowercase();
        let is_good =
            is_plain && !path.is_empty() && is_port_good && services.knows(&scheme, &host);
        if is_good { Ok(Self(text.to_owned())) } else { Err(PushEndpointError) }
    }

    /// The address.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The origin it lies at: what a token for it is for.
    pub fn origin(&self) -> &str {
        let from = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0.get(from..).and_then(|rest| rest.find('/')).map(|at| from + at);
        self.0.get(..end.unwrap_or(self.0.len())).unwrap_or_default()
    }
}

impl std::fmt::Debug for PushEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushEndpoint")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_at_services_that_are_known_are_taken() {
        let services = PushServices::parse(
            "https://fcm.googleapis.com, https://*.notify.windows.com,http://127.0.0.1",
        );
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:DEF",
            "https://FCM.googleapis.com:443/x",
            "https://db5.notify.windows.com/w/?token=x",
            "http://127.0.0.1:8080/push/x",
        ] {
            let parsed = PushEndpoint::parse(good, &services);
            assert_eq!(parsed.map(|p| p.expose().to_owned()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "fcm.googleapis.com/x",
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com",
            "https://fcm.googleapis.com/",
            "https://fcm.googleapis.com:8443/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://evil.example/fcm.googleapis.com/x",
            "https://user@fcm.googleapis.com/x",
            "https://notify.windows.com/x",
            "https://.notify.windows.com/x",
            "https://127.0.0.1/x",
            "https://169.254.169.254/latest",
            "https://fcm.googleapis.com/a b",
        ] {
            assert_eq!(PushEndpoint::parse(bad, &services), Err(PushEndpointError), "{bad}");
        }
        let endpoint = PushEndpoint::parse("http://127.0.0.1:8080/push/x", &services);
        assert_eq!(endpoint.map(|e| e.origin().to_owned()), Ok("http://127.0.0.1:8080".into()));
    }
}
