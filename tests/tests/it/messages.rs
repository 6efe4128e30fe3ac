//! Conversations: who may open, answer, read and end one; what is not theirs is not there.

use anyhow::{Context, Result};
use journeys::{Deployed, now, rpps};
use local_cloud::api::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::emergencies::told;
use crate::vault::{OWN, PHYSICIAN, REPORT, deposit, doctor, entry, path_of, pdf};

/// The code of pharmacists.
const PHARMACIST: &str = "21";
/// A social worker: reads nothing, writes all the same.
const SOCIAL_WORKER: &str = "41";

pub(crate) fn threads(space: &str) -> String {
    format!("/v1/spaces/{space}/threads")
}

/// Opens a conversation; gives its path.
pub(crate) async fn open(deployed: &Deployed, token: &str, space: &str) -> Result<String> {
    let new = json!({"subject": "Suites de l’opération", "body": "Comment allez-vous ?"});
    let opened = deployed.api.post(&threads(space), Some(token), &new).await?;
    assert_eq!(opened.status, 201, "{}", opened.json());
    let id = opened.json()["threadId"].as_str().context("an id")?.to_owned();
    Ok(format!("{}/{id}", threads(space)))
}

/// Writes in a conversation.
pub(crate) async fn write(
    deployed: &Deployed,
    token: &str,
    thread: &str,
    body: &str,
) -> Result<Answer> {
    let path = format!("{thread}/messages");
    deployed.api.post(&path, Some(token), &json!({"body": body})).await
}

pub(crate) async fn read(deployed: &Deployed, token: &str, thread: &str) -> Result<Value> {
    deployed.api.get(thread, Some(token)).await?.ok()
}

fn bodies(thread: &Value) -> Vec<&str> {
    let items = thread["messages"]["items"].as_array();
    items.into_iter().flatten().filter_map(|message| message["body"].as_str()).collect()
}

fn without_instance(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body["instance"] = Value::Null;
    (answer.status.as_u16(), body)
}

#[tokio::test]
async fn a_professional_opens_the_person_answers_and_both_see_who_has_read() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let physician = api.professional(&rpps(), PHYSICIAN, None).await?;
    // No access is needed to write, and no person opens a conversation with a physician.
    let thread = open(&deployed, &physician, space).await?;
    let new = json!({"subject": "Question", "body": "Bonjour", "pharmacist": rpps()});
    let refused = api.post(&threads(space), Some(token), &new).await?;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (403, "not-a-pharmacy"));

    let list = api.get(&threads("me"), Some(token)).await?.ok()?;
    let item = &list["items"][0];
    assert_eq!((&item["unread"], &item["state"]), (&json!(1), &json!("open")));
    assert_eq!(item["correspondents"][0]["name"], "Camille Soignant");
    told(&deployed, patient.invited.person.text("email"), "a écrit dans l’espace", 1).await?;
    let whole = read(&deployed, token, &thread).await?;
    assert_eq!(bodies(&whole), ["Comment allez-vous ?"]);
    assert_eq!(whole["patient"], Value::Null);
    assert_eq!(whole["messages"]["items"][0]["author"]["professionName"], "Médecin");
    let put = |path: String, body: Value| async move {
        api.send(Method::PUT, &path, Some(token), Some(&body)).await
    };
    // Reading is not having read: that is said.
    assert_eq!(api.get(&threads("me"), Some(token)).await?.ok()?["items"][0]["unread"], 1);
    assert_eq!(put(format!("{thread}/read"), json!({"number": 1})).await?.status, 204);
    assert_eq!(api.get(&threads("me"), Some(token)).await?.ok()?["items"][0]["unread"], 0);
    assert_eq!(write(&deployed, token, &thread, "Mieux, merci.").await?.status, 201);
    let seen = read(&deployed, &physician, &thread).await?;
    assert_eq!(bodies(&seen), ["Comment allez-vous ?", "Mieux, merci."]);
    assert!(seen["messages"]["items"][0]["readAt"].is_string(), "{seen}");
    assert_eq!(seen["messages"]["items"][1]["readAt"], Value::Null);
    assert_eq!(seen["messages"]["items"][1]["author"]["kind"], "holder");
    let own = api.get("/v1/spaces/me", Some(token)).await?.ok()?;
    assert_eq!(seen["patient"]["lastName"], own["holder"]["lastName"]);
    assert_eq!(seen["unread"], 1);

    // Ended by the professional alone; what was said stays to be read.
    let closure = format!("{thread}/closure");
    assert_eq!(api.post(&closure, Some(token), &json!({})).await?.status, 403);
    assert_eq!(api.post(&closure, Some(&physician), &json!({})).await?.status, 204);
    for writer in [token, &physician] {
        let late = write(&deployed, writer, &thread, "Encore").await?;
        assert_eq!((late.status.as_u16(), late.problem().as_str()), (409, "thread-closed"));
    }
    assert_eq!(read(&deployed, token, &thread).await?["state"], "closed");
    let log = patient.get(&deployed, "/access-log").await?.ok()?;
    let actions: Vec<_> =
        log["items"].as_array().context("items")?.iter().map(|item| &item["action"]).collect();
    for action in ["openThread", "readThread", "answerThread", "closeThread"] {
        assert!(actions.contains(&&json!(action)), "{action} in {actions:?}");
    }
    assert!(!log.to_string().contains("Mieux, merci"));
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

