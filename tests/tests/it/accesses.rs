//! A professional and a patient: finding, coming in, being kept out.

use anyhow::{Context, Result};
use espace_domain::SystemClock;
use futures_util::future::join_all;
use journeys::{Deployed, Patient, in_days, now, rpps};
use local_cloud::api::Answer;
use reqwest::Method;
use serde_json::{Value, json};

const PHYSICIAN: &str = "10";

fn normal(code: Option<&str>) -> Value {
    let mut access = json!({"mode": "normal", "attestation": "oral"});
    if let Some(code) = code {
        access["presenceCode"] = json!(code);
    }
    access
}

async fn open(deployed: &Deployed, token: &str, space: &str, access: &Value) -> Result<Answer> {
    deployed.api.post(&format!("/v1/spaces/{space}/accesses"), Some(token), access).await
}

fn search_of(patient: &Patient, with_nir: bool) -> Value {
    let person = &patient.invited.person;
    let mut search = json!({"birthName": person.text("birthName"),
        "firstName": person.0["firstNames"][0], "birthDate": person.text("birthDate")});
    if with_nir {
        search["nir"] = json!(person.text("nir"));
    }
    search
}

#[tokio::test]
async fn a_first_access_takes_presence_and_a_withdrawal_takes_it_back() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, number) = (deployed.patient().await?, rpps());
    let doctor = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let other = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let space = &patient.space_id;

    let refused = open(&deployed, &doctor, space, &normal(None)).await?;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (403, "presence-required"));
    let code = patient.presence_code(&deployed).await?;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = open(&deployed, &doctor, space, &normal(Some(wrong))).await?;
    assert_eq!(refused.problem(), "presence-required");
    let opened = open(&deployed, &doctor, space, &normal(Some(&code))).await?;
    assert_eq!(opened.status, 201, "{}", opened.json());
    assert_eq!(opened.json()["mode"], "normal");
    // It served once.
    let replayed = open(&deployed, &other, space, &normal(Some(&code))).await?;
    assert_eq!(replayed.problem(), "presence-required");
    // Later, consent stands.
    assert_eq!(open(&deployed, &doctor, space, &normal(None)).await?.status, 201);

    let consents = patient.get(&deployed, "/consents").await?.ok()?;
    let grant = &consents["professionals"][0];
    assert_eq!(grant["rpps"], json!(number));
    assert_eq!((&grant["name"], &grant["given"]), (&json!("Camille Soignant"), &json!("oral")));
    assert_eq!(grant["professionName"], "Médecin");
    let path = format!("/v1/spaces/me/consents/{}", grant["grantId"].as_str().context("id")?);
    let api = &deployed.api;
    let gone = api.send(Method::DELETE, &path, Some(&patient.token), None).await?;
    assert_eq!(gone.status, 204);
    let again = api.send(Method::DELETE, &path, Some(&patient.token), None).await?;
    assert_eq!(again.status, 404);
    let refused = open(&deployed, &doctor, space, &normal(None)).await?;
    assert_eq!(refused.problem(), "presence-required");
    Ok(())
}

