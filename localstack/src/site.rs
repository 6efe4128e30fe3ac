//! The web client as `CloudFront` serves it from S3: its files, the one page for every address
//! that a person sees, and the headers that keep foreign code out. Must not know the pages, nor
//! the API.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What every page is served with; `{uploads}` stands for where large files are sent.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self' {uploads}; frame-src 'self'; \
    manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types svelte-trusted-html espace-worker";
/// What the frame is served with in which foreign content is shown: no origin, no way out.
const PREVIEW_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src blob: data:; font-src blob: data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";
/// That frame.
const PREVIEW: &str = "/preview.html";
/// The other headers, the same for every file.
const HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(self), geolocation=(), microphone=(), payment=()"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
];
/// The one page.
const PAGE: &str = "index.html";
/// Smallest file that is compressed on its way, bytes: `CloudFront`'s own limit.
const COMPRESSED_BYTES_MIN: usize = 1_000;
/// Before the names of files that never change under their name.
const ASSETS: &str = "/assets/";

/// Where the files are, and where large files are sent.
#[derive(Clone, Debug)]
pub struct Site {
    folder: PathBuf,
    uploads: String,
}

impl Site {
    /// Serves the files of a folder; large ones are sent to the origin `uploads`.
    pub fn new(folder: PathBuf, uploads: &str) -> Self {
        Self { folder, uploads: uploads.to_owned() }
    }

    /// Answers a request that is not for the API.
    pub async fn serve(&self, path: &str, headers: &HeaderMap) -> Response {
        let is_gzip_taken = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|accepted| accepted.contains("gzip"));
        let mut answer = match self.file(path, is_gzip_taken).await {
            Some(answer) => answer,
            None if wants_page(path, headers) => self.page().await,
            None => StatusCode::NOT_FOUND.into_response(),
        };
        let policy = if path == PREVIEW { PREVIEW_POLICY } else { CONTENT_SECURITY_POLICY };
        let policy = policy.replace("{uploads}", &self.uploads);
        let headers = answer.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in HEADERS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if path.starts_with(ASSETS) {
            // The frame has no origin: to it, our scripts are another's.
            let anyone = HeaderValue::from_static("*");
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
        }
        answer
    }

    /// A file of the folder, where the path names one.
    async fn file(&self, path: &str, is_gzip_taken: bool) -> Option<Response> {
        let name = Path::new(path.trim_start_matches('/'));
        let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        let media = media_of(name)?;
        if !is_plain {
            return None;
        }
        let bytes = tokio::fs::read(self.folder.join(name)).await.ok()?;
        let caching = if path.starts_with(ASSETS) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, caching)];
        // As CloudFront does (`Compress: true`).
        if is_gzip_taken && bytes.len() >= COMPRESSED_BYTES_MIN {
            let encoding = [(header::CONTENT_ENCODING, "gzip"), (header::VARY, "accept-encoding")];
            return Some((headers, encoding, compressed(&bytes)?).into_response());
        }
        Some((headers, Body::from(bytes)).into_response())
    }

    /// The one page; before the client is built, a page that says how.
    async fn page(&self) -> Response {
        match tokio::fs::read_to_string(self.folder.join(PAGE)).await {
            Ok(page) => ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response(),
            Err(_) => Html(include_str!("index.html")).into_response(),
        }
    }
}

fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// Whether a browser asks for something to look at: a missing script is not a page.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !path.starts_with(ASSETS) && accepted.is_none_or(|accepted| accepted.contains("text/html"))
}

/// The media type of a file of the client; none of anything else.
fn media_of(name: &Path) -> Option<&'static str> {
    match name.extension()?.to_str()? {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "html" => Some("text/html; charset=utf-8"),
        "png" => Some("image/png"),
        "svg" => Some("image/svg+xml"),
        "webmanifest" => Some("application/manifest+json"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::API;

    async fn status(path: &str, accept: &str) -> (StatusCode, Option<HeaderValue>) {
        let site = Site::new(PathBuf::from("/nowhere"), "https://uploads.example");
        let accept = HeaderValue::from_str(accept).unwrap();
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept)]);
        let answer = site.serve(path, &headers).await;
        (answer.status(), answer.headers().get(header::CONTENT_SECURITY_POLICY).cloned())
    }

    #[test]
    fn the_template_serves_the_same_headers() {
        let path = crate::system::project().join("infra/55-site.yaml");
        let template = std::fs::read_to_string(path).unwrap();
        let uploads = "https://${InboxBucket.RegionalDomainName}";
        let policy = CONTENT_SECURITY_POLICY.replace("{uploads}", uploads);
        assert!(template.contains(&format!("!Sub \"{policy}\"")), "{policy}");
        assert!(template.contains(&format!(": \"{PREVIEW_POLICY}\"")), "{PREVIEW_POLICY}");
        // Those that CloudFront knows by a name of its own.
        let named = [
            ("x-content-type-options", "ContentTypeOptions: {Override: true}"),
            ("referrer-policy", "ReferrerPolicy: {ReferrerPolicy: no-referrer, Override: true}"),
            (
                "strict-transport-security",
                "{AccessControlMaxAgeSec: 63072000, IncludeSubdomains: true, Override: true}",
            ),
        ];
        for (name, value) in HEADERS {
            let by_name = named.iter().find(|(known, _)| *known == name);
            let quoted = format!("{{Header: {name}, Value: \"{value}\", Override: true}}");
            let plain = format!("{{Header: {name}, Value: {value}, Override: true}}");
            let is_there = by_name.map_or_else(
                || template.contains(&quoted) || template.contains(&plain),
                |(_, text)| template.contains(text),
            );
            assert!(is_there, "{name}: {value}");
        }
    }

    #[test]
    fn whose_request_it_is_is_said_by_the_edge_and_nothing_else_comes() {
        let read = |name: &str| {
            std::fs::read_to_string(crate::system::project().join("infra").join(name)).unwrap()
        };
        let (site, edge) = (read("55-site.yaml"), read("56-edge.yaml"));
        let behaviors: Vec<_> = site.split("- PathPattern: ").skip(1).collect();
        let api = behaviors.iter().filter(|text| text.contains("TargetOriginId: api"));
        assert_eq!(api.clone().count(), API.len());
        assert!(api.clone().all(|text| text.contains("!GetAtt WebViewer.FunctionMetadata")));
        assert!(edge.contains("request.headers[\"x-viewer-address\"] = {value: event.viewer.ip};"));
        assert!(edge.contains("DefaultAction: {Block: {}}"));
        let allowing = edge.matches("Allow: {}").count();
        assert_eq!(allowing, 1, "by the secret header alone");
        let secret = "!Sub \"{{resolve:secretsmanager:${EdgeSecret}:SecretString}}\"";
        assert!(edge.contains(&format!("SearchString: {secret}")));
        assert!(site.contains(&format!("{{HeaderName: x-edge, HeaderValue: {secret}}}")));
    }

    #[tokio::test]
    async fn a_page_is_given_to_who_looks_and_no_file_of_elsewhere_to_anyone() {
        let (found, policy) = status("/documents", "text/html").await;
        assert_eq!(found, StatusCode::OK);
        let policy = policy.unwrap();
        assert!(policy.to_str().unwrap().contains("connect-src 'self' https://uploads.example;"));
        for (path, accept) in
            [("/assets/gone.js", "*/*"), ("/assets/x", "text/html"), ("/x.json", "image/png")]
        {
            assert_eq!(status(path, accept).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let site = Site::new(PathBuf::from("/"), "");
        assert!(site.file("/../etc/x.js", false).await.is_none());
    }
}
