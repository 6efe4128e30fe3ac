//! A letter on standard output, to be looked at:
//! `target/debug/examples/letter > letter.pdf`. Must not know any real letter.

use std::io::Write;

use espace_pdf::{Letter, PdfError, print};

fn main() -> Result<(), PdfError> {
    let letter = Letter {
        addressee: vec![
            "Marcel Kerguelen".to_owned(),
            "1 rue des Lilas".to_owned(),
            "29200 BREST".to_owned(),
        ],
        sender: "Espace santé".to_owned(),
        dated: "Le 4 janvier 2027".to_owned(),
        subject: "Votre espace de santé va être créé".to_owned(),
        text: "Bonjour Marcel,\n\nEspace santé est un carnet de santé numérique, gratuit et non \
               obligatoire. Il garde vos documents de santé ; vous décidez qui peut les lire.\n\n\
               Vous avez le choix jusqu’au 14 février 2027 : l’activer, ou le refuser.\n\n\
               code : 0A1B-2C3D-4E5F\n\nCe code est personnel. Ne le donnez à personne."
            .to_owned(),
        qr: None,
    };
    let (pdf, _) = print("Exemple", &[letter])?;
    std::io::stdout().write_all(&pdf).map_err(|_| PdfError::Refused)
}
