//! The files of a mail: archives opened, each looked at as any deposit is. One that carries
//! malware or acts by itself sets the whole mail aside; one of no kind that is kept is named
//! in the message, without its content.
//!
//! Must not know: whose they are.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use espace_content::Refused;
use espace_crypto::{ContentPlace, SealingKey, seal_content};
use espace_deposit::{Fault, examine};
use espace_domain::{ATTACHMENTS_MAX, Attachment, DocumentId, ReceivedFile, SpaceId};
use espace_jobs::JobError;
use espace_mail::{ARCHIVED_BYTES_MAX, MailFile, Unfit, is_archive, open_archive};
use espace_storage::{Change, Vault};
use jiff::Timestamp;

use crate::App;

/// By what programs begin.
const PROGRAMS: [&[u8]; 5] = [b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];

/// A file that was looked at.
#[derive(Debug)]
pub(crate) struct Inspected {
    name: String,
    /// What is kept of it; nothing of a kind that is not.
    kept: Option<Kept>,
}

/// A file that is kept.
#[derive(Debug)]
struct Kept {
    content_type: &'static str,
    extension: &'static str,
    bytes: Vec<u8>,
}

/// Looks at the files of a mail.
pub(crate) fn inspect(files: &[MailFile]) -> Result<Vec<Inspected>, Unfit> {
    let mut inspected = Vec::new();
    let mut left = ARCHIVED_BYTES_MAX;
    for file in files {
        let held = if is_archive(&file.bytes) {
            open_archive(&file.name, &file.bytes, &mut left)?
        } else {
            None
        };
        match held {
            Some(held) => {
                for held in held {
                    inspected.push(look(held.name, held.bytes)?);
                }
            }
            None => inspected.push(look(file.name.clone(), file.bytes.clone())?),
        }
    }
    if inspected.len() > ATTACHMENTS_MAX {
        return Err(Unfit::TooManyAttachments);
    }
    Ok(inspected)
}

fn look(name: String, bytes: Vec<u8>) -> Result<Inspected, Unfit> {
    if PROGRAMS.iter().any(|program| bytes.starts_with(program)) {
        return Err(Unfit::Active);
    }
    let kept = match examine(&bytes) {
        Ok(found) => Some(Kept {
            content_type: found.media.mime(),
            extension: found.media.extension(),
            bytes,
        }),
        Err(Fault::Malware) => return Err(Unfit::Malware),
        Err(Fault::Content(Refused::Active)) => return Err(Unfit::Active),
        Err(_) => None,
    };
    Ok(Inspected { name, kept })
}

/// Seals the files into the vault; gives what the message holds of them, and the writes by
/// which they are kept.
pub(crate) async fn keep(
    app: &App,
    (space_id, key): (&SpaceId, &SealingKey),
    files: &[Inspected],
    now: Timestamp,
) -> Result<(Vec<Attachment>, Vec<Change>), JobError> {
    let random = app.random.as_ref();
    let (mut joined, mut changes) = (Vec::new(), Vec::new());
    for file in files {
        let Some(kept) = &file.kept else {
            joined.push(Attachment::Refused { name: file.name.clone() });
            continue;
        };
        let file_id = DocumentId::at(now, random);
        let place =
            ContentPlace { space: space_id.as_str(), document: file_id.as_str(), version: 1 };
        let failed = |_| JobError::Work("a content could not be sealed");
        let (sealed, content) = seal_content(place, &kept.bytes, random).map_err(failed)?;
        let content_key = content.seal(key, place, random).map_err(failed)?;
        let object = Vault::name((space_id, &file_id, 1), now, random);
        app.vault.put(&object, sealed).await?;
        changes.push(app.documents.keep_file(space_id, &file_id, &object)?);
        joined.push(Attachment::File(ReceivedFile {
            file_id,
            name: file.name.clone(),
            content_type: kept.content_type.to_owned(),
            extension: kept.extension.to_owned(),
            size: kept.bytes.len() as u64,
            sha256: HEXLOWER.encode(digest(&SHA256, &kept.bytes).as_ref()),
            object,
            content_key,
        }));
    }
    Ok((joined, changes))
}