#[tokio::test]
async fn a_presence_code_stands_five_tries_even_all_at_once() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let code = patient.presence_code(&deployed).await?;
    let wrong = |n: u32| format!("{:06}", (code.parse::<u32>().unwrap_or(0) + n) % 1_000_000);
    let tries = (1..=12).map(|n| {
        let (deployed, doctor, space) = (&deployed, &doctor, &patient.space_id);
        let access = normal(Some(&wrong(n)));
        async move { open(deployed, doctor, space, &access).await }
    });
    for answer in join_all(tries).await {
        assert_eq!(answer?.problem(), "presence-required");
    }
    let late = open(&deployed, &doctor, &patient.space_id, &normal(Some(&code))).await?;
    assert_eq!(late.problem(), "presence-required", "the right code after five wrong ones");
    // Whoever used theirs up, or may not come in at all, left the patient's to others.
    let support = deployed.api.support("A-17").await?;
    for _ in 0..6 {
        let guess = normal(Some(&wrong(1)));
        assert_eq!(open(&deployed, &support, &patient.space_id, &guess).await?.status, 403);
    }
    let other = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let opened = open(&deployed, &other, &patient.space_id, &normal(Some(&code))).await?;
    assert_eq!(opened.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_colleague_is_let_in_too_unless_they_were_sent_away() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, space) = {
        let patient = deployed.patient().await?;
        let space = patient.space_id.clone();
        (patient, space)
    };
    let clinic = format!("1F{}", rpps());
    let (first, second) = (rpps(), rpps());
    let at = |number: String| {
        let (api, clinic) = (deployed.api.clone(), clinic.clone());
        async move { api.professional_at(&number, PHYSICIAN, None, &clinic).await }
    };
    let (doctor, colleague) = (at(first.clone()).await?, at(second.clone()).await?);
    let elsewhere = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let code = patient.presence_code(&deployed).await?;
    open(&deployed, &doctor, &space, &normal(Some(&code))).await?.ok()?;
    assert_eq!(open(&deployed, &colleague, &space, &normal(None)).await?.status, 201);
    let refused = open(&deployed, &elsewhere, &space, &normal(None)).await?;
    assert_eq!(refused.problem(), "presence-required");

    // Sent away and let back, the colleague's consent is not theirs.
    let api = &deployed.api;
    let block = json!({"rpps": second});
    let blocked = api.post("/v1/spaces/me/blocks", Some(&patient.token), &block).await?.ok()?;
    let path = format!("/v1/spaces/me/blocks/{}", blocked["blockId"].as_str().context("id")?);
    api.send(Method::DELETE, &path, Some(&patient.token), None).await?;
    let refused = open(&deployed, &colleague, &space, &normal(None)).await?;
    assert_eq!(refused.problem(), "presence-required");
    // Come in elsewhere later, the first brings nobody of there along.
    let hospital = format!("1F{}", rpps());
    let there = deployed.api.professional_at(&first, PHYSICIAN, None, &hospital).await?;
    assert_eq!(open(&deployed, &there, &space, &normal(None)).await?.status, 201);
    let nurse = deployed.api.professional_at(&rpps(), "60", None, &hospital).await?;
    let refused = open(&deployed, &nurse, &space, &normal(None)).await?;
    assert_eq!(refused.problem(), "presence-required");
    // Withdrawn from the first, nobody of the structure is left.
    let third = at(rpps()).await?;
    assert_eq!(open(&deployed, &third, &space, &normal(None)).await?.status, 201);
    let consents = patient.get(&deployed, "/consents").await?.ok()?;
    let grant = consents["professionals"][0]["grantId"].as_str().context("id")?;
    let path = format!("/v1/spaces/me/consents/{grant}");
    api.send(Method::DELETE, &path, Some(&patient.token), None).await?;
    let refused = open(&deployed, &third, &space, &normal(None)).await?;
    assert_eq!(refused.problem(), "presence-required");
    Ok(())
}

