//! The bridge to secure mail: what professionals send becomes messages, what persons answer
//! goes out, what is odd or hostile is set aside with a reason, and nothing is lost or doubled.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use journeys::{Deployed, Patient, rpps};
use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use local_cloud::mssante::PATIENT_DOMAIN;
use local_cloud::trust_space::feed;
use reqwest::Method;
use serde_json::{Value, json};

use crate::emergencies::told;
use crate::messages::{read, threads};
use crate::vault::pdf;

/// A domain on the whitelist.
pub(crate) const DOMAIN: &str = "medecin.mssante.fr";

/// A professional with a mailbox in the directory.
pub(crate) struct Correspondent {
    pub(crate) rpps: String,
    pub(crate) address: String,
}

/// A physician whom the directory knows.
pub(crate) async fn correspondent(deployed: &Deployed) -> Result<Correspondent> {
    let number = rpps();
    let address = format!("anne.morel.{number}@{DOMAIN}");
    let mailbox = json!({
        "address": address, "rpps": number, "name": "Anne Morel", "profession": "10",
        "structure": format!("1C{number}"),
    });
    let lines = format!("{}\n{mailbox}\n", json!({"domain": DOMAIN}));
    ensure!(feed(&deployed.config, &deployed.stack, &lines).await? == 2);
    Ok(Correspondent { rpps: number, address })
}

/// A person's address: their number and its key.
pub(crate) fn address_of(patient: &Patient) -> String {
    let person = &patient.invited.person;
    format!("{}{}@{PATIENT_DOMAIN}", person.text("nir"), person.text("nirKey"))
}

/// A mail, by hand: what a professional's program writes.
fn mail(from: &str, to: &str, headers: &str, body: &str) -> String {
    format!("From: Dr Anne Morel <{from}>\r\nTo: <{to}>\r\n{headers}MIME-Version: 1.0\r\n{body}")
}

pub(crate) fn plain(from: &str, to: &str, id: &str, text: &str) -> String {
    let headers = format!("Subject: Vos =?utf-8?Q?r=C3=A9sultats?=\r\nMessage-ID: <{id}>\r\n");
    let body = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n");
    mail(from, to, &headers, &body)
}

/// Sends a mail as a professional's program does.
async fn smtp(deployed: &Deployed, from: &str, to: &str, raw: &str) -> Result<()> {
    let at = deployed.api.system().smtp.clone().context("an operator")?;
    let (host, port) =
        at.strip_prefix("smtp://").and_then(|at| at.rsplit_once(':')).context("a port")?;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port.parse()?)
        .build::<Tokio1Executor>();
    let envelope = Envelope::new(Some(from.parse()?), vec![to.parse()?])?;
    transport.send_raw(&envelope, raw.as_bytes()).await?;
    Ok(())
}

/// Puts a mail where the operator's gateway puts it; gives its name.
pub(crate) async fn put(deployed: &Deployed, from: &str, raw: Vec<u8>) -> Result<String> {
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let key = format!("incoming/{}{}.eml", rpps(), raw.len());
    let bucket = deployed.stack.output("MailBucket")?;
    let put = s3.put_object().bucket(bucket).key(&key).metadata("envelope-from", from);
    put.body(raw.into()).send().await?;
    Ok(key)
}

