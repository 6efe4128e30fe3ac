//! One batch: rendered, encrypted, written, its letters marked.
//!
//! Must not know: how letters are gathered.

use espace_domain::{BatchId, Channel, Contact, paris_date};
use espace_jobs::{JobContext, JobError};
use espace_notifications::{Notice, SERVICE, french_date};
use espace_pdf::{Letter, print};
use espace_storage::{Envelope, OutboxEntry};
use serde::Serialize;

use crate::App;

/// One line of the index that goes with the PDF.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexLine<'a> {
    /// The letter.
    letter_id: &'a str,
    /// Its pages in the PDF, from 1.
    first_page: u32,
    last_page: u32,
    /// What the envelope's window must show.
    addressee: &'a [String],
}

/// Makes a batch. Made again from the same letters it is the same, but for the
/// randomness of its encryption.
pub(crate) async fn make(
    app: &App,
    batch: &BatchId,
    mut entries: Vec<OutboxEntry>,
    context: &JobContext,
) -> Result<(), JobError> {
    let now = context.clock.now();
    entries.sort_by(|a, b| a.notification_id.cmp(&b.notification_id));
    let today = french_date(paris_date(now));
    let mut letters = Vec::with_capacity(entries.len());
    for entry in &entries {
        let envelope: Envelope<Notice> = app.outbox.open(entry).await?;
        let Contact::Letter(address) = &envelope.to else {
            return Err(JobError::Work("a letter without a postal address"));
        };
        let rendered = envelope.notice.render(Channel::Letter, &app.site);
        let check = envelope.notice.proof(&app.site).and_then(|(_, text)| text.check);
        let qr = check.map(|check| (check.qr, check.qr_alternative));
        let mut addressee = vec![envelope.addressee.clone()];
        addressee.extend(address.lines());
        letters.push(Letter {
            addressee,
            sender: SERVICE.to_owned(),
            dated: format!("Le {today}"),
            subject: rendered.subject.to_owned(),
            text: rendered.text,
            qr,
        });
    }
    let (pdf, pages) =
        print(&format!("Lot {batch}"), &letters).map_err(|_| JobError::Work("the PDF failed"))?;
    let mut index = Vec::new();
    for ((entry, letter), pages) in entries.iter().zip(&letters).zip(&pages) {
        let line = IndexLine {
            letter_id: entry.notification_id.as_str(),
            first_page: pages.first,
            last_page: pages.last,
            addressee: &letter.addressee,
        };
        serde_json::to_writer(&mut index, &line).map_err(|_| JobError::Work("the index failed"))?;
        index.push(b'\n');
    }
    app.batches.write(batch, "letters.pdf", encrypt(app, &pdf)?).await?;
    // The index last: the house takes a batch once its index is there.
    app.batches.write(batch, "index.ndjson", encrypt(app, &index)?).await?;
    app.outbox.mark_sent(&entries, Channel::Letter.as_str(), &app.campaigns, now).await?;
    Ok(())
}

/// Encrypts to the mailing house (age, X25519).
fn encrypt(app: &App, plain: &[u8]) -> Result<Vec<u8>, JobError> {
    let recipient: age::x25519::Recipient = app
        .recipient
        .parse()
        .map_err(|_| JobError::Work("the mailing house's key is not an age recipient"))?;
    age::encrypt(&recipient, plain).map_err(|_| JobError::Work("encryption failed"))
}