#[tokio::test]
async fn consent_given_in_the_space_ends_when_it_says() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, number) = (deployed.patient().await?, rpps());
    let doctor = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let clock = espace_domain::Clock::now(&SystemClock).as_second();
    let until = |days: i64| jiff::Timestamp::from_second(clock + days * 86_400).unwrap();
    let past = json!({"rpps": number, "until": until(-1)});
    let refused = patient.post(&deployed, "/consents", &past).await?;
    assert_eq!(refused.json()["errors"][0]["code"], "past-date");
    let given = json!({"rpps": number, "role": "treatingDoctor", "until": until(30)});
    let first = patient.post(&deployed, "/consents", &given).await?.ok()?;
    let again = patient.post(&deployed, "/consents", &given).await?.ok()?;
    assert_eq!(first["grantId"], again["grantId"], "given again, it keeps its name");
    assert_eq!(open(&deployed, &doctor, &patient.space_id, &normal(None)).await?.status, 201);

    // The token ends long before: what is asked here is the consent's end.
    let consent = deployed.consent(&[], now()).await?;
    let listed = consent.send("GET", "/v1/spaces/me/consents", Some(&patient.token), None).await?;
    assert_eq!(listed.json()["professionals"][0]["role"], "treatingDoctor");
    let tie = espace_domain::Tie {
        grant: Some(espace_domain::Grant {
            grant_id: espace_domain::GrantId::from_bytes([0; 16]),
            role: None,
            until: Some(until(30)),
            since: until(0),
            given: espace_domain::ConsentForm::InSpace,
            structure: None,
        }),
        ..espace_domain::Tie::new(&number)
    };
    assert!(tie.consented_at(None, in_days(29).now()));
    assert!(!tie.consented_at(None, in_days(31).now()));

    // One treating doctor at a time.
    let successor = json!({"rpps": rpps(), "role": "treatingDoctor"});
    patient.post(&deployed, "/consents", &successor).await?.ok()?;
    let consents = patient.get(&deployed, "/consents").await?.ok()?;
    let roles: Vec<_> = consents["professionals"]
        .as_array()
        .context("a list")?
        .iter()
        .map(|grant| (grant["rpps"] == successor["rpps"], grant["role"].clone()))
        .collect();
    assert_eq!(roles, [(true, json!("treatingDoctor")), (false, Value::Null)]);
    Ok(())
}

#[tokio::test]
async fn an_end_set_later_ends_it_for_colleagues_too() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, number) = (deployed.patient().await?, rpps());
    let clinic = format!("1F{}", rpps());
    let doctor = deployed.api.professional_at(&number, PHYSICIAN, None, &clinic).await?;
    let code = patient.presence_code(&deployed).await?;
    open(&deployed, &doctor, &patient.space_id, &normal(Some(&code))).await?.ok()?;
    let consents = patient.get(&deployed, "/consents").await?.ok()?;
    assert_eq!(consents["professionals"][0]["structure"], json!(clinic));
    let now_s = espace_domain::Clock::now(&SystemClock).as_second();
    let soon = jiff::Timestamp::from_second(now_s + 4)?;
    let ending = json!({"rpps": number, "until": soon});
    patient.post(&deployed, "/consents", &ending).await?.ok()?;
    let colleague = deployed.api.professional_at(&rpps(), PHYSICIAN, None, &clinic).await?;
    assert_eq!(open(&deployed, &colleague, &patient.space_id, &normal(None)).await?.status, 201);
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    for token in [&doctor, &colleague] {
        let refused = open(&deployed, token, &patient.space_id, &normal(None)).await?;
        assert_eq!(refused.problem(), "presence-required");
    }
    Ok(())
}

#[tokio::test]
async fn an_emergency_is_a_way_in_unless_the_patient_objected() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let (doctor, regulator) = (
        deployed.api.professional(&rpps(), PHYSICIAN, None).await?,
        deployed.api.professional(&rpps(), "SAMU", None).await?,
    );
    let space = &patient.space_id;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    let regulation = json!({"mode": "regulation"});
    let short = json!({"mode": "breakGlass", "reason": "vite"});
    let refused = open(&deployed, &doctor, space, &short).await?;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/reason");
    assert_eq!(open(&deployed, &doctor, space, &glass).await?.json()["mode"], "breakGlass");
    let refused = open(&deployed, &doctor, space, &regulation).await?;
    assert_eq!(refused.problem(), "not-regulator");
    assert_eq!(open(&deployed, &regulator, space, &regulation).await?.status, 201);

    let objected = json!({"regulation": false, "breakGlass": false, "showMasked": true});
    let path = "/v1/spaces/me/consents/emergency";
    let api = &deployed.api;
    let set = api.send(Method::PUT, path, Some(&patient.token), Some(&objected)).await?;
    assert_eq!(set.ok()?, objected);
    for (token, access) in [(&doctor, &glass), (&regulator, &regulation)] {
        let refused = open(&deployed, token, space, access).await?;
        assert_eq!(refused.problem(), "emergency-objected");
    }
    let consents = patient.get(&deployed, "/consents").await?.ok()?;
    assert_eq!(consents["emergency"], objected);
    Ok(())
}

