//! Fictitious insured persons, realistic and always the same for one seed: valid
//! keys, Corsica, overseas, born abroad, twins, children on a parent's card,
//! people without e-mail or phone. Must not know what becomes of them.

use espace_domain::Nir;
use serde_json::{Value, json};

/// Names of women and men, some compound, some accented.
const WOMEN: [&str; 28] = [
    "Zélie",
    "Anne-Sophie",
    "Fatou",
    "Léa",
    "Marie-Thérèse",
    "Jeanne",
    "Chloé",
    "Aïcha",
    "Inès",
    "Françoise",
    "Solène",
    "Maëlys",
    "Thi Mai",
    "Noémie",
    "Odette",
    "Simone",
    "Clémence",
    "Yasmine",
    "Hélène",
    "Josiane",
    "Manon",
    "Élodie",
    "Lucette",
    "Rokhaya",
    "Bérénice",
    "Agnès",
    "Mathilde",
    "Gaëlle",
];
const MEN: [&str; 28] = [
    "Marcel",
    "Jean-Baptiste",
    "Théo",
    "Moussa",
    "Loïc",
    "François",
    "Yanis",
    "Gaël",
    "Étienne",
    "René",
    "Mohamed",
    "Paul",
    "Jean-Pierre",
    "Aurélien",
    "Raphaël",
    "Noël",
    "Cédric",
    "Ibrahima",
    "Lucien",
    "Joël",
    "Émile",
    "Anatole",
    "Kévin",
    "Ange-Toussaint",
    "Bastien",
    "Maël",
    "Roger",
    "Thierry",
];
const FAMILIES: [&str; 40] = [
    "Le Goff",
    "d’Aubigny",
    "N'Diaye",
    "Dupont-Martin",
    "Martin",
    "Bernard",
    "Lefèvre",
    "Garcia",
    "Moreau",
    "Nguyen",
    "Casanova",
    "Haddad",
    "Benali",
    "Petit",
    "Rousseau",
    "Payet",
    "Hoarau",
    "Traoré",
    "Lambert",
    "Fontaine",
    "Chevalier",
    "Gauthier",
    "Perrin",
    "Morin",
    "Santini",
    "Da Silva",
    "Fernandes",
    "Muller",
    "Schmitt",
    "Le Bihan",
    "Kerguelen",
    "Etcheverry",
    "Dufour",
    "Blanchard",
    "Guérin",
    "Boyer",
    "Lemoine",
    "Picard",
    "Roche",
    "Vidal",
];
/// Places: NIR département and commune (five characters), INSEE code, post code,
/// town; born abroad have a country's code and live in Paris.
const PLACES: [(&str, &str, &str, &str); 30] = [
    ("75112", "75112", "75012", "Paris"),
    ("13205", "13205", "13005", "Marseille"),
    ("69383", "69383", "69003", "Lyon"),
    ("2A004", "2A004", "20000", "Ajaccio"),
    ("2B033", "2B033", "20200", "Bastia"),
    ("29019", "29019", "29200", "Brest"),
    ("31555", "31555", "31000", "Toulouse"),
    ("33063", "33063", "33000", "Bordeaux"),
    ("35238", "35238", "35000", "Rennes"),
    ("38185", "38185", "38000", "Grenoble"),
    ("44109", "44109", "44000", "Nantes"),
    ("54395", "54395", "54000", "Nancy"),
    ("59350", "59350", "59000", "Lille"),
    ("67482", "67482", "67000", "Strasbourg"),
    ("06088", "06088", "06000", "Nice"),
    ("76540", "76540", "76000", "Rouen"),
    ("80021", "80021", "80000", "Amiens"),
    ("87085", "87085", "87000", "Limoges"),
    ("97105", "97105", "97100", "Basse-Terre"),
    ("97209", "97209", "97200", "Fort-de-France"),
    ("97302", "97302", "97300", "Cayenne"),
    ("97411", "97411", "97400", "Saint-Denis"),
    ("97608", "97608", "97600", "Mamoudzou"),
    ("99352", "99352", "75018", "Paris"),
    ("99350", "99350", "75020", "Paris"),
    ("99351", "99351", "75019", "Paris"),
    ("99139", "99139", "75013", "Paris"),
    ("99134", "99134", "75014", "Paris"),
    ("99243", "99243", "75013", "Paris"),
    ("99341", "99341", "75010", "Paris"),
];
const STREETS: [&str; 12] = [
    "rue des Lilas",
    "avenue de la République",
    "place de l’Église",
    "chemin du Moulin",
    "rue Victor-Hugo",
    "impasse des Acacias",
    "boulevard de la Liberté",
    "route de la Plage",
    "rue du Général-Leclerc",
    "allée des Tilleuls",
    "quai de la Fontaine",
    "lotissement Les Alizés",
];
/// Persons who can be told apart: orders × places × months.
pub const PEOPLE_MAX: u64 = 989 * 30 * 12;
/// The year at whose end ages are judged.
const YEAR: u64 = 2026;

