//! Models are fetched whole and right, or not at all: against a local server that misbehaves in every way.

mod server;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clipsight::hub::{Cache, Hub, PullError, PullResult, Pulled, pull};
use clipsight::progress::{Progress, Unheard, progress_fn, while_wanted};
use server::{COMMIT, Fault, Server};

const STALL: Duration = Duration::from_millis(400);
const MODEL: &str = "org/name";

/// A fixture model's files, as a repository.
fn files() -> BTreeMap<String, Vec<u8>> {
    files_of("clip-f32")
}

fn files_of(fixture: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(fixture);
    let mut files: BTreeMap<String, Vec<u8>> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.insert("README.md".into(), b"not needed".to_vec());
    files
}

struct Setup {
    server: Server,
    folder: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        Self {
            server: Server::start(files(), None),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn with(fault: Fault) -> Self {
        let setup = Self::new();
        setup.server.misbehave(fault);
        setup
    }

    fn cache(&self) -> Cache {
        Cache::at(self.folder.path())
    }

    fn pull(&self) -> PullResult<Pulled> {
        self.pull_with(&Unheard)
    }

    fn pull_with(&self, progress: &dyn Progress) -> PullResult<Pulled> {
        let hub = Hub::at(&self.server.endpoint, STALL);
        pull(&hub, &self.cache(), MODEL, "main", progress)
    }

    fn assert_whole(&self) {
        let folder = self.cache().find(MODEL).expect("the model is in the cache").folder;
        for name in [
            "config.json",
            "preprocessor_config.json",
            "tokenizer.json",
            "model.safetensors",
        ] {
            assert_eq!(std::fs::read(folder.join(name)).unwrap(), files()[name], "{name}");
        }
    }

    fn large_requests(&self) -> Vec<String> {
        let all = self.server.requests();
        all.into_iter().filter(|line| line.starts_with("/cdn/model")).collect()
    }
}

#[test]
fn a_model_is_fetched_by_the_hubs_conventions_and_found_again_without_it() {
    let setup = Setup::new();
    let last = Cell::new((0.0, 0.0));
    let pulled = setup
        .pull_with(&progress_fn(|step| last.set((step.done, step.total)), || true))
        .unwrap();
    setup.assert_whole();
    assert_eq!(pulled.folder, setup.cache().find(MODEL).unwrap().folder);
    let root = setup.folder.path().join("models--org--name");
    assert_eq!(std::fs::read_to_string(root.join("refs/main")).unwrap(), COMMIT);
    assert!(root.join("snapshots").join(COMMIT).join("config.json").is_file());
    assert!(
        !pulled.folder.join("README.md").exists(),
        "nothing is fetched that is not needed"
    );
    assert_eq!(last.get(), (pulled.bytes as f64, pulled.bytes as f64));

    let before = setup.large_requests().len();
    setup.pull().unwrap();
    assert_eq!(
        setup.large_requests().len(),
        before,
        "what is there is not fetched again"
    );
}

#[test]
fn a_fetch_asks_for_the_model_and_tells_nothing_else() {
    // What every client of HTTP says.
    let headers = ["accept", "accept-encoding", "connection", "host", "range", "user-agent"];
    let setup = Setup::new();
    setup.pull().unwrap();
    let heads = setup.server.heads();
    assert!(heads.len() > 4, "{heads:?}");
    for head in heads {
        let mut lines = head.lines();
        let path = lines
            .next()
            .and_then(|line| line.strip_prefix("GET "))
            .unwrap_or_default();
        let model = ["/api/models/org/name/", "/org/name/resolve/", "/cdn/"];
        assert!(model.iter().any(|start| path.starts_with(start)), "{head}");
        for line in lines.filter(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default().to_lowercase();
            assert!(headers.contains(&name.as_str()), "{head}");
        }
    }
}

#[test]
fn a_broken_transfer_goes_on_where_it_stopped() {
    let setup = Setup::with(Fault::BreaksAfter(50_000, 3));
    setup.pull().unwrap();
    setup.assert_whole();
    let asked = setup.large_requests();
    assert!(
        asked[1].ends_with("bytes=50000-") && asked[2].ends_with("bytes=100000-"),
        "{asked:?}"
    );
}

#[test]
fn a_server_that_cannot_resume_is_read_from_the_start() {
    let setup = Setup::with(Fault::IgnoresRange(50_000));
    setup.pull().unwrap();
    setup.assert_whole();
}

#[test]
fn a_silent_connection_is_given_up_and_another_one_finishes() {
    let setup = Setup::with(Fault::StallsAfter(50_000));
    setup.pull().unwrap();
    setup.assert_whole();
}

#[test]
fn a_server_that_fails_twice_is_asked_again() {
    let setup = Setup::with(Fault::Answers(503, 2));
    setup.pull().unwrap();
    setup.assert_whole();
}

#[test]
fn a_server_that_keeps_failing_is_named_and_what_arrived_is_kept() {
    let setup = Setup::with(Fault::BreaksAfter(0, usize::MAX));
    let error = setup.pull().unwrap_err();
    assert!(matches!(error, PullError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("goes on where it stopped"));
    assert_eq!(setup.cache().find(MODEL), None, "half a model is none");
}

#[test]
fn wrong_bytes_are_thrown_away() {
    let setup = Setup::with(Fault::Corrupt);
    let error = setup.pull().unwrap_err();
    assert!(matches!(error, PullError::Checksum { .. }), "{error}");
    assert_eq!(setup.cache().find(MODEL), None);
    let blobs = setup.folder.path().join("models--org--name/blobs");
    let left = std::fs::read_dir(blobs).unwrap().filter_map(Result::ok);
    assert!(
        left.map(|entry| entry.file_name())
            .all(|name| !name.to_string_lossy().ends_with("incomplete"))
    );
    setup.server.misbehave(Fault::None);
    setup.pull().unwrap();
    setup.assert_whole();
}

/// The blob of the weights.
fn weights_blob(setup: &Setup) -> std::path::PathBuf {
    let folder = setup.cache().find(MODEL).unwrap().folder;
    folder.join("model.safetensors").canonicalize().unwrap()
}

#[test]
fn what_lies_in_the_cache_is_verified_before_it_is_called_so() {
    let setup = Setup::new();
    setup.pull().unwrap();
    let blob = weights_blob(&setup);
    let mut content = std::fs::read(&blob).unwrap();
    let end = content.len() - 5_000;
    content[end..].fill(0);
    std::fs::write(&blob, &content).unwrap();
    setup.pull().unwrap();
    setup.assert_whole();
    // Another tool's cache: nothing is remembered of it, and it is right.
    let root = setup.folder.path().join("models--org--name");
    std::fs::remove_file(root.join(".clipsight-verified.json")).unwrap();
    let before = setup.large_requests().len();
    setup.pull().unwrap();
    assert_eq!(setup.large_requests().len(), before);
    assert!(root.join(".clipsight-verified.json").is_file());
}

#[cfg(unix)]
#[test]
fn a_name_in_the_snapshot_that_is_no_blob_is_replaced() {
    let setup = Setup::new();
    let pulled = setup.pull().unwrap();
    let config = pulled.folder.join("config.json");
    std::fs::remove_file(&config).unwrap();
    std::fs::write(&config, b"{}").unwrap();
    setup.pull().unwrap();
    setup.assert_whole();
    let other = setup.folder.path().join("other.json");
    std::fs::write(&other, b"{}").unwrap();
    std::fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink(&other, &config).unwrap();
    setup.pull().unwrap();
    setup.assert_whole();
    assert_eq!(std::fs::read(&other).unwrap(), b"{}");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_partial_file_is_not_followed() {
    let setup = Setup::new();
    setup.pull().unwrap();
    let blob = weights_blob(&setup);
    std::fs::remove_file(&blob).unwrap();
    let mine = setup.folder.path().join("mine");
    std::fs::write(&mine, vec![7; 900_000]).unwrap();
    let mut partial = blob.into_os_string();
    partial.push(".incomplete");
    std::os::unix::fs::symlink(&mine, &partial).unwrap();
    setup.pull().unwrap();
    setup.assert_whole();
    assert_eq!(std::fs::read(&mine).unwrap(), vec![7; 900_000]);
    // Nor is a file emptied that has a name elsewhere.
    std::fs::remove_file(weights_blob(&setup)).unwrap();
    std::fs::hard_link(&mine, &partial).unwrap();
    setup.pull().unwrap();
    setup.assert_whole();
    assert_eq!(std::fs::read(&mine).unwrap(), vec![7; 900_000]);
}

#[test]
fn a_size_that_no_model_has_is_refused_before_anything_is_fetched() {
    for bytes in [u64::MAX, u64::MAX - (50 << 20), 2_000_000_000_000] {
        let setup = Setup::with(Fault::Claims(bytes));
        let error = setup.pull().unwrap_err().to_string();
        assert!(error.contains("which no model has"), "{error}");
        assert!(setup.large_requests().is_empty());
    }
}

#[test]
fn the_token_stays_with_the_host_and_port_that_it_is_for() {
    let elsewhere = Server::start(files(), None);
    let setup = Setup {
        server: Server::start(files(), Some("secret")),
        folder: tempfile::tempdir().unwrap(),
    };
    setup.server.keep_elsewhere(&elsewhere.endpoint);
    let pull = |hub: Hub| pull(&hub, &setup.cache(), MODEL, "main", &Unheard);
    let hub = Hub::at(&setup.server.endpoint, STALL).with_token("secret");
    let error = pull(hub.clone()).unwrap_err().to_string();
    assert!(error.contains("CLIPSIGHT_TOKEN_OVER_HTTP"), "{error}");
    assert_eq!(setup.server.trusted(), Vec::<String>::new(), "it went over plain http");
    pull(hub.with_plain_token()).unwrap();
    setup.assert_whole();
    assert!(!setup.server.trusted().is_empty());
    assert!(!elsewhere.requests().is_empty());
    assert_eq!(elsewhere.trusted(), Vec::<String>::new(), "it went to another port");
}

#[test]
fn a_download_that_is_stopped_keeps_what_it_has_and_resumes() {
    let setup = Setup::with(Fault::Slow);
    let arrived = Cell::new(0);
    let error = setup
        .pull_with(&progress_fn(
            |step| arrived.set(step.done as u64),
            || arrived.get() < 60_000,
        ))
        .unwrap_err();
    assert!(matches!(error, PullError::Cancelled), "{error}");
    assert_eq!(setup.cache().find(MODEL), None);
    setup.server.misbehave(Fault::None);
    setup.pull().unwrap();
    setup.assert_whole();
    let resumed = setup.large_requests().pop().unwrap();
    assert!(resumed.contains("bytes="), "{resumed}");
}

#[test]
fn damage_in_what_was_kept_is_found() {
    let setup = Setup::with(Fault::BreaksAfter(50_000, usize::MAX));
    let stop = Cell::new(0);
    let _ = setup.pull_with(&while_wanted(|| stop.replace(stop.get() + 1) < 20));
    let blobs = setup.folder.path().join("models--org--name/blobs");
    let partial = std::fs::read_dir(blobs).unwrap().filter_map(Result::ok);
    let partial = partial
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some())
        .unwrap();
    let mut bytes = std::fs::read(&partial).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&partial, bytes).unwrap();
    setup.server.misbehave(Fault::None);
    assert!(matches!(setup.pull().unwrap_err(), PullError::Checksum { .. }));
    setup.pull().unwrap();
    setup.assert_whole();
}

#[test]
fn what_is_not_there_or_not_ours_is_told_apart() {
    let setup = Setup::new();
    let hub = Hub::at(&setup.server.endpoint, STALL);
    let message = |hub: &Hub, model: &str, revision: &str| {
        let pulled = pull(hub, &setup.cache(), model, revision, &Unheard);
        pulled.unwrap_err().to_string()
    };
    assert!(message(&hub, "org/other", "main").contains("no model org/other"));
    assert!(message(&hub, MODEL, "v9").contains("no such revision"));
    assert!(message(&hub, "../../etc", "main").contains("no model's name"));
    let nobody = Hub::at("http://127.0.0.1:9", STALL);
    let error = message(&nobody, MODEL, "main");
    assert!(
        error.contains("cannot reach") && error.contains("HTTPS_PROXY"),
        "{error}"
    );

    let gated = Server::start(files(), Some("secret"));
    let hub = Hub::at(&gated.endpoint, STALL);
    let error = message(&hub, MODEL, "main");
    assert!(error.contains("gated") && error.contains("HF_TOKEN"), "{error}");
    let opened = hub.with_token("secret").with_plain_token();
    pull(&opened, &setup.cache(), MODEL, "main", &Unheard).unwrap();
    setup.assert_whole();
}

#[test]
fn a_repository_without_a_clip_is_refused_before_anything_is_fetched() {
    let mut bert = files();
    bert.remove("config.json");
    let server = Server::start(bert, None);
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::at(&server.endpoint, STALL);
    let error = pull(&hub, &Cache::at(folder.path()), MODEL, "main", &Unheard).unwrap_err();
    assert!(error.to_string().contains("config.json is missing"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

/// Pulls a repository of these files; what came of it, and which files were asked for.
fn pull_from(files: BTreeMap<String, Vec<u8>>, model: &str) -> (PullResult<Pulled>, Vec<String>, tempfile::TempDir) {
    let server = Server::start(files, None);
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::at(&server.endpoint, STALL);
    let pulled = pull(&hub, &Cache::at(folder.path()), model, "main", &Unheard);
    let requests = server.requests();
    let asked = requests
        .iter()
        .filter_map(|line| line.split_once("/resolve/")?.1.split_once('/'));
    (pulled, asked.map(|(_, name)| name.trim().to_string()).collect(), folder)
}

#[test]
fn what_cannot_be_opened_is_refused_before_its_weights_are_fetched() {
    let change = |fixture: &str, file: &str, from: &str, to: &str| {
        let mut files = files_of(fixture);
        let text = String::from_utf8(files[file].clone()).unwrap();
        assert!(text.contains(from), "{text}");
        files.insert(file.into(), text.replacen(from, to, 1).into_bytes());
        files
    };
    let config = "config.json";
    let open_clip = "open_clip_config.json";
    let mut no_tokenizer = files();
    no_tokenizer.remove("tokenizer.json");
    let mut pointer = files();
    pointer.insert(
        "tokenizer.json".into(),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec(),
    );
    for (repository, reason, most_requests) in [
        (
            change("clip-f32", config, "\"clip\"", "\"chinese_clip\""),
            "chinese_clip",
            1,
        ),
        (
            change("clip-f32", config, "\"hidden_size\"", "\"hidden_size\": 0, \"x\""),
            "hidden_size",
            1,
        ),
        (
            change(
                "openclip-vit",
                open_clip,
                "\"vision_cfg\": {",
                "\"vision_cfg\": {\"timm_model_name\": \"convnext_base\", ",
            ),
            "convnext_base",
            1,
        ),
        (
            change(
                "clip-f32",
                "preprocessor_config.json",
                "\"crop_size\"",
                "\"crop_size\": 7, \"x\"",
            ),
            "32 x 32",
            3,
        ),
        (no_tokenizer, "tokenizer.json is missing", 2),
        (pointer, "Git LFS", 3),
    ] {
        let (pulled, asked, _folder) = pull_from(repository, MODEL);
        let error = pulled.unwrap_err().to_string();
        assert!(
            error.contains("org/name cannot be opened") && error.contains(reason),
            "{error}"
        );
        assert!(asked.len() <= most_requests, "{reason}: {asked:?}");
        assert!(asked.iter().all(|name| name.ends_with(".json")), "{reason}: {asked:?}");
    }
}

#[test]
fn what_transformers_and_sentence_transformers_save_is_fetched_and_found() {
    let (pulled, asked, folder) = pull_from(files_of("opening/clip"), MODEL);
    assert_eq!(
        Cache::at(folder.path()).find(MODEL).unwrap().folder,
        pulled.unwrap().folder
    );
    assert!(
        !asked.contains(&"vocab.json".to_string()),
        "the tokenizer comes once: {asked:?}"
    );

    let inside = |(name, content)| (format!("0_CLIPModel/{name}"), content);
    let mut parts: BTreeMap<String, Vec<u8>> = files_of("opening/clip").into_iter().map(inside).collect();
    parts.remove("0_CLIPModel/tokenizer.json");
    parts.insert("modules.json".into(), b"[]".to_vec());
    let (pulled, asked, folder) = pull_from(parts, MODEL);
    let found = Cache::at(folder.path()).find(MODEL).unwrap().folder;
    assert_eq!(found, pulled.unwrap().folder);
    assert!(asked.contains(&"0_CLIPModel/merges.txt".to_string()), "{asked:?}");
    clipsight::clip::Model::open(&found, &burn::tensor::Device::flex()).unwrap();
}

#[test]
fn where_one_of_two_layouts_is_refused_the_other_is_fetched() {
    let mut both = files_of("opening/clip");
    let refused = r#"{"model_cfg": {"embed_dim": 12, "vision_cfg": {"timm_model_name": "convnext_base"}}}"#;
    both.insert("open_clip_config.json".into(), refused.into());
    both.insert("open_clip_model.safetensors".into(), vec![0; 5_000]);
    let (pulled, asked, _folder) = pull_from(both, MODEL);
    pulled.unwrap();
    assert!(asked.contains(&"model.safetensors".to_string()), "{asked:?}");
    assert!(!asked.contains(&"open_clip_model.safetensors".to_string()), "{asked:?}");
}

#[test]
fn a_revision_with_slashes_is_one_part_of_the_address() {
    let setup = Setup::new();
    let hub = Hub::at(&setup.server.endpoint, STALL);
    pull(&hub, &setup.cache(), MODEL, "refs/pr/1", &Unheard).unwrap();
    setup.assert_whole();
    let reference = setup.folder.path().join("models--org--name/refs/refs/pr/1");
    assert_eq!(std::fs::read_to_string(reference).unwrap(), COMMIT);
}

fn clipsight(setup: &Setup, arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_clipsight"))
        .args(arguments)
        .env("HF_ENDPOINT", &setup.server.endpoint)
        .env("HF_HUB_CACHE", setup.folder.path())
        .env("CLIPSIGHT_DATA_DIR", setup.folder.path().join("data"))
        .env("CLIPSIGHT_DEVICE", "cpu")
        .env_remove("HF_TOKEN")
        .output()
        .unwrap()
}

#[test]
fn the_command_line_pulls_lists_opens_and_removes() {
    let setup = Setup::new();
    let json = |output: &std::process::Output| -> Vec<serde_json::Value> {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let missing = clipsight(&setup, &["models", "info", MODEL]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("models pull org/name"));

    let pulled = json(&clipsight(&setup, &["models", "pull", MODEL, "--format", "json"]));
    assert_eq!(pulled.last().unwrap()["name"], MODEL);
    assert_eq!(pulled.last().unwrap()["local"], true);

    let listed = json(&clipsight(&setup, &["models", "list", "--format", "json"]));
    let ours = listed.iter().find(|line| line["name"] == MODEL).unwrap();
    assert_eq!(ours["local"], true);
    let far = listed
        .iter()
        .find(|line| line["name"] == "openai/clip-vit-base-patch32")
        .unwrap();
    assert_eq!(far["local"], false);

    let info = json(&clipsight(&setup, &["models", "info", MODEL, "--format", "json"]));
    assert_eq!(info[0]["image_size"], 32);
    let texts = ["embed", "--text", "a cat", "--model", MODEL, "--format", "json"];
    assert_eq!(json(&clipsight(&setup, &texts)).len(), 1);

    json(&clipsight(&setup, &["models", "remove", MODEL, "--format", "json"]));
    assert!(!clipsight(&setup, &["models", "remove", MODEL]).status.success());
    let listed = json(&clipsight(&setup, &["models", "list", "--format", "json"]));
    assert!(listed.iter().all(|line| line["name"] != MODEL));
}
