//! Pages of a list: `?limit=` and `?cursor=`. A cursor is sealed under the key of the
//! space it lists, so that it says nothing and serves nowhere else. Must not know what
//! is listed.

use axum::extract::{FromRequestParts, Query};
use data_encoding::BASE64URL_NOPAD;
use espace_crypto::{Place, SealingKey};
use espace_domain::Random;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{Problem, ProblemKind};

/// Entries of a page where none are asked for.
const LIMIT_DEFAULT: u16 = 50;
/// Most entries of a page.
pub const PAGE_ENTRIES_MAX: u16 = 200;
/// Longest cursor worth opening.
const CURSOR_CHARS_MAX: usize = 2_048;

/// Which page is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Entries of the page: 1 to 200, 50 where none are asked for.
    limit: Option<u16>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl Page {
    /// A page of a list that takes more parameters than these.
    pub fn new(limit: Option<u16>, cursor: Option<String>) -> Result<Self, Problem> {
        let limit_good = limit.is_none_or(|limit| (1..=PAGE_ENTRIES_MAX).contains(&limit));
        let cursor_good = cursor.as_ref().is_none_or(|c| c.len() <= CURSOR_CHARS_MAX);
        if limit_good && cursor_good {
            Ok(Self { limit, cursor })
        } else {
            Err(ProblemKind::InvalidParameter.into())
        }
    }

    /// Entries of the page.
    pub fn limit(&self) -> i32 {
        i32::from(self.limit.unwrap_or(LIMIT_DEFAULT))
    }

    /// Where the page begins; `None` for the first.
    pub fn start<T: DeserializeOwned>(
        &self,
        key: &SealingKey,
        list: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let refused = || Problem::from(ProblemKind::InvalidParameter);
        let sealed = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| refused())?;
        let opened = key.open(place(list), &sealed).map_err(|_| refused())?;
        serde_json::from_slice(&opened).map(Some).map_err(|_| refused())
    }

    /// The cursor of the page that begins at `start`.
    pub fn cursor(
        key: &SealingKey,
        list: &str,
        start: &impl Serialize,
        random: &dyn Random,
    ) -> Result<String, Problem> {
        let failed = || Problem::internal("a cursor could not be sealed");
        let plain = serde_json::to_vec(start).map_err(|_| failed())?;
        let sealed = key.seal(place(list), &plain, random).map_err(|_| failed())?;
        Ok(BASE64URL_NOPAD.encode(&sealed))
    }
}

/// Where a cursor stands: in the list it is of.
fn place(list: &str) -> Place<'_> {
    Place { table: "cursor", key: list, attribute: "start" }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refused = || Problem::from(ProblemKind::InvalidParameter);
        let Query(page) =
            Query::<Self>::from_request_parts(parts, state).await.map_err(|_| refused())?;
        Self::new(page.limit, page.cursor)
    }
}
