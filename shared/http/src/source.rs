//! Where a request comes from. Must not know what is limited by it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The header in which our edge says whose request it passes on. It replaces what a client says
/// there, and nothing but the edge reaches the API (`infra/56-edge.yaml`, ADR 23): behind it, the
/// address that the gateway sees is the edge's, the same for everybody who is near it.
const VIEWER_ADDRESS: &str = "x-viewer-address";

/// The bits of an IPv6 address that name a network. The others are the devices' own to choose
/// (RFC 4291 section 2.5.4): another address of a subscriber is no other source.
const NETWORK_BITS: u32 = 64;

/// Whom the limits by source count together: an IPv4 address, or the network of an IPv6 one. Empty
/// where there is neither an edge nor a gateway (in-process tests).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(pub String);

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(source_of(parts)))
    }
}

fn source_of(parts: &Parts) -> String {
    let said = parts.headers.get(VIEWER_ADDRESS).and_then(|value| value.to_str().ok());
    if let Some(viewer) = said.and_then(|said| said.parse().ok()) {
        return counted(viewer);
    }
    match parts.extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            let seen = context.identity.source_ip.clone().unwrap_or_default();
            seen.parse().map(counted).unwrap_or(seen)
        }
        _ => String::new(),
    }
}

/// An address as it is counted.
fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = u128::MAX << (Ipv6Addr::BITS - NETWORK_BITS);
            format!("{}/{NETWORK_BITS}", Ipv6Addr::from_bits(address.to_bits() & network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: Option<&str>, seen: Option<&str>) -> String {
        let mut request = http::Request::builder();
        if let Some(said) = said {
            request = request.header(VIEWER_ADDRESS, said);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        if let Some(seen) = seen {
            let context = serde_json::json!({
                "httpMethod": "POST", "identity": {"sourceIp": seen},
            });
            let context = serde_json::from_value(context).unwrap();
            parts.extensions.insert(RequestContext::ApiGatewayV1(context));
        }
        source_of(&parts)
    }

    #[test]
    fn it_is_the_viewers_address_behind_the_edge_and_the_gateways_without() {
        assert_eq!(of(Some("192.0.2.7"), Some("198.51.100.1")), "192.0.2.7");
        assert_eq!(of(None, Some("198.51.100.1")), "198.51.100.1");
        assert_eq!(of(Some("nobody"), Some("198.51.100.1")), "198.51.100.1");
        assert_eq!(of(None, None), "");
    }

    #[test]
    fn all_addresses_of_a_subscriber_are_one_source() {
        let one = of(Some("2001:db8:1:2:aaaa::1"), None);
        assert_eq!(one, "2001:db8:1:2::/64");
        assert_eq!(of(Some("2001:db8:1:2:bbbb::9"), None), one);
        assert_ne!(of(Some("2001:db8:1:3::1"), None), one);
        assert_eq!(of(Some("::ffff:192.0.2.7"), None), "192.0.2.7");
    }
}
