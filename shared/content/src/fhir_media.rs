//! The media inside a FHIR document, judged as the JSON goes by: no tree is built, whatever
//! the document holds. Must not know what the resources mean.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{Refused, embedded};

/// Judges every medium of a document, wherever it stands.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Refused> {
    let mut found = None;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let walked = Walk(&mut found).deserialize(&mut json);
    match (found, walked) {
        (Some(refused), _) => Err(refused),
        (None, Ok(())) => json.end().map_err(|_| Refused::Malformed),
        (None, Err(_)) => Err(Refused::Malformed),
    }
}

/// Walks one value; notes why a medium in it is refused.
struct Walk<'a>(&'a mut Option<Refused>);

/// A text, borrowed where it needs no unescaping; anything else is walked, and is no text.
struct Text<'a>(&'a mut Option<Refused>);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Walk(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut data: Option<Cow<'de, str>> = None;
        let (mut is_medium, mut has_data) = (false, false);
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "data" => {
                    if has_data {
                        return Err(A::Error::custom("said twice"));
                    }
                    has_data = true;
                    data = members.next_value_seed(Text(&mut *self.0))?;
                }
                "contentType" => {
                    is_medium = true;
                    members.next_value::<IgnoredAny>()?;
                }
                "resourceType" => {
                    let kind = members.next_value_seed(Text(&mut *self.0))?;
                    is_medium |= kind.as_deref() == Some("Binary");
                }
                _ => members.next_value_seed(Walk(&mut *self.0))?,
            }
        }
        if let (true, Some(data)) = (is_medium, data)
            && let Err(refused) = embedded::check(&data)
        {
            *self.0 = Some(refused);
            return Err(A::Error::custom("a medium is refused"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        Walk(self.0).visit_seq(items).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Walk(self.0).visit_map(members).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_medium_is_found_wherever_it_stands_and_however_it_is_written() {
        let script = data_encoding::BASE64.encode(b"<html><script>alert(1)</script></html>");
        let good = data_encoding::BASE64.encode("Bonjour".as_bytes());
        let refused = |json: String| check(json.as_bytes());
        for holder in [
            format!(r#"{{"a": [1, {{"contentType": "text/plain", "data": "{script}"}}]}}"#),
            format!(r#"{{"data": "{script}", "contentType": null}}"#),
            format!(r#"{{"resourceType": "Binary", "data": "{script}"}}"#),
            format!(r#"{{"data": "\u0050{}", "contentType": "x"}}"#, script.get(1..).unwrap_or("")),
        ] {
            assert_eq!(refused(holder.clone()), Err(Refused::Active), "{holder}");
        }
        assert_eq!(
            refused(format!(r#"{{"contentType": "text/plain", "data": "{good}"}}"#)),
            Ok(())
        );
        // What is called data and is no medium is left alone.
        assert_eq!(refused(r#"{"origin": {}, "data": "E U 1 2"}"#.to_owned()), Ok(()));
        assert_eq!(refused("{} {}".to_owned()), Err(Refused::Malformed));
        let consent = r#"{"data": [{"meaning": "instance"}], "provision": {"data": {"a": 1}}}"#;
        assert_eq!(refused(consent.to_owned()), Ok(()));
        let hidden = format!(r#"{{"data": [{{"contentType": "x", "data": "{script}"}}]}}"#);
        assert_eq!(refused(hidden), Err(Refused::Active));
        let twice = format!(r#"{{"contentType": "x", "data": "{script}", "data": "{good}"}}"#);
        assert_eq!(refused(twice), Err(Refused::Malformed));
    }
}
