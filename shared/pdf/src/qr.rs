//! A QR code (ISO/IEC 18004), drawn as one tagged figure. Must not know what it
//! holds.

use krilla::geom::{PathBuilder, Point, Rect};
use krilla::surface::Surface;
use krilla::tagging::{ContentTag, SpanTag, Tag, TagGroup};
use qrcode::{Color, EcLevel, QrCode};

use crate::PdfError;

/// Draws `content` as a square of `side` points at `at`; `alternative` says it to
/// those who cannot see it.
pub(crate) fn draw_qr(
    surface: &mut Surface<'_>,
    content: &str,
    alternative: &str,
    at: Point,
    side: f32,
) -> Result<TagGroup, PdfError> {
    // A quarter of it may be stained or folded.
    let code = QrCode::with_error_correction_level(content.as_bytes(), EcLevel::Q)
        .map_err(|_| PdfError::Refused)?;
    let width = code.width();
    let modules = f32::from(u16::try_from(width).map_err(|_| PdfError::Refused)?);
    let module = side / modules;
    let mut path = PathBuilder::new();
    let (mut x, mut y) = (at.x, at.y);
    for (number, color) in code.to_colors().into_iter().enumerate() {
        if number > 0 && number % width == 0 {
            x = at.x;
            y += module;
        }
        if color == Color::Dark
            && let Some(square) = Rect::from_xywh(x, y, module, module)
        {
            path.push_rect(square);
        }
        x += module;
    }
    let path = path.finish().ok_or(PdfError::Refused)?;
    let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
    surface.draw_path(&path);
    surface.end_tagged();
    let mut figure = TagGroup::new(Tag::Figure(Some(alternative.to_owned())));
    figure.push(id);
    Ok(figure)
}
