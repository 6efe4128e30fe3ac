//! Families: children and protected adults, in one sitting.

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::date;
use journeys::{Deployed, Family, Invited, PASSWORD};
use local_cloud::api::Person;
use local_cloud::mail::Message;
use serde_json::{Value, json};

/// Persons of the big journey: 100 families of four.
const FAMILIES: usize = 100;
/// Families that come at once.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn a_parent_attaches_a_child_and_the_other_parent_too() -> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[date(2018, 5, 3)], 0).await?;
    let (first, second) = (&family.parents[0], &family.parents[1]);
    let child = &family.children[0];
    let session = deployed.activate_and_log_in(first).await?;
    let proven = deployed.prove_for(&child.person, &child.code, &first.person).await?.ok()?;
    let body = json!({"enrolmentToken": proven["enrolmentToken"]});
    let attached = deployed.api.post("/v1/spaces/me/dependants", Some(&session), &body).await?;
    assert_eq!(attached.status, 201);
    let again = deployed.api.post("/v1/spaces/me/dependants", Some(&session), &body).await?;
    assert_eq!(again.json(), attached.json());
    let space = attached.json()["spaceId"].as_str().unwrap().to_owned();
    let own = deployed.api.get("/v1/spaces/me", Some(&session)).await?.ok()?;
    let listed = json!([{"spaceId": space, "firstName": child.person.0["firstNames"][0]}]);
    assert_eq!(own["dependants"], listed);
    let seen = deployed.api.get(&format!("/v1/spaces/{space}"), Some(&session)).await?.ok()?;
    assert_eq!(seen["state"], "active");

    // The other parent does not see it until they have proven the same.
    let other = deployed.activate_and_log_in(second).await?;
    let hidden = deployed.api.get(&format!("/v1/spaces/{space}"), Some(&other)).await?;
    assert_eq!(hidden.status, 404);
    // The first parent's proof does not serve the second.
    let stolen = deployed.api.post("/v1/spaces/me/dependants", Some(&other), &body).await?;
    assert_eq!(stolen.problem(), "not-legal-representative");
    let before = received(&deployed, child).await?;
    let ask = json!({"nir": child.person.text("nir"), "birthDate": child.person.text("birthDate"),
        "card": null, "channel": "email",
        "representative": {"nir": second.person.text("nir"), "card": second.person.0["card"]}});
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    let code = deployed.api.wait_for_new_code(child.person.text("email"), before).await?;
    let proven = deployed.prove_for(&child.person, &code, &second.person).await?.ok()?;
    let body = json!({"enrolmentToken": proven["enrolmentToken"]});
    let attached =
        deployed.api.post("/v1/spaces/me/dependants", Some(&other), &body).await?.ok()?;
    assert_eq!(attached["spaceId"], space.as_str());
    Ok(())
}

#[tokio::test]
async fn one_parents_refusal_stands_and_the_other_may_reverse_it() -> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[date(2016, 2, 29)], 0).await?;
    let (first, second) = (&family.parents[0].person, &family.parents[1].person);
    let child = &family.children[0];
    let proven = deployed.prove_for(&child.person, &child.code, first).await?.ok()?;
    let confirmed = json!({"confirmed": true});
    let token = proven["enrolmentToken"].as_str();
    deployed.api.post("/v1/opposition", token, &confirmed).await?.ok()?;
    let told = |m: &Message| m.subject == "Un espace de santé a été refusé pour votre proche";
    let message = deployed.api.wait_for_mail(second.text("email"), told).await?;
    let code = local_cloud::mail::code_in(&message.body).context("a code")?;
    let proven = deployed.prove_for(&child.person, &code, second).await?.ok()?;
    assert_eq!(proven["choices"], json!(["activate", "reverse"]));
    let token = proven["enrolmentToken"].as_str();
    let reversed = deployed.api.post("/v1/opposition/reversal", token, &confirmed).await?;
    assert_eq!(reversed.status, 204);
    // Both are told; the child may be refused for or activated again.
    let undone = |m: &Message| m.subject == "Un refus a été annulé";
    deployed.api.wait_for_mail(first.text("email"), undone).await?;
    let message = deployed.api.wait_for_mail(child.person.text("email"), undone).await?;
    let code = local_cloud::mail::code_in(&message.body).context("a code")?;
    let proven = deployed.prove_for(&child.person, &code, second).await?.ok()?;
    assert_eq!(proven["choices"], json!(["activate", "oppose"]));
    Ok(())
}