/// What became of a mail: the reason it was set aside for, or nothing where it is a message.
pub(crate) async fn ended(deployed: &Deployed, key: &str) -> Result<Option<String>> {
    let s3 = aws_sdk_s3::Client::new(&deployed.config);
    let bucket = deployed.stack.output("MailBucket")?;
    let text = |value: Option<&AttributeValue>| value.and_then(|v| v.as_s().ok()).cloned();
    let mut is_gone = false;
    for _ in 0..300 {
        let items = deployed.items("MailsTable").await?;
        let place = key.replace("incoming/", "aside/");
        let aside = items.iter().find(|item| text(item.get("object")).as_ref() == Some(&place));
        if let Some(reason) = aside.and_then(|item| text(item.get("reason"))) {
            let kept = s3.head_object().bucket(bucket).key(place).send().await;
            ensure!(kept.is_ok(), "{key} was set aside and is gone");
            return Ok(Some(reason));
        }
        if is_gone {
            return Ok(None);
        }
        // It may have been set aside since the table was read: that is read once more.
        is_gone = s3.head_object().bucket(bucket).key(key).send().await.is_err();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("{key} is still there")
}

/// The one conversation of a person, once it has so many messages.
pub(crate) async fn conversation(
    deployed: &Deployed,
    patient: &Patient,
    count: u64,
) -> Result<Value> {
    for _ in 0..300 {
        let list = deployed.api.get(&threads("me"), Some(&patient.token)).await?.ok()?;
        let items = list["items"].as_array().context("items")?;
        if let [one] = items.as_slice()
            && one["messagesCount"].as_u64() == Some(count)
        {
            let id = one["threadId"].as_str().context("an id")?;
            return read(deployed, &patient.token, &format!("{}/{id}", threads("me"))).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("no conversation of {count} messages")
}

/// Mails that went out to an address.
pub(crate) async fn sent(deployed: &Deployed, to: &str, count: usize) -> Result<Vec<String>> {
    for _ in 0..300 {
        let mail = deployed.api.mail().await?;
        let to_them: Vec<_> =
            mail.into_iter().filter(|m| m.channel == "mssante" && m.to == to).collect();
        if to_them.len() >= count {
            ensure!(to_them.len() == count, "{} mails to {to}", to_them.len());
            return Ok(to_them.into_iter().map(|mail| mail.body).collect());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("no mail to {to}")
}

#[tokio::test]
async fn a_mail_becomes_a_message_and_its_answer_a_mail() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    let to = address_of(&patient);
    let first = plain(&doctor.address, &to, "m1@medecin.mssante.fr", "Tout va bien.");
    smtp(&deployed, &doctor.address, &to, &first).await?;
    let thread = conversation(&deployed, &patient, 1).await?;
    assert_eq!(thread["subject"], "Vos résultats");
    let message = &thread["messages"]["items"][0];
    assert_eq!((&message["body"], &message["byMail"]), (&json!("Tout va bien."), &json!(true)));
    assert_eq!(message["author"]["name"], "Anne Morel");
    assert_eq!(message["author"]["id"], json!(doctor.rpps));
    told(&deployed, patient.invited.person.text("email"), "a écrit dans l’espace", 1).await?;
    // The same mail again, late: it is the same message.
    smtp(&deployed, &doctor.address, &to, &first).await?;
    let key = put(&deployed, &doctor.address, first.clone().into_bytes()).await?;
    assert_eq!(ended(&deployed, &key).await?, None);
    conversation(&deployed, &patient, 1).await?;

    // A CDA and a PDF of the space go with the answer.
    let id = thread["threadId"].as_str().context("an id")?;
    let path = format!("{}/{id}", threads("me"));
    let own = crate::vault::entry(crate::vault::OWN, "Mon carnet");
    let token = &patient.token;
    let document = crate::vault::deposit(&deployed, token, &patient.space_id, &own, pdf("x"));
    let document = document.await?.ok()?;
    let body = json!({"body": "Merci !\nÀ bientôt", "attachments": [document["documentId"]]});
    let answer = deployed.api.post(&format!("{path}/messages"), Some(token), &body).await?;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let out = sent(&deployed, &doctor.address, 1).await?;
    // A long name is folded (RFC 5322 section 2.2.3).
    let raw = &out[0].replace("\r\n", "\n").replace("\n ", " ");
    let header = |name: &str| {
        let line = raw.lines().find(|line| line.to_lowercase().starts_with(name));
        line.unwrap_or_default().to_owned()
    };
    assert!(header("from:").contains(&to), "{raw}");
    assert!(header("in-reply-to:").contains("m1@medecin.mssante.fr"), "{raw}");
    let own_id = header("message-id:");
    assert!(own_id.contains(&format!("{id}.2@{PATIENT_DOMAIN}")), "{own_id}");
    assert!(raw.contains("Mon carnet") || raw.contains("Mon%20carnet"), "{raw}");
    // A CDA goes within an archive.
    let person = &patient.invited.person;
    let letter = crate::vault::cda(person.text("nir"), person.text("nirKey"));
    let theirs = deployed.api.professional(&rpps(), "10", None).await?;
    let nothing = json!({});
    let letter = crate::vault::deposit(&deployed, &theirs, &patient.space_id, &nothing, letter);
    let letter = letter.await?.ok()?;
    let body = json!({"body": "La lettre", "attachments": [letter["documentId"]]});
    deployed.api.post(&format!("{path}/messages"), Some(token), &body).await?.ok()?;
    let out = sent(&deployed, &doctor.address, 2).await?;
    assert!(out[1].contains("filename=\"IHE_XDM.ZIP\""), "{}", out[1]);
    // The doctor's program answers that: it goes on in the same conversation.
    let reply = mail(
        &doctor.address,
        &to,
        &format!(
            "Subject: Re: x\r\nMessage-ID: <m2@{DOMAIN}>\r\nIn-Reply-To: <{id}.2@{PATIENT_DOMAIN}>\r\n"
        ),
        "\r\nParfait.\r\n",
    );
    smtp(&deployed, &doctor.address, &to, &reply).await?;
    let thread = conversation(&deployed, &patient, 4).await?;
    assert_eq!(thread["messages"]["items"][3]["body"], "Parfait.");
    // Logged in, the same professional finds it in their box.
    let at = format!("1C{}", doctor.rpps);
    let there = deployed.api.professional_at(&doctor.rpps, "10", None, &at).await?;
    let inbox = "/v1/professionals/me/threads?inbox=own";
    let found = deployed.api.get(inbox, Some(&there)).await?.ok()?;
    assert_eq!(found["items"][0]["threadId"], id);
    // Kept out, they are told nothing more, and find nothing.
    patient.post(&deployed, "/blocks", &json!({"rpps": doctor.rpps})).await?.ok()?;
    let last = json!({"body": "Entre nous"});
    deployed.api.post(&format!("{path}/messages"), Some(token), &last).await?.ok()?;
    for _ in 0..100 {
        let left = deployed.items("FollowUpsTable").await?;
        if left.iter().all(|item| item["spaceId"].as_s().ok() != Some(&patient.space_id)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    deployed.fire("mssante").await?;
    sent(&deployed, &doctor.address, 2).await?;
    let found = deployed.api.get(inbox, Some(&there)).await?.ok()?;
    assert_eq!(found["items"], json!([]));
    assert!(patient.verified(&deployed).await?);
    Ok(())
}

/// A mail with files.
pub(crate) fn with_files(from: &str, to: &str, files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut raw = mail(
        from,
        to,
        &format!("Subject: Pieces\r\nMessage-ID: <f{}@{DOMAIN}>\r\n", rpps()),
        "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\nCi-joint.\r\n",
    );
    for (name, bytes) in files {
        let encoded = data_encoding::BASE64_MIME.encode(bytes);
        let part = format!(
            "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; \
             filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
        );
        raw.push_str(&part);
    }
    raw.push_str("--b--\r\n");
    raw.into_bytes()
}

/// A letter in CDA about a person.
fn cda(patient: &Patient) -> Vec<u8> {
    let person = &patient.invited.person;
    crate::vault::cda(person.text("nir"), person.text("nirKey"))
}

#[tokio::test]
async fn a_file_of_a_mail_is_read_and_filed_with_where_it_came_from() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    let to = address_of(&patient);
    let letter = cda(&patient);
    let archive = espace_mail::pack_xdm(&letter, ("Lettre", "1.2.3"), "x")?;
    let report = pdf("résultats");
    let files = [
        ("IHE_XDM.ZIP", archive),
        ("resultats.pdf", report.clone()),
        ("winmail.dat", b"\x78\x9f\x3e\x22 odd".to_vec()),
    ];
    let key = put(&deployed, &doctor.address, with_files(&doctor.address, &to, &files)).await?;
    assert_eq!(ended(&deployed, &key).await?, None);
    let thread = conversation(&deployed, &patient, 1).await?;
    let joined = thread["messages"]["items"][0]["attachments"].as_array().context("files")?;
    let shown: Vec<_> =
        joined.iter().map(|file| (file["kind"].as_str(), file["title"].as_str())).collect();
    let expected = [
        (Some("file"), Some("DOC0001.XML")),
        (Some("file"), Some("resultats.pdf")),
        (Some("refused"), Some("winmail.dat")),
    ];
    assert_eq!(shown, expected);
    let id = thread["threadId"].as_str().context("an id")?;
    let at = |position: u32, end: &str| {
        format!("{}/{id}/messages/1/attachments/{position}/{end}", threads("me"))
    };
    let token = Some(patient.token.as_str());
    let content = deployed.api.get(&at(2, "content"), token).await?;
    assert!(content.body == report);
    assert_eq!(deployed.api.get(&at(3, "content"), token).await?.status, 404);
    // Filed in one call: a CDA says all of itself.
    let made = deployed.api.post(&at(1, "document"), token, &json!({})).await?;
    assert_eq!(made.status, 201, "{}", made.json());
    let made = made.json();
    assert_eq!(deployed.api.post(&at(1, "document"), token, &json!({})).await?.ok()?, made);
    let document = format!("/v1/spaces/me/documents/{}", made["documentId"].as_str().context("")?);
    let entry = deployed.api.get(&document, token).await?.ok()?;
    assert_eq!(entry["provenance"]["sender"], "Anne Morel");
    assert_eq!(entry["provenance"]["threadId"], id);
    assert_eq!(entry["contentType"], "application/cda+xml");
    // A PDF needs to be told what it is; its name is its title, its day that of the message.
    let untyped = deployed.api.post(&at(2, "document"), token, &json!({})).await?;
    assert_eq!(untyped.json()["errors"][0]["pointer"], "/typeCode");
    let kind = json!({"typeCode": "11502-2"});
    let named = deployed.api.post(&at(2, "document"), token, &kind).await?.ok()?;
    let path = format!("/v1/spaces/me/documents/{}", named["documentId"].as_str().context("")?);
    assert_eq!(deployed.api.get(&path, token).await?.ok()?["title"], "resultats.pdf");
    // What becomes of the document leaves the message.
    assert_eq!(deployed.api.send(Method::DELETE, &path, token, None).await?.status, 204);
    assert!(deployed.api.get(&at(2, "content"), token).await?.body == report);
    // The vault's sweep, two days on, leaves the files of mails.
    deployed.fire_as_of("sweep", journeys::in_days(2).now()).await?;
    assert!(deployed.api.get(&at(2, "content"), token).await?.body == report);
    Ok(())
}

#[tokio::test]
async fn another_persons_document_is_not_filed() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let other = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    let files = [("lettre.xml", cda(&other))];
    let key =
        put(&deployed, &doctor.address, with_files(&doctor.address, &address_of(&patient), &files))
            .await?;
    assert_eq!(ended(&deployed, &key).await?, None);
    let thread = conversation(&deployed, &patient, 1).await?;
    let id = thread["threadId"].as_str().context("an id")?;
    let path = format!("{}/{id}/messages/1/attachments/1/document", threads("me"));
    let refused = deployed.api.post(&path, Some(&patient.token), &json!({})).await?;
    assert_eq!(refused.problem(), "another-patient");
    Ok(())
}

#[tokio::test]
async fn whom_nobody_trusts_or_nobody_is_there_for_is_set_aside() -> Result<()> {
    let deployed = Deployed::load().await?;
    let patient = deployed.patient().await?;
    let opposed = deployed.opposed().await?;
    let closed = deployed.patient().await?;
    deployed.close(&closed).await?;
    let blocking = deployed.patient().await?;
    let doctor = correspondent(&deployed).await?;
    blocking.post(&deployed, "/blocks", &json!({"rpps": doctor.rpps})).await?.ok()?;
    let to = address_of(&patient);
    let unknown = format!("1850578006084{:02}@{PATIENT_DOMAIN}", 97 - 1_850_578_006_084_u64 % 97);
    let from = |from: &str, to: &str| plain(from, to, &format!("{}@{DOMAIN}", rpps()), "Bonjour");
    let cases = [
        (from("x@gmail.com", &to), "untrusted"),
        (from(&format!("nobody.{}@{DOMAIN}", rpps()), &to), "unknownSender"),
        (from(&doctor.address, &unknown), "noMailbox"),
        (from(&doctor.address, &address_of(&opposed)), "noMailbox"),
        (from(&doctor.address, &address_of(&closed)), "noMailbox"),
        (from(&doctor.address, &address_of(&blocking)), "noMailbox"),
    ];
    for (raw, reason) in cases {
        let by = raw.split(['<', '>']).nth(1).context("an address")?.to_owned();
        let key = put(&deployed, &by, raw.into_bytes()).await?;
        assert_eq!(ended(&deployed, &key).await?.as_deref(), Some(reason));
    }
    // Who sends under another's name is not believed, whoever they are.
    let other = correspondent(&deployed).await?;
    let forged = from(&doctor.address, &to).into_bytes();
    let key = put(&deployed, &other.address, forged).await?;
    assert_eq!(ended(&deployed, &key).await?.as_deref(), Some("sender"));
    // The sender is told the same of each: nobody is there.
    let told = sent(&deployed, &doctor.address, 4).await?;
    let bodies: Vec<_> =
        told.iter().map(|raw| raw.split_once("\r\n\r\n").map_or("", |(_, body)| body)).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    let list = deployed.api.get(&threads("me"), Some(&patient.token)).await?.ok()?;
    assert_eq!(list["items"], json!([]));
    Ok(())
}
