//! The people of the demo: fed, and one of them activated. Must not know how the
//! system was started.

use anyhow::{Context, Result};
use espace_domain::{Clock, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Api, Person};
use crate::system::local_directory;

/// Someone to log in as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoLogin {
    /// Who it is.
    pub who: String,
    /// Identifier.
    pub login: String,
    /// Password.
    pub password: String,
    /// Where the one-time codes go.
    pub address: String,
}

/// The persons of the demo: an active one, an old man known by letter only, a
/// young woman with a mobile only, a mother and her child.
fn people() -> Vec<Value> {
    let person = |nir: &str, key: &str, last: &str, first: &str, born: &str, sex: &str| {
        json!({
            "nir": nir, "nirKey": key, "birthName": last, "usedName": null, "firstNames": [first],
            "birthDate": born, "sex": sex, "birthPlace": "29019", "email": null, "phone": null,
            "postalAddress": {"line1": "1 rue des Lilas", "line2": null, "postalCode": "29200",
                "city": "Brest", "country": "France"},
            "card": null, "representatives": [], "treatingDoctor": null, "deceasedOn": null,
            "hasDmp": false,
        })
    };
    let card = |serial: &str| json!({"type": "photo", "serial": serial});
    let mut zelie = person("2840529019025", "", "Le Goff", "Zélie", "1984-05-03", "F");
    zelie["email"] = json!("zelie.legoff@courriel.example");
    zelie["card"] = card("10000000001");
    let mut marcel = person("1440829019031", "", "Kerguelen", "Marcel", "1944-08-12", "M");
    marcel["card"] = json!({"type": "noPhoto", "serial": "20000002"});
    let mut ines = person("2010329019044", "", "Benali", "Inès", "2001-03-21", "F");
    ines["phone"] = json!("+33639980003");
    ines["card"] = card("10000000003");
    let mut theo = person("1190629019052", "", "Le Goff", "Théo", "2019-06-02", "M");
    theo["email"] = zelie["email"].clone();
    theo["representatives"] = json!([zelie["nir"]]);
    let mut people = vec![zelie, marcel, ines, theo];
    for person in &mut people {
        let number = person["nir"].as_str().unwrap_or_default();
        if let Ok(nir) = espace_domain::Nir::parse(number) {
            person["nirKey"] = json!(format!("{:02}", nir.key()));
        }
    }
    people
}

/// Feeds the people, activates the first, and notes who can log in.
pub async fn seed(api: &Api) -> Result<Vec<DemoLogin>> {
    let insurer = api.insurer().await?;
    let people = people();
    let lines: Vec<_> = people.iter().map(Value::to_string).collect();
    let file = lines.join("\n");
    let sent_at = format!("{:.0}", SystemClock.now());
    let campaign = api.feed(&insurer, "Démonstration", &sent_at, file.into_bytes()).await?;
    api.wait_for_campaign(&insurer, &campaign, 60, |_| {}).await?;

    let zelie = Person(people.into_iter().next().context("someone")?);
    let address = zelie.text("email").to_owned();
    let message = api
        .wait_for_mail(&address, |m| m.body.contains("Zélie") && m.body.contains("code : "))
        .await?;
    let code = crate::mail::code_in(&message.body).context("a code")?;
    let proven = api.post("/v1/activation/identity", None, &zelie.proof(&code)).await?.ok()?;
    let login = DemoLogin {
        who: "Zélie Le Goff, espace activé".to_owned(),
        login: "zelie.demo".to_owned(),
        password: "Brise-marine-29".to_owned(),
        address,
    };
    let account = json!({"login": login.login, "password": login.password});
    let token = proven["enrolmentToken"].as_str();
    api.post("/v1/activation", token, &account).await?.ok()?;
    let logins = vec![login];
    std::fs::write(local_directory().join("people.json"), serde_json::to_vec_pretty(&logins)?)?;
    Ok(logins)
}

/// Those who can log in on the running system.
pub fn logins() -> Result<Vec<DemoLogin>> {
    let text = std::fs::read(local_directory().join("people.json"))
        .context("no demo people: start the system with `cargo xtask run`")?;
    Ok(serde_json::from_slice(&text)?)
}