#[tokio::test]
async fn who_takes_no_part_finds_nothing() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let physician = api.professional(&rpps(), PHYSICIAN, None).await?;
    let thread = open(&deployed, &physician, space).await?;
    // Another professional, who may even read the space's documents.
    let (_, other) = doctor(&deployed, &patient).await?;
    let (kept, id) = thread.rsplit_once('/').context("a path")?;
    let absent =
        format!("{kept}/{}", if id.starts_with('0') { "1" } else { "0" }.to_owned() + &id[1..]);
    for (method, end, body) in [
        (Method::GET, "", Value::Null),
        (Method::POST, "/messages", json!({"body": "Bonjour"})),
        (Method::PUT, "/read", json!({})),
        (Method::PUT, "/draft", json!({"body": "x"})),
        (Method::GET, "/draft", Value::Null),
        (Method::POST, "/closure", json!({})),
        (Method::PATCH, "", json!({"archived": true})),
        (Method::GET, "/messages/1/attachments/1/content", Value::Null),
    ] {
        let send = async |path: &str| {
            let body = (!body.is_null()).then_some(&body);
            api.send(method.clone(), &format!("{path}{end}"), Some(&other), body).await
        };
        let (hidden, nowhere) = (send(&thread).await?, send(&absent).await?);
        assert_eq!(hidden.status, 404, "{method} {end}: {}", hidden.json());
        assert_eq!(without_instance(&hidden), without_instance(&nowhere), "{method} {end}");
    }
    let list = api.get(&threads(space), Some(&other)).await?.ok()?;
    assert_eq!(list, json!({"items": [], "next": null}));
    // Blocked, the one who opened it finds no space at all.
    let number = {
        let items = api.get(&threads("me"), Some(&patient.token)).await?.ok()?;
        items["items"][0]["correspondents"][0]["rpps"].as_str().context("a number")?.to_owned()
    };
    patient.post(&deployed, "/blocks", &json!({"rpps": number})).await?.ok()?;
    let blocked = api.get(&thread, Some(&physician)).await?;
    let unknown = thread.replace(space.as_str(), "00000000000000000000000000");
    let nobody = api.get(&unknown, Some(&physician)).await?;
    assert_eq!(without_instance(&blocked), without_instance(&nobody));
    assert_eq!(blocked.status, 404);
    // Nor do insurers, agents, or those of no sector.
    let nobodies = [
        api.insurer().await?,
        api.support("agent-messages").await?,
        api.professional(&rpps(), "31", None).await?,
        api.professional(&rpps(), PHYSICIAN, Some("SM25")).await?,
    ];
    for token in &nobodies {
        assert_eq!(api.get(&threads(space), Some(token)).await?.status, 403);
        let new = json!({"subject": "Bonjour", "body": "Bonjour"});
        assert_eq!(api.post(&threads(space), Some(token), &new).await?.status, 403);
    }
    Ok(())
}

