//! A batch of letters in one PDF, each on pages of its own, the address where a
//! DL envelope's window is (NF Z10-011). Must not know what the letters say.

use std::num::NonZeroU16;

use krilla::color::luma;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{ContentTag, SpanTag, Tag, TagGroup, TagTree};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};

use crate::layout::{Face, faces};
use crate::qr::draw_qr;

/// A4, points.
const PAGE_WIDTH: f32 = 595.0;
const PAGE_HEIGHT: f32 = 842.0;
/// Margins, points.
const MARGIN: f32 = 64.0;
/// Where the envelope's window shows the address, points from the corner.
const WINDOW_LEFT: f32 = 306.0;
const WINDOW_TOP: f32 = 142.0;
/// Where the subject stands, under the window and the fold.
const SUBJECT_TOP: f32 = 270.0;
/// Where it stands on what goes into no envelope.
const SUBJECT_TOP_UNADDRESSED: f32 = 150.0;
/// Sizes of type: no smaller than 12 points, for old eyes.
const BODY_SIZE: f32 = 12.5;
const SUBJECT_SIZE: f32 = 17.0;
const CODE_SIZE: f32 = 24.0;
/// Line height over size.
const LEADING: f32 = 1.45;
/// Space after a paragraph, points.
const PARAGRAPH_GAP: f32 = 11.0;
/// Side of a QR code: 3 cm, read at arm's length by any telephone.
const QR_SIDE: f32 = 85.0;
/// Space above a QR code, points: it needs a quiet zone of four modules.
const QR_GAP: f32 = 22.0;
/// The lines of a text that are set large: the code, and a proof's reference.
const LARGE: [(&str, f32); 2] = [("code : ", CODE_SIZE), ("Référence : ", SUBJECT_SIZE)];

/// A letter.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Name and address, line by line.
    pub addressee: Vec<String>,
    /// Who writes.
    pub sender: String,
    /// Place and date line.
    pub dated: String,
    /// The subject.
    pub subject: String,
    /// Paragraphs separated by empty lines; one that begins with `code : ` is
    /// set large.
    pub text: String,
    /// What a QR code under the text holds, and what to say of it to those who
    /// cannot see it.
    pub qr: Option<(String, String)>,
}

/// Which pages of the batch a letter takes, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterPages {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// The PDF could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font built into the program is damaged.
    #[error("a built-in font is not readable")]
    Font,
    /// The library refused the document: a geometry or accessibility fault of
    /// ours.
    #[error("the document was refused by the PDF library")]
    Refused,
}

/// Writes a batch: the PDF, and the pages of each letter in order.
pub fn print(title: &str, letters: &[Letter]) -> Result<(Vec<u8>, Vec<LetterPages>), PdfError> {
    let (regular, bold) = faces().ok_or(PdfError::Font)?;
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PdfError::Refused)?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let mut typesetter = Typesetter {
        regular,
        bold,
        tree: TagTree::new().with_lang(Some("fr".to_owned())),
        outline: Outline::new(),
    };
    let mut pages = Vec::new();
    let mut next_page = 1_u32;
    for letter in letters {
        let used = typesetter.letter(&mut document, letter, next_page)?;
        pages.push(LetterPages { first: next_page, last: next_page + used - 1 });
        next_page += used;
    }
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .language("fr".to_owned())
            .document_id(title.to_owned()),
    );
    document.set_outline(typesetter.outline);
    document.set_tag_tree(typesetter.tree);
    let bytes = document.finish().map_err(|_| PdfError::Refused)?;
    Ok((bytes, pages))
}

/// One line to be drawn, and the paragraph it belongs to.
struct Line {
    text: String,
    face: Face,
    size: f32,
    left: f32,
    /// Space above, beyond the leading.
    gap: f32,
    /// Index into the letter's groups.
    group: usize,
}

/// Sets letters, gathering tags and bookmarks.
struct Typesetter {
    regular: Face,
    bold: Face,
    tree: TagTree,
    outline: Outline,
}