#[tokio::test]
async fn a_patient_is_found_by_all_their_traits_or_not_at_all() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = deployed.api.professional(&rpps(), PHYSICIAN, None).await?;
    let api = &deployed.api;
    let find = |search: Value| {
        let doctor = doctor.clone();
        async move { api.post("/v1/spaces/search", Some(&doctor), &search).await }
    };
    for with_nir in [true, false] {
        let found = find(search_of(&patient, with_nir)).await?.ok()?;
        assert_eq!(found["spaceId"], json!(patient.space_id), "with NIR: {with_nir}");
    }
    let mut plain = search_of(&patient, true);
    let name = plain["birthName"].as_str().context("a name")?.to_lowercase().replace('-', " ");
    plain["birthName"] = json!(name);
    assert_eq!(find(plain).await?.status, 200, "however it is typed");
    for (field, value) in [
        ("birthName", json!("Personne")),
        ("firstName", json!("Personne")),
        ("birthDate", json!("1901-01-01")),
    ] {
        for with_nir in [true, false] {
            let mut wrong = search_of(&patient, with_nir);
            wrong[field] = value.clone();
            assert_eq!(find(wrong).await?.problem(), "not-found", "{field}");
        }
    }
    // Someone invited, who has no space yet, is nobody.
    let invited = deployed.invite(0).await?;
    let nobody = Patient { invited, ..patient.clone() };
    assert_eq!(find(search_of(&nobody, true)).await?.problem(), "not-found");
    let bad =
        find(json!({"nir": "1", "birthName": "", "firstName": "A", "birthDate": "1980-01-01"}));
    assert_eq!(bad.await?.json()["errors"][0]["pointer"], "/nir");
    Ok(())
}

#[tokio::test]
async fn searching_is_slowed_down_by_person_and_by_place() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let clinic = format!("1F{}", rpps());
    let limits =
        [("ESPACE_SEARCHES_PER_PROFESSIONAL", "2"), ("ESPACE_SEARCHES_PER_STRUCTURE", "3")];
    let search = deployed.search(&limits, now()).await?;
    let body = search_of(&patient, true);
    let mut statuses = Vec::new();
    for number in [rpps(), rpps()] {
        let token = deployed.api.professional_at(&number, PHYSICIAN, None, &clinic).await?;
        for _ in 0..3 {
            let answer =
                search.send("POST", "/v1/spaces/search", Some(&token), Some(&body)).await?;
            if answer.status == 429 {
                assert!(answer.headers.contains_key("retry-after"));
            }
            statuses.push(answer.status.as_u16());
        }
    }
    // Two each; what one is refused is not counted against their colleagues.
    assert_eq!(statuses, [200, 200, 429, 200, 429, 429]);
    Ok(())
}

