//! The vault beside the raw calls it makes, on the same local cloud in the same run, taken
//! in turns: storing 64 KiB and 5 MiB, listing 100, reading 64 KiB, by 1, 8 and 32 clients,
//! each on a space of their own; and sealing beside the bare cipher of the same library.
//! `cargo xtask bench documents` runs it as released; the
//! figures go to standard error, the functions' own log to standard output. Must not know a target: it prints.
#![expect(clippy::print_stderr, clippy::indexing_slicing, reason = "a benchmark prints")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, Get, KeySchemaElement,
    KeyType, Put, ScalarAttributeType, TransactGetItem, TransactWriteItem,
};
use axum::body::Bytes;
use espace_crypto::{ContentPlace, SystemRandom, covering, open_content, seal_content};
use journeys::{Deployed, InProcess};
use serde_json::json;

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 8, 32];
/// Turns of each; ours and the raw calls one after the other.
const TURNS: u32 = 3;
/// Operations of a client in a turn, by operation.
const SMALL_OPERATIONS: usize = 12;
const LARGE_OPERATIONS: usize = 2;
/// Bytes of a small and of a large content.
const SMALL: usize = 64 * 1024;
const LARGE: usize = 4 * 1024 * 1024;
/// Documents of a list.
const LISTED: usize = 100;
/// Bytes of an entry, of a trace, of a space's item, sealed.
const ITEM_BYTES: [usize; 3] = [900, 500, 700];

/// A client: a space of its own.
#[derive(Clone)]
struct Client {
    vault: Arc<InProcess>,
    token: String,
    space: String,
    documents: Arc<std::sync::Mutex<Vec<String>>>,
    forms: Arc<HashMap<usize, Bytes>>,
}

/// The raw calls, on scratch tables and buckets.
#[derive(Clone)]
struct Raw {
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    table: String,
    bucket: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operation {
    Store(usize),
    List,
    Read,
}

#[tokio::main]
async fn main() -> Result<()> {
    cipher()?;
    let deployed = Deployed::load().await?;
    let raw = Raw::new(&deployed).await?;
    let clients = clients(&deployed).await?;
    for count in CLIENTS {
        let clients = &clients[..count];
        for operation in
            [Operation::Store(SMALL), Operation::Store(LARGE), Operation::List, Operation::Read]
        {
            measure(clients, &raw, operation).await?;
        }
    }
    Ok(())
}

/// Sealing and opening beside the bare cipher over the same chunks.
fn cipher() -> Result<()> {
    let place = ContentPlace { space: "s", document: "d", version: 1 };
    let bytes = vec![7_u8; 64 * 1024 * 1024];
    let size = bytes.len() as u64;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[1; 32]).map_err(|_| broken())?);
    let (mut bare, mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for _ in 0..5 {
        // The bare cipher writes its output where ours does: into a buffer of its own.
        let started = now();
        let mut output = Vec::with_capacity(bytes.len() + 16 * 1024 + 1);
        for chunk in bytes.chunks(64 * 1024) {
            let from = output.len();
            output.extend_from_slice(chunk);
            let nonce = Nonce::assume_unique_for_key([0; 12]);
            let body = &mut output[from..];
            let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), body);
            output.extend_from_slice(tag.map_err(|_| broken())?.as_ref());
        }
        bare += started.elapsed();
        let started = now();
        let (sealed, content_key) = seal_content(place, &bytes, &SystemRandom)?;
        sealing += started.elapsed();
        let covered = covering(0, size, size).context("a range")?;
        ensure!(covered.end == sealed.len() as u64, "covered");
        let started = now();
        let opened = open_content(&content_key, place, (0, size), size, &sealed)?;
        opening += started.elapsed();
        ensure!(opened == bytes, "opened to something else");
    }
    let rate = |took: Duration| 5.0 * 64.0 / 1024.0 * 1.073_741_824 / took.as_secs_f64();
    eprintln!(
        "cipher: bare {:.2} GB/s; sealing {:.2} GB/s ({:.2}); opening {:.2} GB/s ({:.2})",
        rate(bare),
        rate(sealing),
        rate(sealing) / rate(bare),
        rate(opening),
        rate(opening) / rate(bare),
    );
    Ok(())
}

fn broken() -> anyhow::Error {
    anyhow::anyhow!("the cipher")
}

/// Patients, each logged in, with as many documents as a list shows.
async fn clients(deployed: &Deployed) -> Result<Vec<Client>> {
    let most = CLIENTS[CLIENTS.len() - 1];
    let invited = deployed.invite_many(most, 0).await?;
    let vault = Arc::new(deployed.vault(&[], journeys::now()).await?);
    let forms = [SMALL, LARGE].map(|size| (size, form(&HashMap::new(), size)));
    let forms = Arc::new(HashMap::from(forms));
    let mut clients = Vec::new();
    for person in &invited {
        let token = deployed.activate_and_log_in(person).await?;
        let space = deployed.api.get("/v1/spaces/me", Some(&token)).await?.ok()?;
        let client = Client {
            vault: vault.clone(),
            token,
            space: space["spaceId"].as_str().context("a space")?.to_owned(),
            documents: Arc::default(),
            forms: forms.clone(),
        };
        for _ in 0..LISTED {
            client.store(1_000).await?;
        }
        clients.push(client);
    }
    Ok(clients)
}

