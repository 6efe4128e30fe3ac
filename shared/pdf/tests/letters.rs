//! A batch of letters, seen from outside.

use espace_pdf::{Letter, LetterPages, print};

fn letter(name: &str, paragraphs: usize) -> Letter {
    let paragraph = "Vous avez le choix jusqu’au 14 février 2027 : l’activer, ou le refuser.";
    let mut text = vec![paragraph; paragraphs].join("\n\n");
    text.push_str("\n\ncode : 0A1B-2C3D-4E5F");
    Letter {
        addressee: vec![name.to_owned(), "1 rue des Lilas".to_owned(), "29200 BREST".to_owned()],
        sender: "Espace santé".to_owned(),
        dated: "Le 4 janvier 2027".to_owned(),
        subject: "Votre espace de santé va être créé".to_owned(),
        text,
        qr: None,
    }
}

#[test]
fn each_letter_begins_a_page_and_a_long_one_takes_several() {
    let letters = [letter("Zélie d’Aubigny", 4), letter("Marcel", 60), letter("漢字", 1)];
    let (pdf, pages) = print("Lot 1", &letters).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    let [first, second, third] = pages.as_slice() else { panic!("{pages:?}") };
    assert_eq!(*first, LetterPages { first: 1, last: 1 });
    assert_eq!(second.first, 2);
    assert!(second.last >= 4, "{second:?}");
    assert_eq!((third.first, third.last), (second.last + 1, second.last + 1));
}

#[test]
fn the_same_letters_give_the_same_bytes() {
    let letters = [letter("Zélie", 3)];
    assert_eq!(print("Lot 1", &letters).unwrap().0, print("Lot 1", &letters).unwrap().0);
}

#[test]
fn the_document_is_tagged_and_french() {
    let (pdf, _) = print("Lot 1", &[letter("Zélie", 1)]).unwrap();
    let holds = |mark: &[u8]| pdf.windows(mark.len()).any(|window| window == mark);
    for mark in [&b"/StructTreeRoot"[..], b"/MarkInfo", b"/Lang", b"pdfuaid"] {
        assert!(holds(mark), "{} is missing", String::from_utf8_lossy(mark));
    }
}
