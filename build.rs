//! Packs the embedded model and fonts, and sets link flags that make the program smaller on Linux: identical functions are kept
//! once, relocations are packed, and the release carries no symbols.

use std::io::{Error, Result};
use std::path::Path;

use miniz_oxide::deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus};
use miniz_oxide::deflate::core::{compress_to_output, create_comp_flags_from_zip_params};

#[path = "src/clip/vocabulary.rs"]
mod vocabulary;

/// What `src/clip/embedded.rs` and `src/packed.rs` include, how it is prepared, and whether it repeats itself: weights do only by
/// chance and in short runs, which cost more than they save.
const PACKED: [(&str, &str, Prepare, bool); 5] = [
    ("assets/starter/model.safetensors", "starter.z", split_halves, false),
    ("assets/starter/tokenizer.json", "starter_tokenizer.z", shorten, true),
    ("assets/tokenizer/clip.json", "clip_tokenizer.z", shorten, true),
    ("assets/fonts/Inter-Tabular-Regular.otf", "regular.z", Ok, true),
    ("assets/fonts/Inter-Tabular-SemiBold.otf", "semi_bold.z", Ok, true),
];

type Prepare = fn(Vec<u8>) -> Result<Vec<u8>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/clip/vocabulary.rs");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    for (source, packed, prepare, repeats) in PACKED {
        println!("cargo::rerun-if-changed={source}");
        let bytes = prepare(std::fs::read(source)?)?;
        std::fs::write(Path::new(&out).join(packed), deflated(&bytes, repeats)?)?;
    }
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all,-z,pack-relative-relocs");
        if std::env::var("PROFILE").as_deref() == Ok("release") {
            println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
        }
    }
    Ok(())
}

/// In zlib's format.
fn deflated(bytes: &[u8], repeats: bool) -> Result<Vec<u8>> {
    let strategy = if repeats {
        CompressionStrategy::Default
    } else {
        CompressionStrategy::Filtered
    };
    let (best, with_header) = (9, 15);
    let flags = create_comp_flags_from_zip_params(best, with_header, strategy as i32);
    let mut packed = Vec::new();
    let status = compress_to_output(&mut CompressorOxide::new(flags), bytes, TDEFLFlush::Finish, |part| {
        packed.extend_from_slice(part);
        true
    });
    match status {
        (TDEFLStatus::Done, _) => Ok(packed),
        (status, _) => Err(Error::other(format!("packing ended with {status:?}"))),
    }
}

/// Of 16-bit numbers the low bytes first and then the high ones, which are alike.
#[allow(clippy::unnecessary_wraps, reason = "one of several ways to prepare a file")]
fn split_halves(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let (low, high) = (bytes.iter().step_by(2), bytes.iter().skip(1).step_by(2));
    Ok(low.chain(high).copied().collect())
}

/// A `tokenizer.json` without the tokens that follow from its merges (see `src/clip/vocabulary.rs`).
fn shorten(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let text = String::from_utf8(bytes).map_err(Error::other)?;
    let short = cut(&text).filter(|short| vocabulary::restored(short).as_ref() == Some(&text));
    let wrong = || Error::other("the tokens of a tokenizer's merges are not the last ones of its vocabulary");
    short.map(String::into_bytes).ok_or_else(wrong)
}

/// From the first merged token to the last, whose number stays out, too.
fn cut(text: &str) -> Option<String> {
    let tokens: Vec<String> = vocabulary::merged_tokens(text).collect();
    let quoted = |token: &String| format!("\"{token}\"");
    let vocabulary = text.find("\"vocab\"")?;
    let place = |token: &String| Some(vocabulary + text[vocabulary..].find(&quoted(token))?);
    let (first, last) = (tokens.first()?, tokens.last()?);
    let start = place(first)?;
    let (colon, rest) = before_number(&text[start + quoted(first).len()..])?;
    let (number, rest) = after_number(rest);
    let between = rest.split('"').next()?;
    let (_, rest) = before_number(&text[place(last)? + quoted(last).len()..])?;
    let (_, after) = after_number(rest);
    Some([between, colon, number, &text[..start], after].join("\0"))
}

fn before_number(text: &str) -> Option<(&str, &str)> {
    Some(text.split_at(text.find(|c: char| c.is_ascii_digit())?))
}

fn after_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
