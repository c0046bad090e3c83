//! Packs the embedded model, and sets link flags that make the program smaller on Linux: identical functions are kept
//! once, relocations are packed, and the release carries no symbols.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// What `src/clip/embedded.rs` includes, and whether it consists of 16-bit numbers.
const PACKED: [(&str, &str, bool); 3] = [
    ("assets/starter/model.safetensors", "starter.z", true),
    ("assets/starter/tokenizer.json", "starter_tokenizer.z", false),
    ("assets/tokenizer/clip.json", "clip_tokenizer.z", false),
];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    for (source, packed, halves) in PACKED {
        println!("cargo::rerun-if-changed={source}");
        pack(Path::new(source), &Path::new(&out).join(packed), halves)?;
    }
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all,-z,pack-relative-relocs");
        if std::env::var("PROFILE").as_deref() == Ok("release") {
            println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
        }
    }
    Ok(())
}

/// Deflates a file; of 16-bit numbers the low bytes come first and then the high ones, which are alike.
fn pack(source: &Path, target: &Path, halves: bool) -> std::io::Result<()> {
    let mut bytes = std::fs::read(source)?;
    if halves {
        let (low, high) = (bytes.iter().step_by(2), bytes.iter().skip(1).step_by(2));
        bytes = low.chain(high).copied().collect();
    }
    let mut encoder = ZlibEncoder::new(std::fs::File::create(target)?, Compression::best());
    encoder.write_all(&bytes)?;
    encoder.finish()?.flush()
}