#[tokio::test]
async fn to_the_blocked_a_patient_is_nobody() -> Result<()> {
    let deployed = Deployed::load().await?;
    let number = rpps();
    let doctor = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let blocking = deployed.patient().await?;
    let code = blocking.presence_code(&deployed).await?;
    open(&deployed, &doctor, &blocking.space_id, &normal(Some(&code))).await?.ok()?;
    let block = json!({"rpps": number});
    let first = blocking.post(&deployed, "/blocks", &block).await?.ok()?;
    assert_eq!(blocking.post(&deployed, "/blocks", &block).await?.ok()?, first);
    let refused = blocking.post(&deployed, "/consents", &block).await?;
    assert_eq!(refused.problem(), "professional-blocked");
    let closed = deployed.patient().await?;
    deployed.close(&closed).await?;
    let opposed = deployed.opposed().await?;
    let spaces = [blocking.space_id.clone(), closed.space_id.clone(), "0".repeat(26)];

    // The same bytes and the same backend calls, in every mode and in a search.
    let consent = deployed.consent(&[], now()).await?;
    let warm = deployed.patient().await?.space_id;
    let path = |space: &str| format!("/v1/spaces/{space}/accesses");
    consent.send("POST", &path(&warm), Some(&doctor), Some(&normal(None))).await?;
    let glass = json!({"mode": "breakGlass", "reason": "Patient inconscient aux urgences"});
    for access in [normal(None), normal(Some("123456")), glass, json!({"mode": "regulation"})] {
        let mut seen = Vec::new();
        for space in &spaces {
            consent.calls();
            let answer = consent.send("POST", &path(space), Some(&doctor), Some(&access)).await?;
            let mut body = answer.json();
            body["instance"] = json!("");
            seen.push((answer.status.as_u16(), body, consent.calls()));
        }
        assert_eq!(seen[0].0, 404);
        assert!(seen.iter().all(|one| *one == seen[0]), "{access}: {seen:#?}");
    }
    let search = deployed.search(&[], now()).await?;
    let nobody = Patient { invited: deployed.invite(0).await?, ..closed.clone() };
    search
        .send("POST", "/v1/spaces/search", Some(&doctor), Some(&search_of(&nobody, true)))
        .await?;
    for with_nir in [true, false] {
        let mut seen = Vec::new();
        for patient in [&blocking, &closed, &opposed, &nobody] {
            search.calls();
            let body = search_of(patient, with_nir);
            let answer =
                search.send("POST", "/v1/spaces/search", Some(&doctor), Some(&body)).await?;
            let mut body = answer.json();
            body["instance"] = json!("");
            seen.push((answer.status.as_u16(), body, search.calls()));
        }
        assert_eq!(seen[0].0, 404);
        assert!(seen.iter().all(|one| *one == seen[0]), "with NIR {with_nir}: {seen:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn as_consent_is_withdrawn_nobody_slips_in_behind_it() -> Result<()> {
    let deployed = Deployed::load().await?;
    let (patient, number) = (deployed.patient().await?, rpps());
    let doctor = deployed.api.professional(&number, PHYSICIAN, None).await?;
    let consent = deployed.consent(&[], now()).await?;
    let (own, path) = (Some(patient.token.as_str()), format!("/v1/spaces/{}", patient.space_id));
    for _ in 0..6 {
        let given = consent
            .send("POST", &format!("{path}/consents"), own, Some(&json!({"rpps": number})))
            .await?
            .ok()?;
        let grant = format!("{path}/consents/{}", given["grantId"].as_str().context("id")?);
        let accesses = format!("{path}/accesses");
        let access = normal(None);
        let opening = (0..4).map(|_| consent.send("POST", &accesses, Some(&doctor), Some(&access)));
        let withdrawing = async {
            // Refused as overtaken, it is asked for again, as a client would.
            for _ in 0..20 {
                let answer = consent.send("DELETE", &grant, own, None).await?;
                if answer.status != 503 {
                    return Ok::<_, anyhow::Error>(answer.status.as_u16());
                }
            }
            Ok(503)
        };
        let (_, withdrawn) = tokio::join!(join_all(opening), withdrawing);
        assert_eq!(withdrawn?, 204);
        let late = consent.send("POST", &accesses, Some(&doctor), Some(&access)).await?;
        assert_eq!(late.problem(), "presence-required");
    }
    // In the order of the chain no access follows the withdrawal before it.
    let log = patient.get(&deployed, "/access-log?limit=200").await?.ok()?;
    let mut may_enter = false;
    for trace in log["items"].as_array().context("items")?.iter().rev() {
        match (trace["action"].as_str(), trace["outcome"].as_str()) {
            (Some("giveConsent"), _) => may_enter = true,
            (Some("withdrawConsent"), _) => may_enter = false,
            (Some("openAccess"), Some("allowed")) => assert!(may_enter, "{trace}"),
            _ => {}
        }
    }
    assert!(patient.verified(&deployed).await?);
    Ok(())
}
