//! Closing by the phone line: the code goes to the holder, the agent types what they read out,
//! and the space is closed as the holder would have closed it.

use anyhow::{Context, Result};
use journeys::{Deployed, Invited, PASSWORD, in_days, login_of};
use local_cloud::api::Answer;
use local_cloud::mail::{Message, code_in};
use serde_json::{Value, json};

/// What the caller says.
pub(crate) fn said(invited: &Invited) -> Value {
    let person = &invited.person;
    json!({"nir": person.text("nir"), "birthDate": person.text("birthDate"),
        "cardSerial": person.0["card"]["serial"]})
}

async fn ask(deployed: &Deployed, agent: &str, said: &Value) -> Result<Answer> {
    deployed.api.post("/v1/support/closures", Some(agent), said).await
}

/// The agent types the code.
async fn confirm(deployed: &Deployed, agent: &str, closure: &Value, otp: &str) -> Result<Answer> {
    let id = closure["closureId"].as_str().context("an id")?;
    let path = format!("/v1/support/closures/{id}/confirmation");
    deployed.api.post(&path, Some(agent), &json!({"otp": otp})).await
}

/// The code that the caller reads out, wherever it went.
pub(crate) async fn read_out(
    deployed: &Deployed,
    invited: &Invited,
    closure: &Value,
) -> Result<String> {
    let by_sms = closure["channel"] == "sms";
    let to = invited.person.text(if by_sms { "phone" } else { "email" });
    let is_it = |m: &Message| m.body.contains("ferme votre espace") || m.body.contains("fermeture");
    code_in(&deployed.api.wait_for_mail(to, is_it).await?.body).context("a code")
}

/// Another code than that one.
fn other(otp: &str) -> String {
    otp.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

#[tokio::test]
async fn the_holder_reads_out_their_code_and_may_come_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (agent, colleague) =
        (deployed.api.support("C-1").await?, deployed.api.support("C-2").await?);
    let begun = ask(&deployed, &agent, &said(&patient.invited)).await?;
    assert_eq!(begun.status, 202, "{}", begun.json());
    let closure = begun.json();
    let otp = read_out(&deployed, &patient.invited, &closure).await?;
    let wrong = confirm(&deployed, &agent, &closure, &other(&otp)).await?;
    assert_eq!(wrong.problem(), "otp-wrong");
    // It is this agent's call.
    assert_eq!(confirm(&deployed, &colleague, &closure, &otp).await?.status, 404);
    assert_eq!(patient.get(&deployed, "").await?.json()["state"], "active");
    let closed = confirm(&deployed, &agent, &closure, &otp).await?;
    assert_eq!((closed.status.as_u16(), closed.json()), (200, json!({"state": "closed"})));
    let again = confirm(&deployed, &agent, &closure, &otp).await?;
    assert_eq!(again.status, 404, "the code has served");
    // Sessions are over, and word of it is sent with its confirmation.
    assert_eq!(patient.get(&deployed, "").await?.status, 401);
    let address = patient.invited.person.text("email");
    let is_word = |m: &Message| m.subject == "Votre espace de santé est fermé";
    deployed.api.wait_for_mail(address, is_word).await?;
    // The holder comes back, and sees who did it.
    let token = deployed.api.log_in(&login_of(&patient.invited.person), PASSWORD, address).await?;
    let step = deployed.step_up(&token, "reopening", address).await?;
    deployed.api.post("/v1/spaces/me/reopening", Some(&token), &step).await?.ok()?;
    let token = deployed.api.log_in(&login_of(&patient.invited.person), PASSWORD, address).await?;
    let log = deployed.api.get("/v1/spaces/me/access-log", Some(&token)).await?.ok()?;
    let entries = log["items"].as_array().context("entries")?;
    let by_phone = entries.iter().find(|e| e["action"] == "closeByPhone").context("the trace")?;
    assert_eq!(by_phone["sentence"], "L’assistance téléphonique a fermé l’espace à votre demande.");
    Ok(())
}

#[tokio::test]
async fn someone_who_never_logged_in_closes_what_opened_by_itself() -> Result<()> {
    let deployed = Deployed::load().await?;
    let invited = deployed.invite(41).await?;
    deployed.fire_as_of("auto-creation", in_days(2).now()).await?;
    let agent = deployed.api.support("C-3").await?;
    let closure = ask(&deployed, &agent, &said(&invited)).await?.ok()?;
    let otp = read_out(&deployed, &invited, &closure).await?;
    assert_eq!(confirm(&deployed, &agent, &closure, &otp).await?.ok()?["state"], "closed");
    let again = ask(&deployed, &agent, &said(&invited)).await?;
    assert_eq!(again.problem(), "space-closed");
    let is_word = |m: &Message| m.subject == "Votre espace de santé est fermé";
    let word = deployed.api.wait_for_mail(invited.person.text("email"), is_word).await?;
    assert!(word.body.contains("demandez un code"), "{}", word.body);
    // Their code brings them back, to a space of their own hands.
    let token = deployed.activate_and_log_in(&invited).await?;
    let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
    assert_eq!(space["state"], "active");
    Ok(())
}

#[tokio::test]
async fn nobody_is_closed_out_by_guessing() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let agent = deployed.api.support("C-4").await?;
    let mut stranger = said(&patient.invited);
    stranger["birthDate"] = json!("1930-01-01");
    let refused = ask(&deployed, &agent, &stranger).await?;
    assert_eq!(refused.problem(), "identity-not-recognised");
    let mut found = said(&patient.invited);
    found["cardSerial"] = json!("99999999999");
    assert_eq!(ask(&deployed, &agent, &found).await?.problem(), "identity-not-recognised");
    let closure = ask(&deployed, &agent, &said(&patient.invited)).await?.ok()?;
    let otp = read_out(&deployed, &patient.invited, &closure).await?;
    // No other way leads to another code.
    let id = closure["closureId"].as_str().context("an id")?;
    let path = format!("/v1/sessions/{id}/channel");
    let elsewhere = deployed.api.post(&path, Some(&agent), &json!({"channel": "email"})).await?;
    assert_eq!(elsewhere.problem(), "otp-over");
    for _ in 0..5 {
        let wrong = confirm(&deployed, &agent, &closure, &other(&otp)).await?;
        assert_eq!(wrong.problem(), "otp-wrong");
    }
    // After five the right one serves nobody.
    assert_eq!(confirm(&deployed, &agent, &closure, &otp).await?.status, 404);
    assert_eq!(patient.get(&deployed, "").await?.json()["state"], "active");
    // Nor does who is no agent.
    let by_self = ask(&deployed, &patient.token, &said(&patient.invited)).await?;
    assert_eq!(by_self.status, 403);
    Ok(())
}

#[tokio::test]
async fn a_childs_space_is_closed_by_those_who_represent_them() -> Result<()> {
    let deployed = Deployed::load().await?;
    let year = espace_domain::paris_date(journeys::now().now()).year();
    let family = deployed.family(&[jiff::civil::date(year - 8, 2, 2)], 41).await?;
    let child = &family.children[0].person;
    deployed.fire_as_of("auto-creation", in_days(2).now()).await?;
    let agent = deployed.api.support("C-5").await?;
    let said = json!({"nir": child.text("nir"), "birthDate": child.text("birthDate")});
    let refused = ask(&deployed, &agent, &said).await?;
    assert_eq!(refused.problem(), "representatives-close");
    Ok(())
}
