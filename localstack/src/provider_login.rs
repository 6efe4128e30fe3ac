//! The page of a stand-in provider: who one is, chosen from fictitious people, and the code that
//! the browser takes back (`OpenID` Connect Core 1.0 section 3.1, with PKCE and a signed
//! assertion of the client). Must not know what the client does with the token.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Json, Router, routing::get, routing::post};
use data_encoding::BASE64URL_NOPAD;
use espace_domain::{Clock, MatrixGroup};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::providers::{AUDIENCE, Providers};

/// Most logins that wait for their code to be redeemed.
const WAITING_MAX: usize = 1_000;
/// The people of Pro Santé Connect: number, profession (TRE G15), name, structure.
const PROFESSIONALS: [(&str, &str, &str, &str); 4] = [
    ("10100000001", "10", "Camille Rivière", "Cabinet de la Rivière"),
    ("10100000002", "21", "Dominique Salin", "Pharmacie du Port"),
    ("10100000003", "60", "Sacha Molène", "Cabinet des Glénan"),
    ("10100000004", "50", "Noa Kerguelen", "Maison de naissance"),
];
/// The agents of the phone line.
const AGENTS: [&str; 2] = ["agent-1", "agent-2"];

/// A login that the browser was sent back from, until its code is redeemed.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    provider: String,
    redirect_uri: String,
    challenge: String,
    claims: Value,
}

/// What the client's link asks for.
#[derive(Debug, Deserialize)]
struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

/// What the page gives back beside it.
#[derive(Debug, Deserialize)]
struct Chosen {
    /// A number of a professional, or an agent.
    who: String,
    #[serde(default)]
    profession: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    structure: String,
    /// Where else they practise, where they do.
    #[serde(default)]
    elsewhere: String,
}

/// What a code is redeemed with.
#[derive(Debug, Deserialize)]
struct Redemption {
    grant_type: String,
    code: String,
    redirect_uri: String,
    client_id: String,
    code_verifier: String,
    client_assertion: String,
}

/// The routes of a login.
pub(crate) fn routes() -> Router<Providers> {
    Router::new()
        .route("/providers/{provider}/authorize", get(page))
        .route("/providers/{provider}/chosen", get(chosen))
        .route("/providers/{provider}/redeem", post(redeem))
}

impl Asked {
    fn is_sound(&self) -> bool {
        self.response_type == "code"
            && self.client_id == AUDIENCE
            && self.code_challenge_method == "S256"
            && reqwest::Url::parse(&self.redirect_uri)
                .is_ok_and(|url| url.scheme() == "http" && url.host_str() == Some("localhost"))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn profession_name(code: &str) -> &'static str {
    MatrixGroup::profession_display(code).unwrap_or_default()
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
}

fn field(name: &str, label: &str, value: &str) -> String {
    format!("<p><label>{label}<br><input name=\"{name}\" value=\"{}\"></label></p>", escaped(value))
}

async fn page(
    Path(provider): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let kept: String = asked.iter().map(|(name, value)| hidden(name, value)).collect();
    let form = |inside: String| {
        format!("<form action=\"/providers/{}/chosen\">{kept}{inside}</form>", escaped(&provider))
    };
    let (title, people, other) = if provider == "professional" {
        let people = PROFESSIONALS.map(|(rpps, profession, name, structure)| {
            let inside = [
                hidden("who", rpps),
                hidden("profession", profession),
                hidden("name", name),
                hidden("structure", structure),
                format!("<button>{name}, {}</button>", profession_name(profession)),
            ];
            form(inside.concat())
        });
        let other = [
            field("who", "Numéro RPPS", ""),
            field("profession", "Code de la profession", "10"),
            field("name", "Nom", "Camille Soignant"),
            field("structure", "Structure", "Cabinet"),
            field("elsewhere", "Autre structure", ""),
            "<button>Entrer</button>".to_owned(),
        ];
        ("Pro Santé Connect, doublure locale", people.concat(), form(other.concat()))
    } else {
        let people = AGENTS.map(|agent| {
            form([hidden("who", agent), format!("<button>{agent}</button>")].concat())
        });
        let other = [field("who", "Agent", ""), "<button>Entrer</button>".to_owned()];
        ("Assistance, doublure locale", people.concat(), form(other.concat()))
    };
    Html(format!(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:18px/1.6 sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}}\
         button,input{{font:inherit;padding:.4rem .8rem;margin:.2rem 0}}</style>\
         <h1>{title}</h1><p>Des personnes fictives, sur cette machine seulement.</p>\
         {people}<h2>Quelqu’un d’autre</h2>{other}"
    ))
    .into_response()
}

