//! Routes × actors on the deployed stack, each refused or allowed as the one decision
//! says.

use anyhow::{Context, Result};
use espace_domain::MatrixGroup;
use espace_domain::decision::{
    AccessMode, Action, Decision, EmergencyChoices, Party, Practice, Reason, Situation,
    SpaceStanding, Standing, decide,
};
use journeys::{Deployed, PASSWORD, Patient, login_of, now, rpps};
use reqwest::Method;
use serde_json::{Value, json};

/// Someone at a space, as the decision sees them.
struct Case {
    who: &'static str,
    party: Party,
    token: String,
    situation: Situation,
}

/// Paths by which the same action is reached.
const LOG_PATHS: [&str; 2] = ["/access-log/verification", "/access-log/download"];

/// The request of an action on a space.
fn request(action: Action, space: &str) -> Option<(Method, String, Option<Value>)> {
    let at = |rest: &str| format!("/v1/spaces/{space}{rest}");
    let number = json!({"rpps": rpps()});
    let post = |path: String, body: Value| Some((Method::POST, path, Some(body)));
    match action {
        Action::ReadSpace => Some((Method::GET, at(""), None)),
        Action::ReadConsents => Some((Method::GET, at("/consents"), None)),
        Action::ReadAccessLog => Some((Method::GET, at("/access-log"), None)),
        Action::ListThreads => Some((Method::GET, at("/threads"), None)),
        Action::GiveConsent => post(at("/consents"), number),
        Action::BlockProfessional => post(at("/blocks"), number),
        Action::IssuePresenceCode => post(at("/presence-codes"), json!({})),
        Action::ContestAccess => post(at("/access-log/1/contest"), json!({"reason": "Essai"})),
        Action::SetEmergencyChoices => {
            let all = json!({"regulation": true, "breakGlass": true, "showMasked": true});
            Some((Method::PUT, at("/consents/emergency"), Some(all)))
        }
        Action::OpenAccess => {
            post(at("/accesses"), json!({"mode": "normal", "attestation": "written"}))
        }
        Action::BreakGlass => {
            let reason = "Patient inconscient aux urgences";
            post(at("/accesses"), json!({"mode": "breakGlass", "reason": reason}))
        }
        Action::OpenRegulation => post(at("/accesses"), json!({"mode": "regulation"})),
        _ => None,
    }
}

fn situation(space: SpaceStanding) -> Situation {
    Situation {
        space,
        blocked: false,
        access: None,
        consented: false,
        present: false,
        choices: EmergencyChoices::default(),
        minor: false,
        document: None,
        thread: None,
    }
}

fn practice(profession: &str) -> Practice {
    Practice {
        group: MatrixGroup::of(profession, None),
        may_write: MatrixGroup::may_write(profession, None),
        is_regulator: MatrixGroup::is_regulator(profession),
        standing: None,
    }
}

/// Calls every action that has a route, and holds the answer against the decision.
async fn hold(deployed: &Deployed, space: &str, cases: &[Case]) -> Result<usize> {
    let mut held = 0;
    for case in cases {
        for action in Action::ALL {
            let Some((method, path, body)) = request(*action, space) else {
                continue;
            };
            let answer = deployed.api.send(method, &path, Some(&case.token), body.as_ref()).await?;
            let decision = decide(case.party, *action, &case.situation);
            let status = answer.status.as_u16();
            let as_decided = match decision {
                Decision::Allow(_) => (200..300).contains(&status),
                // To who may not know of it, it is not there.
                Decision::Deny(Reason::NoSpace | Reason::Blocked) => status == 404,
                Decision::Deny(_) if case.party == Party::Stranger => status == 404,
                Decision::Deny(_) => status == 403,
            };
            if *action == Action::ReadAccessLog {
                for rest in LOG_PATHS {
                    let path = format!("/v1/spaces/{space}{rest}");
                    let same = deployed.api.get(&path, Some(&case.token)).await?;
                    assert_eq!(same.status, answer.status, "{} {rest}", case.who);
                }
            }
            assert!(
                as_decided,
                "{} {}: {status} where {decision:?} was decided: {}",
                case.who,
                action.name(),
                answer.json()
            );
            held += 1;
        }
    }
    Ok(held)
}

