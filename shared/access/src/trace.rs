//! The trace of an act, from who did it. Must not know where it goes.

use espace_domain::decision::{AccessMode, Action, Chain, Party};
use espace_domain::{Actor, EMERGENCY_ELEMENT, Outcome, Random, Trace, TraceActor};
use espace_http::Problem;
use espace_storage::{Repetition, TraceDraft};

use crate::visit::{Opened, Visit};

/// A trace being written.
pub(crate) struct Draft {
    chain: Chain,
    trace: Trace,
}

/// The trace of an act that a visitor does.
pub(crate) fn draft(visit: &Visit, action: Action, chain: Chain, random: &dyn Random) -> Draft {
    let mut trace = Trace::new(visit.now, actor(visit), action, random);
    trace.mode = visit.situation.access.filter(|_| matches!(visit.party, Party::Professional(_)));
    Draft { chain, trace }
}

impl Draft {
    /// What it is about.
    pub(crate) fn about(&mut self, elements: &[&str]) {
        self.trace.elements = elements.iter().map(|element| (*element).to_owned()).collect();
    }

    /// In which emergency access it is done: what was done there is looked at.
    pub(crate) fn within(&mut self, opened: &Opened) {
        if let Some(access) = opened.tie.as_ref().and_then(|tie| tie.value.access.as_ref()) {
            self.trace.elements.push(format!("{EMERGENCY_ELEMENT}{}", access.access_id));
        }
    }

    /// How the professional came in, where that is the act.
    pub(crate) fn mode(&mut self, mode: Option<AccessMode>) {
        self.trace.mode = mode.or(self.trace.mode);
    }

    /// That it was refused.
    pub(crate) fn refuse(&mut self, reason: &str) {
        self.trace.outcome = Outcome::Refused;
        self.trace.reason = Some(reason.to_owned());
    }

    /// By what the same refused attempt is recognised: told once in a while, too.
    pub(crate) fn repetition(&self, visit: &Visit) -> Repetition {
        let elements = self.trace.elements.join(",");
        let who = [visit.space_id.as_str(), visit.claims.sub.as_str()];
        let act = ["refused", self.trace.action.as_str(), &elements];
        Repetition {
            name: visit.names.repetition(&[who.as_slice(), act.as_slice()].concat()),
            manner: self.trace.reason.clone().unwrap_or_default(),
        }
    }

    /// The trace as it will be chained.
    pub(crate) fn finish(
        self,
        visit: &Visit,
        repetition: Option<Repetition>,
    ) -> Result<TraceDraft, Problem> {
        let content = serde_json::to_string(&self.trace)
            .map_err(|_| Problem::internal("a trace could not be written"))?;
        let inquiry = match &visit.claims.actor {
            Actor::Professional { rpps, .. } => Some(visit.names.inquiry(rpps, self.trace.at)),
            _ => None,
        };
        Ok(TraceDraft { chain: self.chain, content, inquiry, repetition })
    }
}

/// Who does it, as the holder will read it.
pub(crate) fn actor(visit: &Visit) -> TraceActor {
    let mut who = TraceActor {
        kind: visit.party.name().to_owned(),
        id: None,
        name: None,
        profession: None,
        structure: None,
    };
    match &visit.claims.actor {
        Actor::Professional { rpps, profession, structure, name, .. } => {
            who.id = Some(rpps.clone());
            who.name = Some(name.clone());
            who.profession = Some(profession.clone());
            who.structure.clone_from(structure);
        }
        Actor::Support { agent } => who.id = Some(agent.clone()),
        // Another citizen's ids are not the holder's to know.
        Actor::Citizen { .. } => {
            who.name =
                visit.opened.as_ref().and_then(|o| o.own.as_ref()).map(|own| own.name.clone());
        }
        Actor::Insurer => {}
    }
    who
}