async fn chosen(
    State(providers): State<Providers>,
    Path(provider): Path<String>,
    Query(asked): Query<Asked>,
    Query(chosen): Query<Chosen>,
) -> Result<Redirect, StatusCode> {
    if !asked.is_sound() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let mut claims = json!({"sub": format!("f:{}", chosen.who), "nonce": asked.nonce});
    let more = if provider == "professional" {
        let elsewhere = Some(&chosen.elsewhere).filter(|place| !place.is_empty());
        let practices: Vec<_> = std::iter::once(&chosen.structure)
            .chain(elsewhere)
            .map(|place| json!({"codeProfession": chosen.profession, "structure": place}))
            .collect();
        json!({
            "SubjectNameID": format!("8{}", chosen.who),
            "given_name": chosen.name,
            "SubjectRefPro": {"exercices": practices},
        })
    } else {
        json!({"agent": chosen.who})
    };
    if let (Some(claims), Some(more)) = (claims.as_object_mut(), more.as_object()) {
        claims.extend(more.clone());
    }
    let waiting = Waiting {
        provider,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.code_challenge,
        claims,
    };
    let code = providers.wait(waiting, WAITING_MAX);
    let back = [("code", code.as_str()), ("state", asked.state.as_str())];
    let back = reqwest::Url::parse_with_params(&asked.redirect_uri, &back);
    back.map(|url| Redirect::to(url.as_str())).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Gives a token for a code: once, to the client that asked, for the browser that began.
async fn redeem(
    State(providers): State<Providers>,
    Path(provider): Path<String>,
    Form(asked): Form<Redemption>,
) -> Result<Json<Value>, StatusCode> {
    let refused = StatusCode::BAD_REQUEST;
    let waiting = providers.waited(&asked.code).ok_or(refused)?;
    let challenge =
        BASE64URL_NOPAD.encode(digest(&SHA256, asked.code_verifier.as_bytes()).as_ref());
    let is_sound = asked.grant_type == "authorization_code"
        && asked.client_id == AUDIENCE
        && waiting.provider == provider
        && waiting.redirect_uri == asked.redirect_uri
        && waiting.challenge == challenge;
    let endpoint = format!("{}/redeem", providers.issuer(&provider));
    if !is_sound || !is_client(&providers, &asked.client_assertion, &endpoint).await {
        return Err(refused);
    }
    let token = providers.issue(&provider, &waiting.claims).map_err(|_| refused)?;
    Ok(Json(json!({"id_token": token, "token_type": "Bearer"})))
}

/// Whether the client showed itself by its published key (RFC 7523 section 3).
async fn is_client(providers: &Providers, assertion: &str, endpoint: &str) -> bool {
    let verified = async {
        let published = format!("{}/.well-known/jwks.json", providers.origin());
        let keys: JwkSet = reqwest::get(published).await.ok()?.json().await.ok()?;
        let kid = decode_header(assertion).ok()?.kid?;
        let key = DecodingKey::from_jwk(keys.find(&kid)?).ok()?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[AUDIENCE]);
        validation.set_audience(&[endpoint]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_exp = false;
        let claims = decode::<Value>(assertion, &key, &validation).ok()?.claims;
        let is_in_time = claims["exp"].as_i64()? > espace_domain::SystemClock.now().as_second();
        (claims["sub"] == AUDIENCE && is_in_time).then_some(())
    };
    verified.await.is_some()
}
