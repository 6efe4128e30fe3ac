//! One line of the insurer's file: one insured person. Source: `api.md`
//! (Insurer feed), `domain.md` B1. Must not know where the line came from.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Card, CardType, Channel, Contact, Email, Nir, NirError, Phone, PostalAddress, Sex, Traits,
    is_minor,
};

/// Longest line, bytes. A full line with every name at its limit has under 4 KiB.
pub const FEED_LINE_BYTES_MAX: usize = 16 * 1024;
/// Most representatives of one person.
pub const REPRESENTATIVES_MAX: usize = 4;
/// Oldest year of birth that is not a mistake.
const BIRTH_YEAR_MIN: i16 = 1890;
/// Digits of a professional's national number.
const RPPS_DIGITS: usize = 11;

/// Why a line is rejected. The text is what the insurer reads: no identity in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant's text says what it is")]
pub enum Rejection {
    #[error("the line is longer than 16 KiB")]
    LineTooLong,
    #[error("the line is not UTF-8")]
    InvalidUtf8,
    #[error("the line is not a JSON object of the expected fields")]
    InvalidJson,
    #[error("`nir` is not a national insurance number")]
    NirShape,
    #[error("`nirKey` does not follow from `nir`")]
    NirKey,
    #[error("a name is missing or is not made of letters")]
    Name,
    #[error("`birthDate` does not exist, or lies in the future or before 1890")]
    BirthDate,
    #[error("`birthPlace` is not an INSEE code")]
    BirthPlace,
    #[error("`email` is not an e-mail address")]
    Email,
    #[error("`phone` is not a phone number")]
    Phone,
    #[error("`postalAddress` lacks a line or has one of over 70 characters")]
    PostalAddress,
    #[error("neither `email` nor `phone` nor `postalAddress`: nobody to write to")]
    NoContact,
    #[error("`card.serial` is not a serial of this type of card")]
    Card,
    #[error("a representative is not a national insurance number, or there are over 4")]
    Representative,
    #[error("a child without a representative")]
    ChildWithoutRepresentative,
    #[error("the representatives form a cycle")]
    RepresentativeCycle,
    #[error("`treatingDoctor` is not an RPPS number")]
    TreatingDoctor,
    #[error("`deceasedOn` does not exist, lies in the future or before the birth")]
    DeceasedOn,
    #[error("a deceased person who was not known")]
    Deceased,
    #[error("the same person stands on an earlier line of this file")]
    Duplicate,
}

