use super::*;

#[test]
fn what_is_recalled_again_and_again_costs_neither_time_nor_memory() {
    // A tuple of 200,000 items, kept, and used by 200,000 calls.
    let mut calls = b"\x80\x02(".to_vec();
    calls.extend([b'N'; 200_000]);
    calls.extend(b"tq\0ccollections\nOrderedDict\nq\x01");
    calls.extend(b"h\x01h\0R".repeat(200_000));
    calls.push(b'.');
    let started = std::time::Instant::now();
    assert!(read(&calls).is_ok());
    for opcode in [b'}', b'(', b')'] {
        let error = read(&vec![opcode; MAX_VALUES + 10]).unwrap_err();
        assert!(error.contains("more than 1000000 values"), "{error}");
    }
    let mut long = b"\x80\x02X\0\0\x10\0".to_vec();
    long.extend(vec![b'a'; 1 << 20]);
    long.extend(b"q\0");
    long.extend(b"h\0h\0\x93");
    assert!(read(&long).unwrap_err().contains("longer than those of any weights"));
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn names_that_run_programs_are_refused_by_name() {
    let error = read(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").unwrap_err();
    assert!(error.contains("os.system"), "{error}");
    let error = read(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").unwrap_err();
    assert!(error.contains("builtins.eval"), "{error}");
    for hidden in ["torch.storage.xStorage", "torch._utils.evil", "torch.evil\0Storage"] {
        assert!(!is_allowed(hidden), "{hidden}");
    }
}

#[test]
fn whatever_breaks_off_is_an_error_and_no_panic() {
    let whole = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x05X\x01\x00\x00\x00bJ\xff\xff\xff\xffu.";
    let values = read(whole).unwrap();
    let Value::Dict(items) = values.get(values.root()) else {
        panic!("no dictionary")
    };
    assert_eq!(values.get(items[1].1), &Value::Int(-1));
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn any_byte_in_any_place_is_survived() {
    let whole = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x05X\x01\x00\x00\x00b]q\x01(K\x01K\x02eu.";
    for place in 0..whole.len() {
        for byte in 0..=255 {
            let mut bytes = whole.to_vec();
            bytes[place] = byte;
            let _ = read(&bytes);
        }
    }
    assert!(read(b"\x80\x02tR.").is_err());
    assert!(read(b"h\x05.").unwrap_err().contains("never kept"));
}

#[test]
fn what_training_scripts_keep_beside_weights_is_let_lie() {
    let mut pickle = b"\x80\x02}(".to_vec();
    pickle.extend(b"X\x04\0\0\0argscargparse\nNamespace\n)\x81}b");
    pickle.extend(b"X\x05\0\0\0dtypectorch\nfloat16\n");
    pickle.extend(b"X\x06\0\0\0devicectorch\ndevice\nX\x03\0\0\0cpu\x85R");
    pickle.extend(b"u.");
    let values = read(&pickle).unwrap();
    let Value::Dict(items) = values.get(values.root()) else {
        panic!("no dictionary")
    };
    assert!(matches!(values.get(items[0].1), Value::Object(Some(_))));
    assert!(matches!(values.get(items[1].1), Value::Global(name) if name == "torch.float16"));
    assert_eq!(values.get(items[2].1), &Value::Ignored);
}