#[tokio::test]
async fn a_child_decides_nothing_alone_and_no_code_for_them_goes_without_a_representative()
-> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[date(2014, 4, 4)], 0).await?;
    let child = &family.children[0];
    let before = received(&deployed, child).await?;
    let ask = json!({"nir": child.person.text("nir"), "birthDate": child.person.text("birthDate"),
        "card": null, "channel": "email"});
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    // With a representative who cannot read their card a longer code comes, to the
    // child's address and to the representative's own.
    let mother = &family.parents[0];
    let mut with = ask.clone();
    with["representative"] = json!({"nir": mother.person.text("nir"), "card": null});
    let own = received(&deployed, mother).await?;
    deployed.api.post("/v1/activation/codes", None, &with).await?.ok()?;
    let code = deployed.api.wait_for_new_code(child.person.text("email"), before).await?;
    assert_eq!(code.len(), 24);
    assert_eq!(deployed.api.wait_for_new_code(mother.person.text("email"), own).await?, code);
    // In the child's own hands that code proves nothing.
    let alone = json!({"code": code, "nir": child.person.text("nir"), "card": null});
    let refused = deployed.api.post("/v1/activation/identity", None, &alone).await?;
    assert_eq!(refused.problem(), "representative-only");
    // The letter's code has not been taken away by it.
    deployed.prove_for(&child.person, &child.code, &mother.person).await?.ok()?;
    Ok(())
}

#[tokio::test]
async fn the_parent_who_refused_cannot_take_the_others_right_to_reverse() -> Result<()> {
    let deployed = Deployed::load().await?;
    let family = deployed.family(&[date(2013, 3, 3)], 0).await?;
    let (first, second) = (&family.parents[0].person, &family.parents[1].person);
    let child = &family.children[0];
    let proven = deployed.prove_for(&child.person, &child.code, first).await?.ok()?;
    let confirmed = json!({"confirmed": true});
    let token = proven["enrolmentToken"].as_str();
    deployed.api.post("/v1/opposition", token, &confirmed).await?.ok()?;
    let told = |m: &Message| m.subject == "Un espace de santé a été refusé pour votre proche";
    let message = deployed.api.wait_for_mail(second.text("email"), told).await?;
    let code = local_cloud::mail::code_in(&message.body).context("a code")?;
    // The first asks for another code: the second's stays.
    let before = received(&deployed, child).await?;
    let ask = json!({"nir": child.person.text("nir"), "birthDate": child.person.text("birthDate"),
        "card": null, "channel": "email",
        "representative": {"nir": first.text("nir"), "card": first.0["card"]}});
    deployed.api.post("/v1/activation/codes", None, &ask).await?.ok()?;
    deployed.api.wait_for_new_code(child.person.text("email"), before).await?;
    let proven = deployed.prove_for(&child.person, &code, second).await?.ok()?;
    let token = proven["enrolmentToken"].as_str();
    let reversed = deployed.api.post("/v1/opposition/reversal", token, &confirmed).await?;
    assert_eq!(reversed.status, 204);
    Ok(())
}

#[tokio::test]
async fn twins_and_protected_adults_are_persons_of_their_own() -> Result<()> {
    let deployed = Deployed::load().await?;
    let born = date(2019, 9, 9);
    let family = deployed.family(&[born, born, date(1951, 1, 2)], 0).await?;
    let parent = &family.parents[0].person;
    let [one, other, protected] = family.children.as_slice() else {
        anyhow::bail!("three persons");
    };
    // One twin's code does nothing for the other.
    let mixed = deployed.prove_for(&one.person, &other.code, parent).await?;
    assert_eq!(mixed.problem(), "identity-not-recognised");
    for person in [one, other, protected] {
        let proven = deployed.prove_for(&person.person, &person.code, parent).await?.ok()?;
        let token = proven["enrolmentToken"].as_str();
        let confirmed = json!({"confirmed": true});
        deployed.api.post("/v1/opposition", token, &confirmed).await?.ok()?;
    }
    Ok(())
}

