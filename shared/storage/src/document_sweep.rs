//! What entries lead to, for who compares them with the vault: names alone, no key. Must
//! not know what is done about a difference.

use std::collections::HashSet;

use espace_domain::SpaceId;
use serde::Deserialize;

use crate::documents::{ENTRY, FILE, entry_key, file_key};
use crate::table::{Item, item, read, s};
use crate::{Documents, ObjectName, StorageError};

/// Entries of one page of a part.
const PAGE: i32 = 500;

/// What an entry says in clear of where its contents lie.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Led {
    space_id: SpaceId,
    entry: String,
    #[serde(default)]
    objects: Vec<String>,
}

impl Documents {
    /// Which of these contents an entry leads to.
    pub async fn led_to(&self, names: &[ObjectName]) -> Result<HashSet<String>, StorageError> {
        let mut entries: Vec<_> =
            names.iter().map(|name| (&name.space_id, &name.document_id)).collect();
        entries.sort_unstable();
        entries.dedup();
        // What a name stands for is a document, or a file that came with a mail.
        let keys = entries
            .into_iter()
            .flat_map(|(space, document)| [entry_key(space, document), file_key(space, document)]);
        let mut led = HashSet::new();
        for found in self.table().batch(keys.collect()).await? {
            let found: Led = read(found)?;
            if found.objects.is_empty() {
                // Written before entries said so: it may lead to all that bears its name.
                let own = |name: &&ObjectName| {
                    name.space_id == found.space_id
                        && found.entry.strip_prefix(ENTRY) == Some(name.document_id.as_str())
                };
                led.extend(names.iter().filter(own).map(|name| name.object.clone()));
            }
            led.extend(found.objects);
        }
        Ok(led)
    }

    /// A page of a part of all entries: the contents they lead to, and where the next page
    /// begins. Every entry is in one of `segments` parts.
    pub async fn of_part(
        &self,
        (segment, segments): (i32, i32),
        from: Option<(String, String)>,
    ) -> Result<(Vec<String>, Option<(String, String)>), StorageError> {
        let start: Option<Item> =
            from.map(|(space, entry)| item([("spaceId", s(space)), ("entry", s(entry))]));
        let output = self
            .table()
            .client
            .scan()
            .table_name(&self.table().name)
            .segment(segment)
            .total_segments(segments)
            .set_exclusive_start_key(start)
            .filter_expression("begins_with(#entry, :entry) OR begins_with(#entry, :file)")
            .projection_expression("#spaceId, #entry, #objects")
            .expression_attribute_names("#spaceId", "spaceId")
            .expression_attribute_names("#entry", "entry")
            .expression_attribute_names("#objects", "objects")
            .expression_attribute_values(":entry", s(ENTRY))
            .expression_attribute_values(":file", s(FILE))
            .limit(PAGE)
            .send()
            .await
            .map_err(|e| StorageError::call("dynamodb:Scan", e))?;
        let mut led = Vec::new();
        for found in output.items.unwrap_or_default() {
            led.extend(read::<Led>(found)?.objects);
        }
        let text = |key: &Item, name: &str| key.get(name)?.as_s().ok().cloned();
        let next = output
            .last_evaluated_key
            .and_then(|key| Some((text(&key, "spaceId")?, text(&key, "entry")?)));
        Ok((led, next))
    }
}