/// Persons of one seed, from the first on.
#[derive(Debug, Clone)]
pub struct People {
    seed: u64,
    next: u64,
    family: Vec<Value>,
}

impl People {
    /// The persons of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: 0, family: Vec::new() }
    }

    /// The same, from the `next`-th on: persons of two seeds meet seldom when both start
    /// anywhere.
    #[must_use]
    pub fn starting_at(self, next: u64) -> Self {
        Self { next: next % PEOPLE_MAX, ..self }
    }

    /// A number drawn for `what` of person `index`, under `below`.
    fn draw(&self, index: u64, what: u64, below: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014) over the three numbers.
        let mut z = self
            .seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(index.wrapping_mul(0xd134_2543_de82_ef95))
            .wrapping_add(what.wrapping_mul(0xa076_1d64_78bd_642f));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// One of `choices`.
    fn pick<'a, T>(&self, index: u64, what: u64, choices: &'a [T]) -> &'a T {
        let drawn = self.draw(index, what, u64::try_from(choices.len()).unwrap_or(1));
        let position = usize::try_from(drawn).unwrap_or(0);
        choices.get(position).unwrap_or(&choices[0])
    }

    /// An adult between 19 and 98.
    fn adult(&self, index: u64) -> Value {
        let born = YEAR - 19 - self.draw(index, 1, 80);
        let mut person = self.person(index, born, None);
        let card_has_photo = self.draw(index, 2, 3) > 0;
        person["card"] = if card_has_photo {
            json!({"type": "photo", "serial": format!("{:011}", 10_000_000_000 + index)})
        } else {
            json!({"type": "noPhoto", "serial": format!("{:08}", 20_000_000 + index)})
        };
        // Seven in ten have an e-mail address, two more a mobile only.
        let reach = self.draw(index, 3, 10);
        if reach < 7 {
            person["email"] = json!(format!("p{}.{index}@courriel.example", self.seed));
        }
        if reach < 9 {
            // The range that the regulator keeps for fiction.
            person["phone"] = json!(format!("+3363998{:04}", index % 10_000));
        }
        if self.draw(index, 4, 5) == 0 {
            person["usedName"] = json!(self.pick(index, 5, &FAMILIES));
        }
        person
    }

    /// Whoever is born in `born`, of the family `name` where it is given.
    fn person(&self, index: u64, born: u64, name: Option<&Value>) -> Value {
        let female = self.draw(index, 6, 2) == 0;
        let month = 1 + (index / (989 * 30)) % 12;
        let day = 1 + self.draw(index, 7, 28);
        let order = 1 + index % 989;
        // Each run of 989 orders visits the places in turn, from one drawn per
        // order: neighbours in the file come from everywhere, and no number
        // comes twice.
        let start = self.draw(order, 8, 30);
        let turn = usize::try_from((index / 989 + start) % 30).unwrap_or(0);
        let place = PLACES[turn];
        let number =
            format!("{}{:02}{month:02}{}{order:03}", 1 + u8::from(female), born % 100, place.0);
        let nir = Nir::parse(&number).ok();
        let key = nir.map(|nir| format!("{:02}", nir.key())).unwrap_or_default();
        let first = if female { self.pick(index, 10, &WOMEN) } else { self.pick(index, 10, &MEN) };
        let street = self.pick(index, 11, &STREETS);
        json!({
            "nir": number,
            "nirKey": key,
            "birthName": name.cloned().unwrap_or_else(|| json!(self.pick(index, 12, &FAMILIES))),
            "usedName": null,
            "firstNames": [first],
            "birthDate": format!("{born}-{month:02}-{day:02}"),
            "sex": if female { "F" } else { "M" },
            "birthPlace": place.1,
            "email": null,
            "phone": null,
            "postalAddress": {
                "line1": format!("{} {street}", 1 + self.draw(index, 13, 120)),
                "line2": null,
                "postalCode": place.2,
                "city": place.3,
                "country": "France",
            },
            "card": null,
            "representatives": [],
            "treatingDoctor": null,
            "deceasedOn": null,
            "hasDmp": self.draw(index, 14, 6) == 0,
        })
    }

    /// The children of an adult: none for most, one to three, sometimes twins.
    fn children(&mut self, parent: &Value, parent_index: u64) {
        if self.draw(parent_index, 15, 4) != 0 {
            return;
        }
        let count = 1 + self.draw(parent_index, 16, 3);
        let twins = self.draw(parent_index, 17, 8) == 0;
        for number in 0..count {
            let index = self.next;
            self.next += 1;
            // From one year on: nobody is born in a month that has not come.
            let age = 1 + self.draw(parent_index, 18 + if twins { 0 } else { number }, 16);
            let mut child = self.person(index, YEAR - age, Some(&parent["birthName"]));
            if twins
                && number > 0
                && let Some(first) = self.family.last()
            {
                // Same parents, same day: told apart by the order number alone.
                let date = first["birthDate"].clone();
                let (year, month) = {
                    let text = date.as_str().unwrap_or_default();
                    (
                        text.get(2..4).unwrap_or("00").to_owned(),
                        text.get(5..7).unwrap_or("01").to_owned(),
                    )
                };
                let old = child["nir"].as_str().unwrap_or_default().to_owned();
                let nir = format!("{}{year}{month}{}", &old[..1], &old[5..]);
                if let Ok(read) = Nir::parse(&nir) {
                    child["nirKey"] = json!(format!("{:02}", read.key()));
                }
                child["nir"] = json!(nir);
                child["birthDate"] = date;
            }
            child["representatives"] = json!([parent["nir"]]);
            child["postalAddress"] = parent["postalAddress"].clone();
            child["email"] = parent["email"].clone();
            child["phone"] = parent["phone"].clone();
            self.family.push(child);
        }
    }
}