#[tokio::test]
async fn four_hundred_people_in_families_choose() -> Result<()> {
    let deployed = Deployed::load().await?;
    let families = big_families(&deployed).await?;
    let outcomes: Vec<usize> = stream::iter(families.into_iter().enumerate())
        .map(|(number, family)| {
            let deployed = deployed.clone();
            // Boxed: a family's journey nests too deep to be laid out inline.
            Box::pin(async move { sitting(&deployed, &family, number % 3).await })
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    assert_eq!(outcomes.iter().sum::<usize>(), FAMILIES * 4);
    Ok(())
}

/// One family in one sitting: all refuse, all activate, or each parent another way.
/// Gives the number of members who chose.
async fn sitting(deployed: &Deployed, family: &Family, way: usize) -> Result<usize> {
    let confirmed = json!({"confirmed": true});
    let refuse = async |token: Option<&str>| -> Result<()> {
        deployed.api.post("/v1/opposition", token, &confirmed).await?.ok()?;
        Ok(())
    };
    let mut chosen = 0;
    for (position, parent) in family.parents.iter().enumerate() {
        if way == 0 || (way == 2 && position == 1) {
            refuse(Some(&deployed.prove(parent).await?)).await?;
        } else {
            deployed.activate(parent).await?;
        }
        chosen += 1;
    }
    let acting = &family.parents[0];
    let session = if way == 0 {
        None
    } else {
        let login = journeys::login_of(&acting.person);
        let address = acting.person.text("email");
        Some(deployed.api.log_in(&login, PASSWORD, address).await?)
    };
    for child in &family.children {
        // A parent who has refused for themselves still acts for their child.
        let proven = deployed.prove_for(&child.person, &child.code, &acting.person).await?.ok()?;
        match &session {
            Some(session) => {
                let body = json!({"enrolmentToken": proven["enrolmentToken"]});
                let path = "/v1/spaces/me/dependants";
                deployed.api.post(path, Some(session), &body).await?.ok()?;
            }
            None => refuse(proven["enrolmentToken"].as_str()).await?,
        }
        chosen += 1;
    }
    Ok(chosen)
}

/// A hundred families of two parents and two children, in one file.
async fn big_families(deployed: &Deployed) -> Result<Vec<Family>> {
    let mut adults = Deployed::people().filter(|p| {
        p["representatives"] == json!([]) && !p["email"].is_null() && !p["card"].is_null()
    });
    let mut families: Vec<[Value; 4]> = Vec::new();
    for _ in 0..FAMILIES {
        let mut next = || adults.next().context("someone");
        let (mother, father, mut one, mut two) = (next()?, next()?, next()?, next()?);
        for (child, born) in [(&mut one, "2015-03-04"), (&mut two, "2019-11-30")] {
            child["birthDate"] = json!(born);
            child["card"] = Value::Null;
            child["representatives"] = json!([mother["nir"], father["nir"]]);
        }
        families.push([mother, father, one, two]);
    }
    let lines: Vec<Value> = families.iter().flatten().cloned().collect();
    let (_, status) = deployed.feed(&lines, 0).await?;
    assert_eq!(status["invited"], FAMILIES * 4);
    let mail = deployed.api.mail().await?;
    let codes: std::collections::HashMap<&str, String> = mail
        .iter()
        .filter_map(|m| Some((m.to.as_str(), local_cloud::mail::code_in(&m.body)?)))
        .collect();
    let invited = |line: Value| -> Result<Invited> {
        let person = Person(line);
        let code = codes.get(person.text("email")).context("a code")?.clone();
        Ok(Invited { person, code })
    };
    families
        .into_iter()
        .map(|[mother, father, one, two]| {
            Ok(Family {
                parents: vec![invited(mother)?, invited(father)?],
                children: vec![invited(one)?, invited(two)?],
            })
        })
        .collect()
}

/// How many messages a person got.
pub(crate) async fn received(deployed: &Deployed, person: &Invited) -> Result<usize> {
    let address = person.person.text("email");
    Ok(deployed.api.mail().await?.iter().filter(|m| m.to == address).count())
}