#[tokio::test]
async fn a_team_shares_its_box_and_social_workers_write() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let structure = format!("77{}", &rpps()[..7]);
    let one = api.professional_at(&rpps(), SOCIAL_WORKER, None, &structure).await?;
    let colleague = api.professional_at(&rpps(), SOCIAL_WORKER, None, &structure).await?;
    let elsewhere = api.professional_at(&rpps(), SOCIAL_WORKER, None, "990000001").await?;
    let thread = open(&deployed, &one, space).await?;
    assert_eq!(write(&deployed, &patient.token, &thread, "Oui").await?.status, 201);
    let id = thread.rsplit('/').next().context("an id")?;
    let inbox = "/v1/professionals/me/threads";
    let box_of = async |token: &str| api.get(inbox, Some(token)).await?.ok();
    let found = box_of(&colleague).await?;
    assert_eq!(found["items"][0]["threadId"], id);
    assert_eq!(found["items"][0]["spaceId"], space.as_str());
    assert_eq!(box_of(&elsewhere).await?["items"], json!([]));
    assert_eq!(read(&deployed, &colleague, &thread).await?["unread"], 1);
    // One of them reads for all.
    let path = format!("{thread}/read");
    assert_eq!(api.send(Method::PUT, &path, Some(&colleague), None).await?.status, 204);
    assert_eq!(read(&deployed, &one, &thread).await?["unread"], 0);
    assert_eq!(write(&deployed, &colleague, &thread, "Je prends le relais.").await?.status, 201);
    let names = read(&deployed, &patient.token, &thread).await?;
    assert_eq!(names["correspondents"].as_array().map(Vec::len), Some(2));
    // Alone, where that was said.
    let new = json!({"subject": "À vous seul", "body": "Bonjour", "team": false});
    let opened = api.post(&threads(space), Some(&one), &new).await?.ok()?;
    let alone = format!("{}/{}", threads(space), opened["threadId"].as_str().context("an id")?);
    assert_eq!(api.get(&alone, Some(&colleague)).await?.status, 404);
    let own = api.get(&format!("{inbox}?inbox=own"), Some(&one)).await?.ok()?;
    assert_eq!(own["items"].as_array().map(Vec::len), Some(1));
    // Pages, by sealed cursors.
    let first = api.get(&format!("{}?limit=1", threads("me")), Some(&patient.token)).await?.ok()?;
    let next = first["next"].as_str().context("a next page")?;
    let path = format!("{}?limit=1&cursor={next}", threads("me"));
    let second = api.get(&path, Some(&patient.token)).await?.ok()?;
    assert_ne!(first["items"][0]["threadId"], second["items"][0]["threadId"]);
    assert_eq!(second["next"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_pharmacy_may_be_written_to_first() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let number = rpps();
    let new = json!({"subject": "Renouvellement", "body": "Bonjour", "pharmacist": number});
    let refused = api.post(&threads("me"), Some(&patient.token), &new).await?;
    assert_eq!(refused.problem(), "not-a-pharmacy");
    let grant = json!({"rpps": number, "role": "correspondentPharmacist"});
    patient.post(&deployed, "/consents", &grant).await?.ok()?;
    let opened = api.post(&threads("me"), Some(&patient.token), &new).await?;
    assert_eq!(opened.status, 201, "{}", opened.json());
    let id = opened.json()["threadId"].as_str().context("an id")?.to_owned();
    let thread = format!("{}/{id}", threads(&patient.space_id));
    // Whatever the number turned out to be: a physician of that number takes no part.
    let physician = api.professional(&number, PHYSICIAN, None).await?;
    assert_eq!(api.get(&thread, Some(&physician)).await?.status, 404);
    let pharmacist = api.professional(&number, PHARMACIST, None).await?;
    assert_eq!(read(&deployed, &pharmacist, &thread).await?["unread"], 1);
    assert_eq!(write(&deployed, &pharmacist, &thread, "C’est prêt.").await?.status, 201);
    let inbox = "/v1/professionals/me/threads?inbox=own";
    let inbox = api.get(inbox, Some(&pharmacist)).await?.ok()?;
    assert_eq!(inbox["items"][0]["threadId"], id);
    Ok(())
}

#[tokio::test]
async fn what_is_joined_is_read_by_who_was_sent_it() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let (token, space) = (&patient.token, &patient.space_id);
    let (_, physician) = doctor(&deployed, &patient).await?;
    let stranger = api.professional(&rpps(), SOCIAL_WORKER, None).await?;
    let bytes = pdf("mon carnet");
    let own = deposit(&deployed, token, space, &entry(OWN, "Carnet"), bytes.clone()).await?.ok()?;
    let report = entry(REPORT, "Compte rendu");
    let theirs = deposit(&deployed, &physician, space, &report, pdf("cr")).await?.ok()?;
    let thread = open(&deployed, &stranger, space).await?;
    // Who may not read a document does not send it on; hidden is as good as absent.
    let join = async |writer: &str, document: &Value| {
        let body = json!({"body": "Ci-joint", "attachments": [document["documentId"]]});
        api.post(&format!("{thread}/messages"), Some(writer), &body).await
    };
    let refused = join(&stranger, &theirs).await?;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/attachments/0");
    let absent = json!({"documentId": "00000000000000000000000000"});
    let nowhere = join(&stranger, &absent).await?;
    assert_eq!(without_instance(&refused), without_instance(&nowhere));
    // The person sends what is theirs, also to one whom no column lets read it.
    assert_eq!(join(token, &own).await?.status, 201);
    let seen = read(&deployed, &stranger, &thread).await?;
    let attachment = &seen["messages"]["items"][1]["attachments"][0];
    assert_eq!((&attachment["title"], &attachment["position"]), (&json!("Carnet"), &json!(1)));
    let path = format!("{thread}/messages/2/attachments/1/content");
    let content = api.get(&path, Some(&stranger)).await?;
    assert_eq!(content.status, 200);
    assert!(content.body == bytes);
    assert_eq!(api.get(&path_of(space, &own), Some(&stranger)).await?.status, 403);
    let outside = api.get(&path, Some(&physician)).await?;
    assert_eq!(outside.status, 404, "a reader of the space takes no part by that");
    // Gone with its document.
    let gone = api.send(Method::DELETE, &path_of(space, &own), Some(token), None).await?;
    assert_eq!(gone.status, 204);
    let seen = read(&deployed, &stranger, &thread).await?;
    assert_eq!(seen["messages"]["items"][1]["attachments"], json!([]));
    assert_eq!(api.get(&path, Some(&stranger)).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_same_key_is_the_same_message_and_limits_are_told() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let physician = api.professional(&rpps(), PHYSICIAN, None).await?;
    let with_key = async |path: &str, token: &str, key: &str, body: &Value| {
        let request = api.request(Method::POST, path).bearer_auth(token);
        Answer::of(request.header("idempotency-key", key).json(body).send().await?).await
    };
    let new = json!({"subject": "Une fois", "body": "Bonjour"});
    let first = with_key(&threads(space), &physician, "k1", &new).await?.ok()?;
    let again = with_key(&threads(space), &physician, "k1", &new).await?.ok()?;
    assert_eq!(first, again);
    let other = json!({"subject": "Autre", "body": "Bonjour"});
    let taken = with_key(&threads(space), &physician, "k1", &other).await?;
    assert_eq!((taken.status.as_u16(), taken.problem().as_str()), (422, "idempotency-key-reused"));
    let thread = format!("{}/{}", threads(space), first["threadId"].as_str().context("an id")?);
    let path = format!("{thread}/messages");
    let answer = json!({"body": "Oui"});
    let one = with_key(&path, &patient.token, "k1", &answer).await?.ok()?;
    assert_eq!(with_key(&path, &patient.token, "k1", &answer).await?.ok()?, one);
    assert_eq!(bodies(&read(&deployed, &physician, &thread).await?), ["Bonjour", "Oui"]);
    let long = "é".repeat(50_001);
    let refused = write(&deployed, &patient.token, &thread, &long).await?;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["errors"][0]["code"].clone()),
        (422, json!("too-long"))
    );
    assert_eq!(write(&deployed, &patient.token, &thread, &long[2..]).await?.status, 201);
    let nothing = write(&deployed, &patient.token, &thread, " \n").await?;
    assert_eq!(nothing.json()["errors"][0]["code"], "missing-field");
    let eleven = json!({"body": "x", "attachments": vec!["x"; 11]});
    let many = api.post(&path, Some(&patient.token), &eleven).await?;
    assert_eq!(many.json()["errors"][0]["code"], "too-many");
    let page = api.get(&format!("{thread}?limit=201"), Some(&physician)).await?;
    assert_eq!((page.status.as_u16(), page.problem().as_str()), (400, "invalid-parameter"));
    for subject in ["", "  ", &"s".repeat(201)] {
        let new = json!({"subject": subject, "body": "Bonjour"});
        assert_eq!(api.post(&threads(space), Some(&physician), &new).await?.status, 422);
    }
    Ok(())
}