impl Iterator for People {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if !self.family.is_empty() {
            return Some(self.family.remove(0));
        }
        if self.next + 4 >= PEOPLE_MAX {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let adult = self.adult(index);
        self.children(&adult, index);
        Some(adult)
    }
}

/// The next `count` persons as a campaign file.
pub fn file(people: People, count: usize) -> Vec<u8> {
    let mut file = Vec::new();
    for person in people.take(count) {
        file.extend(person.to_string().into_bytes());
        file.push(b'\n');
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_person_is_valid_unique_and_the_same_each_time() {
        let today = jiff::civil::date(2026, 12, 31);
        let people: Vec<_> = People::new(7).take(40_000).collect();
        let mut seen = HashSet::new();
        for person in &people {
            let read = espace_domain::parse_line(person.to_string().as_bytes(), today);
            assert!(read.is_ok(), "{read:?} {person}");
            assert!(seen.insert(person["nir"].to_string()), "{person}");
        }
        assert_eq!(people[..100], People::new(7).take(100).collect::<Vec<_>>()[..]);
        assert_ne!(people[0], People::new(8).next().unwrap());
        let count = |test: &dyn Fn(&Value) -> bool| people.iter().filter(|p| test(p)).count();
        let nir_has =
            |part: &'static str| move |p: &Value| p["nir"].as_str().unwrap()[5..7] == *part;
        assert!(count(&nir_has("2A")) > 100 && count(&nir_has("97")) > 1_000);
        assert!(count(&nir_has("99")) > 1_000);
        assert!(count(&|p| p["email"].is_null() && p["phone"].is_null()) > 1_000);
        assert!(count(&|p| p["representatives"] != json!([])) > 5_000);
    }
}
