//! Weights that claim more than any machine holds, or that say the same again and again.

use std::io::Write;
use std::path::Path;

use crate::models::{classify, fixtures};

/// A sound model without its weights.
fn model_without(weights: &str, fixture: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixtures().join(fixture)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_file() && name != weights {
            std::fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    folder
}

/// Four terabytes that take no room on the disk.
#[cfg(unix)]
#[test]
fn weights_larger_than_the_memory_are_not_read() {
    let model = model_without("model.safetensors", "clip-f32");
    let length: u64 = 4_000_000_000_000;
    let header = format!(
        r#"{{"text_model.embeddings.token_embedding.weight":{{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,{length}]}}}}"#
    );
    let path = model.path().join("model.safetensors");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    if file.set_len(8 + header.len() as u64 + length).is_err() {
        println!("this disk holds no file of four terabytes");
        return;
    }
    let errors = classify(model.path(), "four terabytes");
    assert!(errors.contains("memory of this machine"), "{errors}");
}

fn text(of: &[u8]) -> Vec<u8> {
    [&b"X"[..], &(of.len() as u32).to_le_bytes(), of].concat()
}

/// One tensor of four numbers, 800,000 times under one name of 4,000 bytes.
fn pickle() -> Vec<u8> {
    let mut bytes = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x000".to_vec();
    bytes.push(b'(');
    bytes.extend(text(b"storage"));
    bytes.extend(b"ctorch\nFloatStorage\n");
    bytes.extend(text(b"0"));
    bytes.extend(text(b"cpu"));
    bytes.extend(b"K\x04tQq\x010");
    bytes.extend(b"h\x00(h\x01K\x00K\x01\x85K\x01\x85tRq\x020");
    bytes.extend(text(b"a"));
    bytes.extend(b"q\x030}(");
    bytes.extend(text(&[b'n'; 4_000]));
    bytes.push(b'}');
    for _ in 0..2 {
        bytes.push(b'(');
        bytes.extend(b"h\x03h\x02".repeat(400_000));
        bytes.push(b'u');
    }
    bytes.extend(b"u.");
    bytes
}

/// A zip archive whose entries are stored as they are.
fn archive(path: &Path, entries: &[(&str, &[u8])]) {
    let number = |value: usize| (value as u32).to_le_bytes();
    let (mut content, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let sum = crc32fast::hash(bytes).to_le_bytes();
        let name_length = (name.len() as u16).to_le_bytes();
        let sizes = [sum, number(bytes.len()), number(bytes.len())].concat();
        let start = content.len();
        let local = [
            &b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0"[..],
            &sizes,
            &name_length,
            &[0; 2],
        ]
        .concat();
        content.extend([&local[..], name.as_bytes(), bytes].concat());
        let central = [
            &b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\x21\0"[..],
            &sizes,
            &name_length,
            &[0; 12],
        ]
        .concat();
        directory.extend([&central[..], &number(start), name.as_bytes()].concat());
    }
    let count = (entries.len() as u16).to_le_bytes();
    let end = [
        &b"PK\x05\x06\0\0\0\0"[..],
        &count,
        &count,
        &number(directory.len()),
        &number(content.len()),
        &[0; 2],
    ]
    .concat();
    std::fs::write(path, [content, directory, end].concat()).unwrap();
}

#[test]
fn one_long_name_for_every_tensor_is_refused() {
    let model = model_without("model.safetensors", "clip-f32");
    let entries: [(&str, &[u8]); 3] = [
        ("archive/data.pkl", &pickle()),
        ("archive/byteorder", b"little"),
        ("archive/data/0", &[0; 16]),
    ];
    archive(&model.path().join("pytorch_model.bin"), &entries);
    let errors = classify(model.path(), "one long name");
    assert!(errors.contains("names of more than 64 MiB"), "{errors}");
}