#[tokio::test]
async fn drafts_are_ones_own_and_what_is_put_away_comes_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let structure = format!("78{}", &rpps()[..7]);
    let one = api.professional_at(&rpps(), PHYSICIAN, None, &structure).await?;
    let colleague = api.professional_at(&rpps(), PHYSICIAN, None, &structure).await?;
    let thread = open(&deployed, &one, space).await?;
    let draft = format!("{thread}/draft");
    let keep = json!({"body": "À relire", "attachments": []});
    assert_eq!(api.send(Method::PUT, &draft, Some(&one), Some(&keep)).await?.status, 204);
    assert_eq!(api.get(&draft, Some(&one)).await?.ok()?["body"], "À relire");
    for other in [&colleague, &patient.token] {
        assert_eq!(api.get(&draft, Some(other)).await?.status, 404);
    }
    assert_eq!(write(&deployed, &one, &thread, "Voilà").await?.status, 201);
    assert_eq!(api.get(&draft, Some(&one)).await?.status, 404, "sent, it is no draft");
    assert_eq!(api.send(Method::PUT, &draft, Some(&one), Some(&keep)).await?.status, 204);
    assert_eq!(api.send(Method::DELETE, &draft, Some(&one), None).await?.status, 204);
    assert_eq!(api.get(&draft, Some(&one)).await?.status, 404);
    let away = json!({"archived": true});
    let put = api.send(Method::PATCH, &thread, Some(&patient.token), Some(&away)).await?;
    assert_eq!(put.status, 204);
    assert_eq!(read(&deployed, &patient.token, &thread).await?["archived"], true);
    assert_eq!(read(&deployed, &one, &thread).await?["archived"], false);
    assert_eq!(write(&deployed, &colleague, &thread, "Encore un mot").await?.status, 201);
    assert_eq!(read(&deployed, &patient.token, &thread).await?["archived"], false);
    Ok(())
}