impl Client {
    async fn run(&self, operation: Operation) -> Result<()> {
        match operation {
            Operation::Store(size) => self.store(size).await,
            Operation::List => {
                let path = format!("/v1/spaces/{}/documents?limit={LISTED}", self.space);
                let listed = self.vault.send("GET", &path, Some(&self.token), None).await?;
                ensure!(listed.status == 200, "{}", listed.status);
                Ok(())
            }
            Operation::Read => {
                let id = {
                    let mut documents = self.documents.lock().map_err(|_| broken())?;
                    documents.pop().context("a document that was stored")?
                };
                let path = format!("/v1/spaces/{}/documents/{id}/content", self.space);
                let read = self.vault.send("GET", &path, Some(&self.token), None).await?;
                ensure!(read.status == 200 && read.body.len() >= SMALL, "{}", read.status);
                Ok(())
            }
        }
    }

    async fn store(&self, size: usize) -> Result<()> {
        let path = format!("/v1/spaces/{}/documents", self.space);
        let body = form(&self.forms, size);
        let form = ("multipart/form-data; boundary=x", body);
        let stored = self.vault.send_bytes(&path, &self.token, form).await?.ok()?;
        if size == SMALL {
            let id = stored["documentId"].as_str().context("an id")?.to_owned();
            self.documents.lock().map_err(|_| broken())?.push(id);
        }
        Ok(())
    }
}

/// The request of a store, made before the clock runs.
fn form(forms: &HashMap<usize, Bytes>, size: usize) -> Bytes {
    forms.get(&size).cloned().unwrap_or_else(|| {
        let mut content = b"%PDF-1.4\n".to_vec();
        content.resize(size.max(40) - 10, b'x');
        content.extend(b"\n%%EOF\n\n\n\n");
        let entry = json!({
            "typeCode": "EXPPAT_2", "title": "Mesure", "eventDate": "2026-03-04",
        });
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"entry\"\r\n\r\n{entry}\r\n--x\r\n\
             Content-Disposition: form-data; name=\"content\"\r\n\r\n"
        );
        [head.as_bytes(), &content, b"\r\n--x--\r\n"].concat().into()
    })
}