#[tokio::test]
async fn every_route_answers_every_actor_as_decided() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let active = situation(SpaceStanding::Active);
    let consented = Situation { consented: true, ..active };
    let administrator = rpps();
    let role = json!({"rpps": administrator, "role": "administrator"});
    patient.post(&deployed, "/consents", &role).await?.ok()?;
    let administrator = api.professional(&administrator, "10", None).await?;
    let path = format!("/v1/spaces/{}/accesses", patient.space_id);
    let normal = json!({"mode": "normal", "attestation": "oral"});
    api.post(&path, Some(&administrator), &normal).await?.ok()?;
    let consenting = rpps();
    patient.post(&deployed, "/consents", &json!({"rpps": consenting})).await?.ok()?;
    let blocked = rpps();
    patient.post(&deployed, "/blocks", &json!({"rpps": blocked})).await?.ok()?;
    let physician = practice("10");
    let of_column = |code: &str| Party::Professional(practice(code));
    let fresh = async |code: &str| api.professional(&rpps(), code, None).await;
    let administers = Practice { standing: Some(Standing::Administrator), ..physician };
    let in_access = Situation { access: Some(AccessMode::Normal), ..consented };
    let cut_off = Situation { blocked: true, ..active };
    let occupational = Practice { group: None, may_write: false, ..physician };
    let at_work = api.professional(&rpps(), "10", Some("SM25")).await?;
    let nurse = api.professional(&consenting, "60", None).await?;
    let kept_out = api.professional(&blocked, "10", None).await?;
    let case = |who, party, token, situation| Case { who, party, token, situation };
    let cases = [
        case("the holder", Party::Holder, patient.token.clone(), active),
        case("a stranger", Party::Stranger, deployed.citizen().await?, active),
        case("a physician unknown to them", of_column("10"), fresh("10").await?, active),
        case("a nurse they consented to", of_column("60"), nurse, consented),
        case("their administrator", Party::Professional(administers), administrator, in_access),
        case("a blocked physician", of_column("10"), kept_out, cut_off),
        case("an occupational physician", Party::Professional(occupational), at_work, active),
        case("a profession of no column", of_column("99"), fresh("99").await?, active),
        case("a regulator", of_column("SAMU"), fresh("SAMU").await?, active),
        case("an agent", Party::Support, api.support("A-17").await?, active),
        case("the insurer", Party::Insurer, api.insurer().await?, active),
    ];
    let held = hold(&deployed, &patient.space_id, &cases).await?;
    assert_eq!(held, 11 * 12);

    deployed.close(&patient).await?;
    let closed = situation(SpaceStanding::Closed);
    let login = login_of(&patient.invited.person);
    let address = patient.invited.person.text("email");
    let mut after: Vec<Case> = cases.into_iter().skip(1).collect();
    for case in &mut after {
        case.situation = Situation { space: SpaceStanding::Closed, ..case.situation };
    }
    let returned = api.log_in(&login, PASSWORD, address).await?;
    after.push(case("the holder, who closed it", Party::Holder, returned, closed));
    hold(&deployed, &patient.space_id, &after).await?;
    Ok(())
}

#[tokio::test]
async fn who_acts_for_a_child_may_do_what_is_decided() -> Result<()> {
    let deployed = Deployed::load().await?;
    let today = espace_domain::paris_date(now().now());
    let family = deployed.family(&[jiff::civil::date(today.year() - 8, 2, 2)], 0).await?;
    let (parent, child) = (&family.parents[0], &family.children[0]);
    let token = deployed.activate_and_log_in(parent).await?;
    let other = deployed.activate_and_log_in(&family.parents[1]).await?;
    let proven = deployed.prove_for(&child.person, &child.code, &parent.person).await?.ok()?;
    let enrolment = json!({"enrolmentToken": proven["enrolmentToken"]});
    let path = "/v1/spaces/me/dependants";
    let attached = deployed.api.post(path, Some(&token), &enrolment).await?.ok()?;
    let space = attached["spaceId"].as_str().context("a space")?.to_owned();
    let situation = Situation { minor: true, ..situation(SpaceStanding::Active) };
    let held = Patient { invited: parent.clone(), token: token.clone(), space_id: space.clone() };
    let cases = [
        Case { who: "a parent", party: Party::Representative, token, situation },
        // The other parent has not attached the child's space to their own.
        Case { who: "the other parent", party: Party::Stranger, token: other, situation },
    ];
    hold(&deployed, &held.space_id, &cases).await?;
    Ok(())
}
