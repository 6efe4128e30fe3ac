//! Who is asking: the permission is the parameter. A route that takes an
//! [`Insurer`] cannot be reached by anyone else, and cannot forget to check.
//! Must not know what each may do: `decide` does.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRef, FromRequestParts};
use espace_crypto::OpaqueToken;
use espace_domain::decision::Party;
use espace_domain::{Actor, Clock, SpaceId};
use espace_storage::{Aws, Enrolment, Enrolments, Environment, Sessions, SigningKeys};
use http::request::Parts;
use http::{HeaderMap, header};

use crate::tokens::{Claims, TokenVerifier};
use crate::{Problem, ProblemKind};

/// What admits a caller: a valid token, and a session that still lasts.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Verifies tokens.
    pub verifier: TokenVerifier,
    /// Looks sessions up: logging out ends a token at the next request.
    pub sessions: Sessions,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The bearer token as sent; proves nothing by itself.
#[derive(Clone)]
pub struct Bearer {
    token: String,
    slot: Option<CallerSlot>,
}

/// Anyone with a token of ours and a living session.
#[derive(Debug, Clone)]
pub struct Known(pub Claims);

/// A holder, logged in, whose space stands.
#[derive(Debug, Clone)]
pub struct Citizen {
    /// Their own space.
    pub space_id: SpaceId,
    /// What their token says.
    pub claims: Claims,
}

/// A holder whose space may be closed: for the few acts that are left then
/// (reopening, taking everything away, and what these need).
#[derive(Debug, Clone)]
pub struct AnyCitizen {
    /// The same.
    pub citizen: Citizen,
    /// Whether the space was closed when they logged in.
    pub archived: bool,
}

/// The insurer.
#[derive(Debug, Clone)]
pub struct Insurer(pub Claims);

/// An agent of the phone line.
#[derive(Debug, Clone)]
pub struct Support {
    /// The agent's number.
    pub agent: String,
    /// What their token says.
    pub claims: Claims,
}

/// What admits the bearer of an enrolment token.
#[derive(Debug, Clone)]
pub struct EnrolmentGate {
    /// The proven identities.
    pub enrolments: Enrolments,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Someone who has proven who they are in the last half hour.
#[derive(Debug, Clone)]
pub struct Enrolled(pub Enrolment);

/// Where a route's caller is noted for the log line.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallerSlot(pub(crate) Arc<OnceLock<&'static str>>);

impl Gate {
    /// Admits holders of tokens issued under `ESPACE_ISSUER`.
    pub fn new(aws: &Aws, environment: &mut Environment, clock: Arc<dyn Clock>) -> Self {
        let issuer = environment.required("ESPACE_ISSUER");
        let keys = SigningKeys::new(aws, environment);
        Self {
            verifier: TokenVerifier::new(issuer, keys, clock.clone()),
            sessions: Sessions::new(aws, environment),
            clock,
        }
    }

    /// Who a token stands for, if its session lasts.
    pub async fn admit(&self, bearer: &Bearer) -> Result<Claims, Problem> {
        let claims =
            self.verifier.verify(&bearer.token).await?.map_err(|_| ProblemKind::Unauthenticated)?;
        let now = self.clock.now();
        let lasts = match (&claims.actor, claims.account_id()) {
            (Actor::Citizen { .. }, Some(account_id)) => {
                self.sessions.is_live(&account_id, &claims.sid, now).await?
            }
            (Actor::Citizen { .. }, None) => false,
            _ => self.sessions.is_live_exchanged(&claims.sid, now).await?,
        };
        if lasts { Ok(claims) } else { Err(ProblemKind::Unauthenticated.into()) }
    }
}

impl Citizen {
    /// Who they are to the space that a path names: theirs by its id, or `me`.
    pub fn party_to(&self, named: &str) -> Party {
        let owns = named == "me" || SpaceId::parse(named).ok().as_ref() == Some(&self.space_id);
        if owns { Party::Holder } else { Party::Stranger }
    }
}

impl EnrolmentGate {
    /// The identity that a token stands for.
    pub async fn admit(&self, bearer: &Bearer) -> Result<Enrolment, Problem> {
        let token = OpaqueToken::parse(&bearer.token).ok_or(ProblemKind::Unauthenticated)?;
        let found = self.enrolments.find(&token, self.clock.now()).await?;
        found.ok_or_else(|| ProblemKind::EnrolmentOver.into())
    }
}

impl Bearer {
    /// The token in a request's headers.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| Self { token: token.trim().to_owned(), slot: None })
    }

    /// The token.
    pub fn expose(&self) -> &str {
        &self.token
    }

    /// Notes who it turned out to be, for the log line.
    pub fn note(&self, kind: &'static str) {
        if let Some(slot) = &self.slot {
            // Set once: a second reading of the same request finds the same.
            let _noted = slot.0.set(kind);
        }
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(…)")
    }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let found = Self::of(&parts.headers).ok_or(ProblemKind::Unauthenticated)?;
        Ok(Self { slot: parts.extensions.get::<CallerSlot>().cloned(), ..found })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known
where
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let claims = Gate::from_ref(state).admit(&bearer).await?;
        bearer.note(claims.actor.kind());
        Ok(Self(claims))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Citizen
where
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let any = AnyCitizen::from_request_parts(parts, state).await?;
        if any.archived { Err(ProblemKind::SpaceClosed.into()) } else { Ok(any.citizen) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AnyCitizen
where
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Known(claims) = Known::from_request_parts(parts, state).await?;
        match &claims.actor {
            Actor::Citizen { space_id, archived } => {
                let (space_id, archived) = (space_id.clone(), *archived);
                Ok(Self { citizen: Citizen { space_id, claims }, archived })
            }
            _ => Err(ProblemKind::Forbidden.into()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Insurer
where
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Known(claims) = Known::from_request_parts(parts, state).await?;
        match claims.actor {
            Actor::Insurer => Ok(Self(claims)),
            _ => Err(ProblemKind::Forbidden.into()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Support
where
    Gate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Known(claims) = Known::from_request_parts(parts, state).await?;
        match &claims.actor {
            Actor::Support { agent } => Ok(Self { agent: agent.clone(), claims }),
            _ => Err(ProblemKind::Forbidden.into()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Enrolled
where
    EnrolmentGate: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let bearer = Bearer::from_request_parts(parts, state).await?;
        let enrolment = EnrolmentGate::from_ref(state).admit(&bearer).await?;
        bearer.note("enrolment");
        Ok(Self(enrolment))
    }
}
