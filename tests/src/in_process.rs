//! Functions in this process, on the deployed stack's tables, under a clock and with settings of
//! the test's own. Must not know: any one test.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use espace_crypto::SystemRandom;
use espace_domain::Clock;
use espace_http::{Pipeline, with_pipeline};
use espace_storage::{Aws, CallCounts, Environment};
use http_body_util::BodyExt;
use local_cloud::api::Answer;
use serde_json::Value;
use tower::ServiceExt;

use crate::Deployed;

/// A function's router in this process, on the deployed stack's tables.
#[derive(Debug)]
pub struct InProcess {
    router: Router,
    calls: CallCounts,
}

impl Deployed {
    /// A function in this process: `build` makes its router.
    pub async fn in_process<E: std::error::Error + Send + Sync + 'static>(
        &self,
        function: &str,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
        build: impl FnOnce(&Aws, Environment, Arc<dyn Clock>) -> Result<Router, E>,
    ) -> Result<InProcess> {
        let aws = Aws::from_config(self.config.clone());
        let environment = self.environment(function, changes).await?;
        let served = build(&aws, environment, clock)?;
        let calls = aws.calls().clone();
        let random = Arc::new(SystemRandom);
        let router = with_pipeline(served, Pipeline { calls: CallCounts::default(), random });
        Ok(InProcess { router, calls })
    }

    /// The activation function in this process.
    pub async fn activation(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            activation::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| activation::router(app).0)
        };
        self.in_process("ActivationFunction", changes, clock, build).await
    }

    /// The opposition function in this process.
    pub async fn opposition(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            opposition::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| opposition::router(app).0)
        };
        self.in_process("OppositionFunction", changes, clock, build).await
    }

    /// The consent function in this process.
    pub async fn consent(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            consent::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| consent::router(app).0)
        };
        self.in_process("ConsentFunction", changes, clock, build).await
    }

    /// The vault in this process.
    pub async fn vault(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            documents::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| documents::router(app).0)
        };
        self.in_process("DocumentsFunction", changes, clock, build).await
    }

    /// The search function in this process.
    pub async fn search(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            search::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| search::router(app).0)
        };
        self.in_process("SearchFunction", changes, clock, build).await
    }

    /// The function of caregivers in this process.
    pub async fn caregivers(&self, clock: Arc<dyn Clock>) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            caregivers::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| caregivers::router(app).0)
        };
        self.in_process("CaregiversFunction", &[], clock, build).await
    }

    /// The messaging function in this process.
    pub async fn messaging(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            messaging::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| messaging::router(app).0)
        };
        self.in_process("MessagingFunction", changes, clock, build).await
    }

    /// The function of a space's own life in this process.
    pub async fn space(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            space::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| space::router(app).0)
        };
        self.in_process("SpaceFunction", changes, clock, build).await
    }

    /// The sessions function in this process.
    pub async fn sessions(
        &self,
        changes: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Result<InProcess> {
        let build = |aws: &Aws, environment, clock| {
            sessions::App::new(aws, environment, clock, Arc::new(SystemRandom))
                .map(|app| sessions::router(app).0)
        };
        self.in_process("SessionsFunction", changes, clock, build).await
    }
}

impl InProcess {
    /// Sends a request.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.answer(request, body).await
    }

    /// Sends a body as someone at an address, which the edge says.
    pub async fn send_from(&self, viewer: &str, path: &str, body: &Value) -> Result<Answer> {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("x-viewer-address", viewer)
            .header("content-type", "application/json");
        self.answer(request, Body::from(body.to_string())).await
    }

    /// Sends bytes of a media type.
    pub async fn send_bytes(
        &self,
        path: &str,
        token: &str,
        (media, bytes): (&str, impl Into<Body>),
    ) -> Result<Answer> {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", media);
        self.answer(request, bytes.into()).await
    }

    /// Reads from a byte on.
    pub async fn get_range(&self, path: &str, token: &str, from: usize) -> Result<Answer> {
        let request = Request::builder()
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("range", format!("bytes={from}-"));
        self.answer(request, Body::empty()).await
    }

    /// Sends a form.
    pub async fn send_form(&self, path: &str, form: &str) -> Result<Answer> {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded");
        self.answer(request, Body::from(form.to_owned())).await
    }

    async fn answer(&self, request: Builder, body: Body) -> Result<Answer> {
        let response = self.router.clone().oneshot(request.body(body)?).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// The backend calls since the last asking.
    pub fn calls(&self) -> BTreeMap<String, u32> {
        self.calls.take()
    }
}
