//! The functions' zips: stripped, one `bootstrap` each. Must not know where
//! they go.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use zip::write::SimpleFileOptions;

use crate::FUNCTIONS;

/// A function's name and its zip.
pub type Package = (&'static str, Vec<u8>);

/// Zips the functions built in `binaries` (a folder of cargo's target), and
/// gives a name for this very set.
pub fn package(binaries: &Path, scratch: &Path) -> Result<(String, Vec<Package>)> {
    // Stripping and zipping are the longest part of a start: two at a time.
    let zipped: Vec<Result<Vec<u8>>> = std::thread::scope(|scope| {
        let halves = FUNCTIONS.chunks(FUNCTIONS.len().div_ceil(2));
        let workers: Vec<_> = halves
            .map(|names| {
                let work = move || {
                    names.iter().map(|name| zip_function(binaries, scratch, name)).collect()
                };
                scope.spawn(work)
            })
            .collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|zips: std::thread::Result<Vec<_>>| zips.unwrap_or_default()).collect()
    });
    ensure!(zipped.len() == FUNCTIONS.len(), "packaging stopped half-way");
    let mut packages = Vec::new();
    let mut all = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for (name, zip) in FUNCTIONS.into_iter().zip(zipped) {
        let zip = zip?;
        all.update(&zip);
        packages.push((name, zip));
    }
    let digest = HEXLOWER.encode(all.finish().as_ref());
    Ok((digest.chars().take(16).collect(), packages))
}

/// Strips and zips one function.
fn zip_function(binaries: &Path, scratch: &Path, name: &str) -> Result<Vec<u8>> {
    let built = binaries.join(name);
    let stripped = scratch.join(format!("{name}.stripped"));
    let status = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(&built)
        .status()
        .context("`strip` (binutils) is needed to package the functions")?;
    ensure!(status.success(), "{} could not be stripped: is it built?", built.display());
    let binary = fs::read(&stripped)?;
    fs::remove_file(&stripped)?;
    zip_bootstrap(&binary)
}

/// A zip that holds the binary as `bootstrap`, executable.
fn zip_bootstrap(binary: &[u8]) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(1))
        .unix_permissions(0o755);
    writer.start_file("bootstrap", options)?;
    writer.write_all(binary)?;
    Ok(writer.finish()?.into_inner())
}
