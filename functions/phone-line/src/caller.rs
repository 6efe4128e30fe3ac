//! Who calls: the agent at the line, and the person they speak with, by what that person says
//! and reads from their card.
//!
//! Must not know: what is done for them.

use espace_crypto::BlindIndex;
use espace_domain::{Actor, Card, Nir, Registration, SpaceId};
use espace_http::{
    Bearer, Claims, FieldError, Problem, ProblemKind, ShownIdentity, read_birth_date, read_nir,
};
use espace_storage::PersonRecord;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;

/// A person, as an agent types what they say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CallerInput {
    /// The person's number, 13 characters.
    nir: String,
    /// The person's birth date.
    birth_date: String,
    /// The serial on the person's card, where they can read it.
    #[serde(default)]
    card_serial: Option<String>,
}

/// A person, as they were read.
pub(crate) struct Caller {
    nir: Nir,
    born: Date,
    /// The cards that the serial may be of; none where it was not told.
    cards: Vec<Card>,
}

/// A person who has a space, and of whom all that was said is true.
pub(crate) struct Holder {
    pub(crate) index: BlindIndex,
    pub(crate) space_id: SpaceId,
    pub(crate) record: PersonRecord,
}

impl CallerInput {
    /// Checks the shape of every field, telling all that is wrong at once.
    pub(crate) fn read(&self) -> Result<Caller, Problem> {
        let mut errors = Vec::new();
        let person =
            read_person((&self.nir, "/nir"), (&self.birth_date, "/birthDate"), &mut errors);
        let shown = ShownIdentity::read(None, self.card_serial.as_deref(), None)
            .map_err(|error| errors.push(error))
            .ok();
        let cards = match shown {
            Some(ShownIdentity::Card(cards)) => cards,
            _ => Vec::new(),
        };
        match person {
            Some((nir, born)) if errors.is_empty() => Ok(Caller { nir, born, cards }),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

impl Caller {
    /// A person of whom no card was told.
    pub(crate) fn without_card(nir: Nir, born: Date) -> Self {
        Self { nir, born, cards: Vec::new() }
    }

    /// Their space, where they have one and all that was said is theirs.
    pub(crate) async fn find(&self, app: &App) -> Result<Holder, Problem> {
        let refused = || Problem::from(ProblemKind::IdentityNotRecognised);
        let entry = app.registry.find(&self.nir).await?.ok_or_else(refused)?;
        let Registration::Held { space_id } = &entry.registration else {
            return Err(refused());
        };
        let mut holds_card = self.cards.is_empty();
        for card in &self.cards {
            holds_card |= app.registry.card_matches(&entry.index, Some(&entry), card).await?;
        }
        // Nobody learns anything of a person before all of it matches.
        let record = app.registry.open_record(&entry, &app.space_keys).await?;
        let record = record.filter(|record| record.traits.birth_date == self.born);
        let record = record.filter(|_| holds_card).ok_or_else(refused)?;
        Ok(Holder { index: entry.index.clone(), space_id: space_id.clone(), record })
    }
}

/// A number and a birth date, with what is wrong of either.
pub(crate) fn read_person(
    (nir, nir_at): (&str, &'static str),
    (born, born_at): (&str, &'static str),
    errors: &mut Vec<FieldError>,
) -> Option<(Nir, Date)> {
    let nir = read_nir(nir, nir_at).map_err(|error| errors.push(error)).ok();
    let born = read_birth_date(born, born_at).map_err(|error| errors.push(error)).ok();
    nir.zip(born)
}

/// The agent who asks, while the line is open and they have not done too much in an hour.
pub(crate) async fn agent(
    app: &App,
    bearer: &Bearer,
    act: &'static str,
) -> Result<(Claims, String), Problem> {
    let claims = app.guard.claims(bearer).await?;
    let Actor::Support { agent } = claims.actor.clone() else {
        return Err(ProblemKind::Forbidden.into());
    };
    let now = app.guard.now();
    if !app.limits.phone_line_is_open(now) {
        return Err(ProblemKind::PhoneLineClosed.into());
    }
    let limit = app.limits.acts_per_agent;
    if let Some(wait_s) = app.throttles.count(act, &agent, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    Ok((claims, agent))
}
