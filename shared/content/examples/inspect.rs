//! What files are, and what they say of themselves:
//! `cargo run --example inspect -- FILE…`. For trying real documents that are not kept
//! here. Must not know any of them.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    for file in std::env::args().skip(1) {
        match espace_content::inspect(&std::fs::read(&file)?) {
            Ok(found) => writeln!(out, "{file}\t{:?}\t{:?}", found.media, found.header)?,
            Err(refused) => writeln!(out, "{file}\trefused\t{refused}")?,
        }
    }
    Ok(())
}
