use super::*;

fn unit(first: f32) -> Embedding {
    Embedding {
        vector: vec![first, (1.0 - first * first).sqrt(), 0.0],
        norm: 3.5,
    }
}

pub(super) fn computed(number: u8, model: &str) -> Computed {
    Computed {
        content: Content([number; 32]),
        thumbnail: Some(Thumbnail {
            width: 640,
            height: 480,
            jpeg: vec![number; 500],
        }),
        embedding: Some((model.into(), unit(f32::from(number) / 256.0))),
    }
}

#[test]
fn what_was_kept_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let one = computed(3, "m");
    Cache::open(folder.path())
        .unwrap()
        .keep(std::slice::from_ref(&one))
        .unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    assert_eq!(cache.embedding(one.content, "m", 3).unwrap(), Some(unit(3.0 / 256.0)));
    assert_eq!(cache.embedding(one.content, "other", 3).unwrap(), None);
    assert_eq!(cache.embedding(one.content, "m", 4).unwrap(), None);
    assert_eq!(cache.embedding(Content([4; 32]), "m", 3).unwrap(), None);
    assert_eq!(cache.thumbnail(one.content).unwrap(), one.thumbnail);
}

#[test]
fn a_row_that_is_not_as_it_was_written_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (computed(3, "m"), computed(4, "m"));
    let mut cache = Cache::open(folder.path()).unwrap();
    for damage in [
        "UPDATE embeddings SET vector = substr(vector, 1, 8)",
        "UPDATE embeddings SET vector = x'0000803f0000000000000000'",
        "UPDATE embeddings SET norm = 3.0",
        "UPDATE embeddings SET checksum = 0",
        "UPDATE thumbnails SET width = 641",
        "UPDATE thumbnails SET jpeg = substr(jpeg, 2)",
        // Two rows of which the contents were exchanged.
        "UPDATE embeddings SET content = x'ff' WHERE id = 1; UPDATE embeddings SET content = (SELECT content FROM
         thumbnails LIMIT 1) WHERE id = 2",
    ] {
        cache.keep(&[one.clone(), other.clone()]).unwrap();
        cache.database.connection.execute_batch(damage).unwrap();
        let embedding = cache.embedding(one.content, "m", 3).unwrap();
        let thumbnail = cache.thumbnail(one.content).unwrap();
        assert!(embedding.is_none() || thumbnail.is_none(), "{damage}");
        cache
            .database
            .connection
            .execute_batch("DELETE FROM embeddings; DELETE FROM thumbnails")
            .unwrap();
    }
}

#[test]
fn what_is_no_number_is_not_kept_and_costs_no_other_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(folder.path()).unwrap();
    let (mut broken, whole) = (computed(3, "m"), computed(4, "m"));
    broken.embedding = Some((
        "m".into(),
        Embedding {
            vector: vec![f32::NAN; 3],
            norm: f32::NAN,
        },
    ));
    cache.keep(&[broken.clone(), whole.clone()]).unwrap();
    assert_eq!(cache.embedding(broken.content, "m", 3).unwrap(), None);
    assert!(cache.embedding(whole.content, "m", 3).unwrap().is_some());
}
