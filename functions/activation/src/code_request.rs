//! What both ways of asking for a code share: who asks for whom, limited by
//! source and by person, handed to the job. Must not know what the job finds.

use espace_crypto::BlindIndex;
use espace_domain::{Card, Channel, Nir};
use espace_http::{Problem, ShownIdentity};
use espace_storage::{CodeCause, CodeRequest, Shown};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::App;

/// Someone asks for a code.
pub(crate) struct Asked {
    /// For whom.
    pub(crate) nir: Nir,
    /// Born when, as they say.
    pub(crate) born: Date,
    /// With what in hand.
    pub(crate) shown: ShownIdentity,
    /// How it should travel.
    pub(crate) channel: Option<Channel>,
}

/// Limits and hands over. The work is the same whoever exists; nothing is looked
/// up here. What limits a person is counted under all that was said of them, so
/// that a stranger who knows only a number cannot keep them from asking.
pub(crate) async fn ask(app: &App, asked: &Asked, now: Timestamp) -> Result<CodeRequest, Problem> {
    let registry = &app.stores.registry;
    let person = registry.index(&asked.nir).await?;
    let born = registry.birth_tag(&person, asked.born).await?;
    let shown = match &asked.shown {
        ShownIdentity::Card(cards) => Shown::Card { cards: tags(app, &person, cards).await? },
        ShownIdentity::Representative { nir, cards } => {
            let index = registry.index(nir).await?;
            let shown = tags(app, &index, cards).await?;
            let cards = (!cards.is_empty()).then_some(shown);
            Shown::Representative { index: index.as_str().to_owned(), cards }
        }
        ShownIdentity::Nothing => Shown::Nothing,
    };
    let cause = CodeCause::Asked { born, shown, channel: asked.channel };
    let request = CodeRequest { person: person.as_str().to_owned(), cause };
    let who = serde_json::to_string(&(&request.person, &request.cause))
        .map_err(|_| Problem::internal("a request for a code could not be named"))?;
    let delay_s = app.limits.code_delay_s;
    if let Some(wait_s) = app.throttles.space_out("code", &who, delay_s, now).await? {
        return Err(Problem::code_too_soon(wait_s));
    }
    let limit = app.limits.codes_per_person;
    if let Some(wait_s) = app.throttles.count("code-person", &who, limit, now).await? {
        return Err(Problem::slow_down(wait_s));
    }
    app.code_requests.send(&request).await?;
    Ok(request)
}

/// The keyed hash of each card that the serial may belong to.
async fn tags(app: &App, holder: &BlindIndex, cards: &[Card]) -> Result<Vec<Vec<u8>>, Problem> {
    let mut tags = Vec::new();
    for card in cards {
        tags.push(app.stores.registry.card_tag(holder, card).await?);
    }
    Ok(tags)
}