impl Typesetter {
    /// Sets one letter; gives the number of pages it took.
    fn letter(
        &mut self,
        document: &mut Document,
        letter: &Letter,
        first_page: u32,
    ) -> Result<u32, PdfError> {
        let mut groups = Vec::new();
        let head = self.head(letter, &mut groups);
        let subject = self.bold.drawable(&letter.subject);
        let body = self.body(letter, &subject, &mut groups);
        let index = usize::try_from(first_page - 1).unwrap_or(0);
        let target = XyzDestination::new(index, Point::from_xy(0.0, 0.0));
        self.outline.push_child(OutlineNode::new(subject, target));

        let mut used = 0;
        let mut rest = body.as_slice();
        let mut qr = letter.qr.as_ref();
        while used == 0 || !rest.is_empty() || qr.is_some() {
            let settings =
                PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or(PdfError::Refused)?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            surface.set_fill(Some(Fill { paint: luma::Color::black().into(), ..Fill::default() }));
            let mut y = MARGIN;
            if used == 0 {
                for (line, y) in &head {
                    draw(&mut surface, line, *y, &mut groups);
                }
                y = letter.subject_top();
            }
            while let Some((line, others)) = rest.split_first() {
                let below = y + line.gap + line.size * LEADING;
                if below > PAGE_HEIGHT - MARGIN {
                    break;
                }
                draw(&mut surface, line, below, &mut groups);
                y = below;
                rest = others;
            }
            if let Some((content, alternative)) = qr
                && rest.is_empty()
                && y + QR_GAP + QR_SIDE <= PAGE_HEIGHT - MARGIN
            {
                let at = Point::from_xy(MARGIN, y + QR_GAP);
                groups.push(draw_qr(&mut surface, content, alternative, at, QR_SIDE)?);
                qr = None;
            }
            surface.finish();
            page.finish();
            used += 1;
        }
        for group in groups {
            self.tree.push(group);
        }
        Ok(used)
    }

    /// Sender, date and address, each at its place.
    fn head(&self, letter: &Letter, groups: &mut Vec<TagGroup>) -> Vec<(Line, f32)> {
        let mut lines = Vec::new();
        let mut block = |texts: &[String], face: &Face, left: f32, top: f32| {
            groups.push(TagGroup::new(Tag::P));
            let group = groups.len() - 1;
            for (number, text) in texts.iter().enumerate() {
                let text = face.drawable(text);
                let line =
                    Line { text, face: face.clone(), size: BODY_SIZE, left, gap: 0.0, group };
                let offset: f32 = (0..number).map(|_| BODY_SIZE * LEADING).sum();
                lines.push((line, top + offset));
            }
        };
        block(std::slice::from_ref(&letter.sender), &self.bold, MARGIN, MARGIN + BODY_SIZE);
        block(&letter.addressee, &self.regular, WINDOW_LEFT, WINDOW_TOP);
        let dated_top = letter.subject_top() - BODY_SIZE * LEADING;
        block(std::slice::from_ref(&letter.dated), &self.regular, MARGIN, dated_top);
        lines
    }

    /// Subject and paragraphs, line by line.
    fn body(&self, letter: &Letter, subject: &str, groups: &mut Vec<TagGroup>) -> Vec<Line> {
        let width = PAGE_WIDTH - 2.0 * MARGIN;
        let mut lines = Vec::new();
        let mut paragraph = |text: &str, face: &Face, size: f32, tag: TagGroup| {
            groups.push(tag);
            let group = groups.len() - 1;
            for (number, text) in face.wrap(text, size, width).into_iter().enumerate() {
                let gap = if number == 0 { PARAGRAPH_GAP } else { 0.0 };
                lines.push(Line { text, face: face.clone(), size, left: MARGIN, gap, group });
            }
        };
        let heading = Tag::Hn(NonZeroU16::MIN, Some(subject.to_owned()));
        paragraph(subject, &self.bold, SUBJECT_SIZE, TagGroup::new(heading));
        for text in letter.text.split("\n\n").filter(|text| !text.trim().is_empty()) {
            let large = LARGE.iter().find(|(prefix, _)| text.starts_with(prefix));
            let (face, size) =
                large.map_or((&self.regular, BODY_SIZE), |(_, size)| (&self.bold, *size));
            paragraph(&face.drawable(text), face, size, TagGroup::new(Tag::P));
        }
        lines
    }
}

impl Letter {
    /// Where the subject stands: higher without a window to keep clear.
    fn subject_top(&self) -> f32 {
        if self.addressee.is_empty() { SUBJECT_TOP_UNADDRESSED } else { SUBJECT_TOP }
    }
}

/// Draws one line with its tag.
fn draw(surface: &mut Surface<'_>, line: &Line, baseline: f32, groups: &mut [TagGroup]) {
    let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
    surface.draw_text(
        Point::from_xy(line.left, baseline),
        line.face.font.clone(),
        line.size,
        &line.text,
        false,
        TextDirection::LeftToRight,
    );
    surface.end_tagged();
    if let Some(group) = groups.get_mut(line.group) {
        group.push(id);
    }
}
