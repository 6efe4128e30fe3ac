//! The page of an archive: opened from where it was unpacked, without any connection, it leads
//! to every file. No script, nothing from elsewhere. Must not know how the archive is packed.

use std::collections::BTreeMap;

use espace_domain::paris_date;
use jiff::civil::Date;

use crate::fhir::url_of;
use crate::{BUNDLE, KeptVersion, LOG_HELP, MANIFEST, Owner};

/// What the page tells of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Whose archive it is.
    pub owner: &'a Owner,
    /// The documents, each version that is in it.
    pub documents: &'a [KeptVersion],
    /// The conversations: the subject, and where the text is.
    pub conversations: &'a [(String, String)],
    /// The parts of the log: where each is in words, and where as it is verified. None in what
    /// is left to heirs: nor are conversations then.
    pub log: &'a [(String, String)],
}

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;\
padding:0 1rem;color:#1b1b1b;background:#fff}h1{font-size:1.7rem}h2{font-size:1.3rem;\
margin-top:2.5rem;border-bottom:2px solid #2b4a6f}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.45rem .6rem .45rem 0;vertical-align:top;\
border-bottom:1px solid #c9ced6}a{color:#1a4f8b}a:focus{outline:3px solid #1a4f8b}\
.past td{color:#4a4f57}@media(max-width:40rem){table,tbody,tr,td{display:block}\
thead{position:absolute;left:-99rem}td{border:0;padding:.1rem 0}tr{padding:.6rem 0;\
border-bottom:1px solid #c9ced6}}";

/// Writes the page.
pub fn page(page: &Page<'_>) -> String {
    let owner = page.owner;
    let name = format!("{} {}", owner.traits.first_name(), owner.traits.last_name());
    let made = french(paris_date(owner.made_at));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"fr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\">\n<title>Mes données de santé</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Les données de {}</h1>\n\
         <p>Copie faite le {made}. Elle contient des informations médicales : gardez-la en lieu \
         sûr, et ne la laissez pas sur un ordinateur qui n’est pas le vôtre.</p>\n",
        escaped(&name),
    );
    documents(&mut html, page.documents);
    if !page.log.is_empty() {
        said_and_done(&mut html, page);
    }
    html.push_str(
        &[
            "<h2>Pour un autre logiciel</h2>\n<ul>\n<li>",
            &link(BUNDLE, "les données au format FHIR R4"),
            "</li>\n<li>",
            &link(MANIFEST, "la liste des fichiers, avec l’empreinte SHA-256 de chacun"),
            "</li>\n</ul>\n</main>\n</body>\n</html>\n",
        ]
        .concat(),
    );
    html
}

/// The conversations and the log: of one's own archive, in which making it is a trace already.
fn said_and_done(html: &mut String, page: &Page<'_>) {
    conversations(html, page.conversations);
    html.push_str("<h2>Qui a consulté mon espace</h2>\n<ul>\n");
    for (number, (words, path)) in page.log.iter().enumerate() {
        let what = format!("le journal, partie {}", number + 1);
        let verified = link(path, "pour le vérifier");
        html.push_str(&["<li>", &link(words, &what), " (", &verified, ")</li>\n"].concat());
    }
    let help = link(LOG_HELP, "comment vérifier ce journal");
    html.push_str(&["<li>", &help, "</li>\n</ul>\n"].concat());
}

/// The documents by category, newest first.
fn documents(html: &mut String, documents: &[KeptVersion]) {
    let mut categories: BTreeMap<&str, Vec<&KeptVersion>> = BTreeMap::new();
    for document in documents {
        categories.entry(document.document_type.category_label()).or_default().push(document);
    }
    if categories.is_empty() {
        html.push_str("<h2>Documents</h2>\n<p>Aucun document.</p>\n");
    }
    for (category, mut of_category) in categories {
        of_category.sort_by(|a, b| {
            (b.event_date, &b.document_id, b.version).cmp(&(
                a.event_date,
                &a.document_id,
                a.version,
            ))
        });
        html.push_str(&["<h2>", &escaped(category), "</h2>\n<table>\n<thead><tr><th scope=\"col\">\
            Date</th><th scope=\"col\">Document</th><th scope=\"col\">De</th><th scope=\"col\">Taille\
            </th></tr></thead>\n<tbody>\n"].concat());
        for document in of_category {
            let (row, note) = if document.is_past {
                (" class=\"past\"", " (version remplacée)")
            } else {
                ("", "")
            };
            let comment = document.comment.as_deref().map(escaped).unwrap_or_default();
            let comment = if comment.is_empty() { comment } else { format!("<br>{comment}") };
            html.push_str(
                &[
                    "<tr",
                    row,
                    "><td>",
                    &french(document.event_date),
                    "</td><td>",
                    &link(&document.path, &document.title),
                    note,
                    &comment,
                    "</td><td>",
                    &escaped(&document.author),
                    "</td><td>",
                    &size(document.size),
                    "</td></tr>\n",
                ]
                .concat(),
            );
        }
        html.push_str("</tbody>\n</table>\n");
    }
}

fn conversations(html: &mut String, conversations: &[(String, String)]) {
    html.push_str("<h2>Messages</h2>\n");
    if conversations.is_empty() {
        html.push_str("<p>Aucun message.</p>\n");
        return;
    }
    html.push_str("<ul>\n");
    for (subject, path) in conversations {
        html.push_str(&["<li>", &link(path, subject), "</li>\n"].concat());
    }
    html.push_str("</ul>\n");
}

fn link(path: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", url_of(path), escaped(text))
}

/// A text within HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

fn french(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
}

/// A size as a person reads it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} octets"),
        1_000..1_000_000 => format!("{} ko", bytes / 1_000),
        _ => format!("{},{} Mo", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