impl Raw {
    async fn new(deployed: &Deployed) -> Result<Self> {
        let raw = Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&deployed.config),
            s3: aws_sdk_s3::Client::new(&deployed.config),
            table: "bench-documents".to_owned(),
            bucket: "bench-documents".to_owned(),
        };
        let attribute = |name: &str| {
            let kind = ScalarAttributeType::S;
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
        };
        raw.dynamodb
            .create_table()
            .table_name(&raw.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("space")?)
            .attribute_definitions(attribute("entry")?)
            .key_schema(key("space", KeyType::Hash)?)
            .key_schema(key("entry", KeyType::Range)?)
            .send()
            .await?;
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint("eu-west-3".into())
            .build();
        let created = raw.s3.create_bucket().bucket(&raw.bucket);
        created.create_bucket_configuration(place).send().await?;
        for client in 0..CLIENTS[CLIENTS.len() - 1] {
            for number in 0..LISTED {
                let space = format!("space{client}");
                raw.put(&space, &format!("document.{number:03}"), ITEM_BYTES[0]).await?;
            }
            for number in 0..7 {
                raw.put(&format!("space{client}"), &format!("about.{number}"), ITEM_BYTES[2])
                    .await?;
            }
            raw.s3
                .put_object()
                .bucket(&raw.bucket)
                .key(format!("read{client}"))
                .body(vec![7; SMALL].into())
                .send()
                .await?;
        }
        Ok(raw)
    }

    fn item(space: &str, entry: &str, bytes: usize) -> HashMap<String, AttributeValue> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let sealed = AttributeValue::B(vec![7; bytes].into());
        [("space", text(space)), ("entry", text(entry)), ("sealed", sealed)]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    async fn put(&self, space: &str, entry: &str, bytes: usize) -> Result<()> {
        let item = Some(Self::item(space, entry, bytes));
        self.dynamodb.put_item().table_name(&self.table).set_item(item).send().await?;
        Ok(())
    }

    /// The calls of one operation, with items of the same sizes.
    async fn run(&self, client: usize, number: usize, operation: Operation) -> Result<()> {
        let space = format!("space{client}");
        // What a decision rests on, in one transaction: the session and its account, the
        // space and its keys; the mark of a repeated act; of a read, the document, and an
        // upload that is not there.
        let items = match operation {
            Operation::Store(_) => 5,
            Operation::List => 6,
            Operation::Read => 8,
        };
        let gets = (0..items).map(|about| {
            let mut key = Self::item(&space, &format!("about.{about}"), 0);
            key.remove("sealed");
            let get = Get::builder().table_name(&self.table).set_key(Some(key)).build()?;
            Ok(TransactGetItem::builder().get(get).build())
        });
        let gets: Vec<_> = gets.collect::<Result<_>>()?;
        self.dynamodb.transact_get_items().set_transact_items(Some(gets)).send().await?;
        match operation {
            Operation::Store(size) => {
                self.s3
                    .put_object()
                    .bucket(&self.bucket)
                    .key(format!("{client}.{number}"))
                    .if_none_match("*")
                    .body(vec![7; size + 17].into())
                    .send()
                    .await?;
            }
            Operation::List => {
                let found = self
                    .dynamodb
                    .query()
                    .table_name(&self.table)
                    .key_condition_expression("#s = :s AND begins_with(#e, :e)")
                    .expression_attribute_names("#s", "space")
                    .expression_attribute_names("#e", "entry")
                    .expression_attribute_values(":s", AttributeValue::S(space.clone()))
                    .expression_attribute_values(":e", AttributeValue::S("document.".to_owned()))
                    .consistent_read(true)
                    .send()
                    .await?;
                ensure!(found.items().len() == LISTED, "{} listed", found.items().len());
            }
            Operation::Read => {}
        }
        // The entry or the mark, the trace and the space; of a list seen a moment ago, the
        // condition that nothing changed.
        let parts = if operation == Operation::List {
            let mut key = Self::item(&space, "about.0", 0);
            key.remove("sealed");
            let check = ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(key))
                .condition_expression("attribute_exists(#e)")
                .expression_attribute_names("#e", "entry")
                .build()?;
            vec![TransactWriteItem::builder().condition_check(check).build()]
        } else {
            let parts = ITEM_BYTES.iter().enumerate().map(|(part, bytes)| {
                let entry = format!("written.{number}.{part}");
                let item = Self::item(&space, &entry, *bytes);
                let put = Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(item))
                    .condition_expression("attribute_not_exists(#e)")
                    .expression_attribute_names("#e", "entry")
                    .build()?;
                Ok(TransactWriteItem::builder().put(put).build())
            });
            parts.collect::<Result<_>>()?
        };
        self.dynamodb.transact_write_items().set_transact_items(Some(parts)).send().await?;
        if operation == Operation::Read {
            let key = format!("read{client}");
            let read = self.s3.get_object().bucket(&self.bucket).key(key).send().await?;
            ensure!(read.body.collect().await?.into_bytes().len() == SMALL, "read");
        }
        Ok(())
    }
}

/// Names for what the raw calls write.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// The monotonic clock measures; it never tells the time.
#[expect(clippy::disallowed_methods, reason = "a duration, not an instant")]
fn now() -> Instant {
    Instant::now()
}

/// Takes turns of ours and of the raw calls, and prints both.
async fn measure(clients: &[Client], raw: &Raw, operation: Operation) -> Result<()> {
    let each = match operation {
        Operation::Store(LARGE) => LARGE_OPERATIONS,
        _ => SMALL_OPERATIONS,
    };
    let mut ours = (Duration::ZERO, Duration::ZERO);
    let mut floor = ours;
    for _ in 0..TURNS {
        let (started, cpu) = (now(), cpu()?);
        let mut running = tokio::task::JoinSet::new();
        for client in clients {
            let client = client.clone();
            running.spawn(async move {
                for _ in 0..each {
                    client.run(operation).await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        ours.0 += started.elapsed();
        ours.1 += self::cpu()?.saturating_sub(cpu);
        let (started, cpu) = (now(), self::cpu()?);
        let mut running = tokio::task::JoinSet::new();
        for client in 0..clients.len() {
            let raw = raw.clone();
            running.spawn(async move {
                for _ in 0..each {
                    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                    raw.run(client, number, operation).await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        floor.0 += started.elapsed();
        floor.1 += self::cpu()?.saturating_sub(cpu);
    }
    let count = u32::try_from(clients.len() * each)? * TURNS;
    eprintln!(
        "{operation:?} by {:>2}: {:>7.1}/s beside {:>7.1}/s raw, ratio {:.2}; CPU {:.2} ms each beside {:.2}",
        clients.len(),
        f64::from(count) / ours.0.as_secs_f64(),
        f64::from(count) / floor.0.as_secs_f64(),
        floor.0.as_secs_f64() / ours.0.as_secs_f64(),
        ours.1.as_secs_f64() * 1_000.0 / f64::from(count),
        floor.1.as_secs_f64() * 1_000.0 / f64::from(count),
    );
    Ok(())
}

/// Processor time of this process, from the kernel's own count of hundredths.
fn cpu() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("fields")?;
    let ticks: u64 =
        fields.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