#[tokio::test]
async fn a_search_finds_words_of_ones_own_conversations() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let patient = deployed.patient().await?;
    let space = &patient.space_id;
    let physician = api.professional(&rpps(), PHYSICIAN, None).await?;
    let thread = open(&deployed, &physician, space).await?;
    assert_eq!(write(&deployed, &patient.token, &thread, "Ma cicatrice rougit").await?.status, 201);
    let other = api.professional(&rpps(), PHYSICIAN, None).await?;
    let theirs = json!({"subject": "Cicatrice", "body": "Rien à voir"});
    api.post(&threads(space), Some(&other), &theirs).await?.ok()?;
    let find = async |token: &str, text: &str| {
        let path = format!("{}/search", threads(space));
        api.post(&path, Some(token), &json!({"text": text})).await?.ok()
    };
    let found = find(&patient.token, "CICATRICE").await?;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["next"], Value::Null);
    let mine = find(&physician, "cicatrice").await?;
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1), "{mine}");
    assert_eq!(mine["items"][0]["messages"], json!([2]));
    assert_eq!(find(&physician, "operation suites").await?["items"][0]["messages"], json!([]));
    assert_eq!(find(&physician, "introuvable").await?["items"], json!([]));
    Ok(())
}

/// A secret conversation of a minor, by a professional.
pub(crate) async fn secret(deployed: &Deployed, token: &str, child: &str) -> Result<Answer> {
    let new = json!({
        "subject": "Contraception", "body": "Confidentiel",
        "visibility": ["INVISIBLE_REPRESENTANTS_LEGAUX"],
    });
    deployed.api.post(&threads(child), Some(token), &new).await
}