impl Rejection {
    /// The stable name, as the API gives it.
    pub fn code(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// A valid line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsuredPerson {
    /// Their number.
    pub nir: Nir,
    /// Their traits.
    pub traits: Traits,
    /// Their addresses, best channel first (e-mail, else SMS, else letter).
    pub contacts: Vec<Contact>,
    /// Their card; a child has none.
    pub card: Option<Card>,
    /// Those who act for them.
    pub representatives: Vec<Nir>,
    /// The treating doctor the insurer knows of: a proposal, not a right.
    pub treating_doctor: Option<String>,
    /// Date of death.
    pub deceased_on: Option<Date>,
    /// Whether an older shared record (*DMP*) exists.
    pub has_dmp: bool,
}

impl InsuredPerson {
    /// The way the invitation travels: e-mail, else SMS, else letter (R.1111-28).
    pub fn preferred_channel(&self) -> Option<Channel> {
        self.contacts.first().map(Contact::channel)
    }
}

/// The line as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    nir: String,
    nir_key: String,
    birth_name: String,
    #[serde(default)]
    used_name: Option<String>,
    first_names: Vec<String>,
    birth_date: String,
    sex: Sex,
    birth_place: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    postal_address: Option<PostalAddress>,
    #[serde(default)]
    card: Option<LineCard>,
    #[serde(default)]
    representatives: Vec<String>,
    #[serde(default)]
    treating_doctor: Option<String>,
    #[serde(default)]
    deceased_on: Option<String>,
    #[serde(default)]
    has_dmp: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineCard {
    #[serde(rename = "type")]
    card_type: CardType,
    serial: String,
}

/// Reads one line, without its newline. `today` judges ages and dates.
pub fn parse_line(line: &[u8], today: Date) -> Result<InsuredPerson, Rejection> {
    if line.len() > FEED_LINE_BYTES_MAX {
        return Err(Rejection::LineTooLong);
    }
    let text = std::str::from_utf8(line).map_err(|_| Rejection::InvalidUtf8)?;
    let line: Line = serde_json::from_str(text).map_err(|_| Rejection::InvalidJson)?;

    let nir = Nir::parse_with_key(&line.nir, &line.nir_key).map_err(|error| match error {
        NirError::Shape => Rejection::NirShape,
        NirError::Key => Rejection::NirKey,
    })?;
    let birth_date = past_date(&line.birth_date, today).ok_or(Rejection::BirthDate)?;
    if birth_date.year() < BIRTH_YEAR_MIN {
        return Err(Rejection::BirthDate);
    }
    let traits = Traits {
        birth_name: line.birth_name,
        used_name: line.used_name,
        first_names: line.first_names,
        birth_date,
        sex: line.sex,
        birth_place: line.birth_place,
    }
    .normalized();
    traits.check_names().map_err(|_| Rejection::Name)?;
    if !traits.birth_place_is_code() {
        return Err(Rejection::BirthPlace);
    }

    let contacts = read_contacts(line.email, line.phone, line.postal_address)?;
    let card = line
        .card
        .map(|card| Card::parse(card.card_type, &card.serial))
        .transpose()
        .map_err(|_| Rejection::Card)?;
    let representatives = read_representatives(&line.representatives, &nir)?;
    if is_minor(birth_date, today) && representatives.is_empty() {
        return Err(Rejection::ChildWithoutRepresentative);
    }
    let rpps_good =
        |rpps: &String| rpps.len() == RPPS_DIGITS && rpps.bytes().all(|b| b.is_ascii_digit());
    if line.treating_doctor.as_ref().is_some_and(|rpps| !rpps_good(rpps)) {
        return Err(Rejection::TreatingDoctor);
    }
    let deceased_on = line
        .deceased_on
        .map(|date| past_date(&date, today).filter(|date| *date >= birth_date))
        .map(|date| date.ok_or(Rejection::DeceasedOn))
        .transpose()?;

    Ok(InsuredPerson {
        nir,
        traits,
        contacts,
        card,
        representatives,
        treating_doctor: line.treating_doctor,
        deceased_on,
        has_dmp: line.has_dmp,
    })
}

/// What a line must also be when the person is not known yet: alive, and
/// reachable.
pub fn require_new(person: InsuredPerson) -> Result<InsuredPerson, Rejection> {
    if person.deceased_on.is_some() {
        return Err(Rejection::Deceased);
    }
    if person.contacts.is_empty() {
        return Err(Rejection::NoContact);
    }
    Ok(person)
}

/// A date that exists and is not after `today`. Strictly `YYYY-MM-DD`.
fn past_date(text: &str, today: Date) -> Option<Date> {
    let strict = text.len() == 10;
    text.parse::<Date>().ok().filter(|date| strict && *date <= today)
}

/// The contacts, best channel first.
fn read_contacts(
    email: Option<String>,
    phone: Option<String>,
    address: Option<PostalAddress>,
) -> Result<Vec<Contact>, Rejection> {
    let mut contacts = Vec::new();
    if let Some(email) = email {
        contacts.push(Contact::Email(Email::parse(&email).map_err(|_| Rejection::Email)?));
    }
    if let Some(phone) = phone {
        contacts.push(Contact::Sms(Phone::parse(&phone).map_err(|_| Rejection::Phone)?));
    }
    if let Some(address) = address {
        address.check().map_err(|_| Rejection::PostalAddress)?;
        contacts.push(Contact::Letter(address));
    }
    Ok(contacts)
}

/// The representatives' numbers; nobody represents themselves.
fn read_representatives(numbers: &[String], person: &Nir) -> Result<Vec<Nir>, Rejection> {
    if numbers.len() > REPRESENTATIVES_MAX {
        return Err(Rejection::Representative);
    }
    let mut representatives = Vec::new();
    for number in numbers {
        let nir = Nir::parse(number).map_err(|_| Rejection::Representative)?;
        if nir == *person {
            return Err(Rejection::RepresentativeCycle);
        }
        if !representatives.contains(&nir) {
            representatives.push(nir);
        }
    }
    Ok(representatives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TODAY: Date = jiff::civil::date(2026, 11, 21);

    fn line() -> Value {
        json!({
            "nir": "2840588321025", "nirKey": "32", "birthName": "Le Goff", "usedName": null,
            "firstNames": ["Zélie"], "birthDate": "1984-05-03", "sex": "F",
            "birthPlace": "29019", "email": "zelie@exemple.fr", "phone": "0612345678",
            "postalAddress": {"line1": "1 rue des Lilas", "line2": null, "postalCode": "29200",
                "city": "Brest", "country": "France"},
            "card": {"type": "photo", "serial": "12345678901"}, "representatives": [],
            "treatingDoctor": "10100997245", "deceasedOn": null, "hasDmp": false
        })
    }

    fn with(field: &str, value: Value) -> Result<InsuredPerson, Rejection> {
        let mut line = line();
        line[field] = value;
        parse_line(line.to_string().as_bytes(), TODAY)
    }

    #[test]
    fn a_good_line_is_read_with_the_best_channel_first() {
        let person = with("hasDmp", json!(true));
        assert_eq!(person.as_ref().map(InsuredPerson::preferred_channel), Ok(Some(Channel::Email)));
        assert_eq!(person.map(|p| (p.contacts.len(), p.has_dmp)), Ok((3, true)));
    }

    #[test]
    fn each_fault_has_its_reason() {
        let cases = [
            ("nir", json!("284058832102"), Rejection::NirShape),
            ("nirKey", json!("33"), Rejection::NirKey),
            ("birthName", json!(""), Rejection::Name),
            ("birthName", json!("R2D2"), Rejection::Name),
            ("firstNames", json!([]), Rejection::Name),
            ("birthDate", json!("1984-02-30"), Rejection::BirthDate),
            ("birthDate", json!("2026-11-22"), Rejection::BirthDate),
            ("birthDate", json!("1884-05-03"), Rejection::BirthDate),
            ("birthDate", json!("1984-05-03T00:00:00"), Rejection::BirthDate),
            ("birthDate", json!("2015-05-03"), Rejection::ChildWithoutRepresentative),
            ("birthPlace", json!("Brest"), Rejection::BirthPlace),
            ("sex", json!("X"), Rejection::InvalidJson),
            ("email", json!("zelie"), Rejection::Email),
            ("phone", json!("06"), Rejection::Phone),
            (
                "postalAddress",
                json!({"line1": "", "postalCode": "1", "city": "B", "country": "F"}),
                Rejection::PostalAddress,
            ),
            ("card", json!({"type": "photo", "serial": "123"}), Rejection::Card),
            ("representatives", json!(["1"]), Rejection::Representative),
            ("representatives", json!(["2840588321025"]), Rejection::RepresentativeCycle),
            ("treatingDoctor", json!("12"), Rejection::TreatingDoctor),
            ("deceasedOn", json!("1983-01-01"), Rejection::DeceasedOn),
            ("surprise", json!(1), Rejection::InvalidJson),
        ];
        for (field, value, reason) in cases {
            assert_eq!(with(field, value.clone()), Err(reason), "{field} {value}");
        }
        assert_eq!(parse_line(b"{\"nir\": \"28", TODAY), Err(Rejection::InvalidJson));
        assert_eq!(parse_line(b"{\"nir\": \"\xff\"}", TODAY), Err(Rejection::InvalidUtf8));
        assert_eq!(parse_line(&vec![b' '; 20_000], TODAY), Err(Rejection::LineTooLong));
        assert_eq!(Rejection::ChildWithoutRepresentative.code(), "child-without-representative");
    }

    #[test]
    fn an_unknown_person_must_be_alive_and_reachable() {
        let mut silent = line();
        for field in ["email", "phone", "postalAddress"] {
            silent[field] = Value::Null;
        }
        let read = parse_line(silent.to_string().as_bytes(), TODAY).and_then(require_new);
        assert_eq!(read, Err(Rejection::NoContact));
        let dead = with("deceasedOn", json!("2026-01-01")).and_then(require_new);
        assert_eq!(dead, Err(Rejection::Deceased));
    }
}