#[tokio::test]
async fn what_is_secret_is_not_there_for_a_parent() -> Result<()> {
    let deployed = Deployed::load().await?;
    let api = &deployed.api;
    let today = espace_domain::paris_date(now().now());
    let family = deployed.family(&[jiff::civil::date(today.year() - 15, 2, 2)], 0).await?;
    let (holder, minor) = (&family.parents[0], &family.children[0]);
    let parent = deployed.activate_and_log_in(holder).await?;
    let proven = deployed.prove_for(&minor.person, &minor.code, &holder.person).await?.ok()?;
    let enrolment = json!({"enrolmentToken": proven["enrolmentToken"]});
    let attached = api.post("/v1/spaces/me/dependants", Some(&parent), &enrolment).await?.ok()?;
    let child = attached["spaceId"].as_str().context("a space")?.to_owned();
    let midwife = api.professional(&rpps(), "50", None).await?;
    let opened = secret(&deployed, &midwife, &child).await?;
    assert_eq!(opened.status, 201, "{}", opened.json());
    let id = opened.json()["threadId"].as_str().context("an id")?.to_owned();
    let list = api.get(&threads(&child), Some(&parent)).await?.ok()?;
    assert_eq!(list, json!({"items": [], "next": null}));
    let thread = format!("{}/{id}", threads(&child));
    let hidden = api.get(&thread, Some(&parent)).await?;
    let absent =
        api.get(&format!("{}/00000000000000000000000000", threads(&child)), Some(&parent)).await?;
    assert_eq!(without_instance(&hidden), without_instance(&absent));
    assert_eq!(hidden.status, 404);
    let path = format!("/v1/spaces/{child}/access-log");
    let log = api.get(&path, Some(&parent)).await?.ok()?;
    assert!(!log.to_string().contains("openThread"), "{log}");
    // What is not secret is, and a parent answers as such.
    let plain = open(&deployed, &midwife, &child).await?;
    // A secret document joined to it is not there for them, as one that is none.
    let mut hidden = entry(REPORT, "Contraception");
    hidden["visibility"] = json!(["INVISIBLE_REPRESENTANTS_LEGAUX"]);
    let hidden = deposit(&deployed, &midwife, &child, &hidden, pdf("s")).await?.ok()?;
    let with_it = json!({"body": "Pour toi", "attachments": [hidden["documentId"]]});
    api.post(&format!("{plain}/messages"), Some(&midwife), &with_it).await?.ok()?;
    let seen = read(&deployed, &parent, &plain).await?;
    assert_eq!(seen["messages"]["items"][1]["attachments"], json!([]));
    let at = |position: u32| format!("{plain}/messages/2/attachments/{position}/content");
    let (there, nowhere) =
        (api.get(&at(1), Some(&parent)).await?, api.get(&at(2), Some(&parent)).await?);
    assert_eq!(without_instance(&there), without_instance(&nowhere));
    assert_eq!(there.status, 404);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let log = api.get(&format!("/v1/spaces/{child}/access-log"), Some(&parent)).await?.ok()?;
    let secret_id = hidden["documentId"].as_str().context("an id")?;
    assert!(!log.to_string().contains(secret_id), "{log}");
    assert_eq!(write(&deployed, &parent, &plain, "Bien noté").await?.status, 201);
    let seen = read(&deployed, &midwife, &plain).await?;
    assert_eq!(seen["messages"]["items"][2]["author"]["kind"], "representative");
    Ok(())
}
