//! Nothing asks the network, but what fetches a model: seen by whoever listens where a proxy and the Hub would be, and on
//! Linux by the kernel, in a room without any way out, where it counts who looked for one.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::everything::Place;
use crate::program::Program;

/// Every variable that names a proxy.
const PROXIES: [&str; 6] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
];
/// What fetches a model, and so has to be seen.
const FETCH: [&str; 3] = ["models", "pull", "org/name"];

/// Counts who comes, and has nothing for anybody.
struct Listener {
    address: String,
    visits: Arc<AtomicUsize>,
}

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4_096]);
                let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { address, visits }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

/// The program with every way to the network leading to this address, and an empty cache of models.
fn led_to(address: &str, program: &Program, args: &[&str]) -> Command {
    let mut command = program.command(args);
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    command.envs(PROXIES.map(|proxy| (proxy, address)));
    command
        .env("HF_ENDPOINT", address)
        .env("HF_HOME", program.0.path().join("hub"));
    for name in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"] {
        command.env_remove(name);
    }
    command
}

#[test]
fn no_command_asks_anybody_but_what_fetches_a_model() {
    let (place, program, listener) = (Place::new(), Program::new(), Listener::start());
    let walled = room_without_network();
    let counts = program.0.path().join("counts");
    if !walled {
        crate::skips::not_checked("by the kernel: no network can be taken away here; a listener alone looks");
    }
    let run = |args: &[&str]| {
        let open = led_to(&listener.address, &program, args);
        let mut command = if walled { in_room(&open, &counts) } else { open };
        let output = command.output().unwrap();
        (output, if walled { ways_out(&counts) } else { listener.visits() })
    };
    for command in place.commands() {
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let (output, asked) = run(&args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {errors}");
        assert_eq!(asked, 0, "{command:?}: {errors}");
    }
    let (output, asked) = run(&FETCH);
    assert!(!output.status.success());
    assert!(asked > 0, "whoever asks is seen");
}

#[test]
fn a_fetch_asks_the_endpoint_that_is_named() {
    let (program, listener) = (Program::new(), Listener::start());
    let output = led_to(&listener.address, &program, &FETCH).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(listener.visits() > 0);
}

/// Whether this user may take the network away from a process.
fn room_without_network() -> bool {
    let tried = Command::new("unshare")
        .args(["--map-root-user", "--net", "true"])
        .output();
    cfg!(target_os = "linux") && tried.is_ok_and(|output| output.status.success())
}

/// A command in a network of its own in which nothing is connected; afterwards the kernel's counts are in a file.
fn in_room(command: &Command, counts: &Path) -> Command {
    let script = r#""$@"; code=$?; cat /proc/net/snmp /proc/net/snmp6 > "$COUNTS"; exit $code"#;
    let mut room = Command::new("unshare");
    room.args(["--map-root-user", "--net", "sh", "-c", script, "sh"]);
    room.arg(command.get_program())
        .args(command.get_args())
        .env("COUNTS", counts);
    room.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => room.env(name, value),
            None => room.env_remove(name),
        };
    }
    room
}

/// How often somebody looked for a way out of the room, or sent anything in it.
fn ways_out(counts: &Path) -> usize {
    let text = std::fs::read_to_string(counts).unwrap();
    std::fs::remove_file(counts).unwrap();
    // A line of names and a line of numbers for IPv4, a line a number for IPv6.
    let mut rows = text.lines().filter_map(|line| line.strip_prefix("Ip: "));
    let names = rows.next().unwrap().split(' ');
    let numbered: Vec<(&str, &str)> = names.zip(rows.next().unwrap().split(' ')).collect();
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("Ip6")?.split_once(char::is_whitespace));
    let all = numbered.into_iter().chain(lines);
    let told = all.filter(|(name, _)| ["OutNoRoutes", "OutRequests"].contains(name));
    told.map(|(_, number)| number.trim().parse::<usize>().unwrap()).sum()
}

/// What a window may do, seen in the sources: the Hub's client alone can speak, and two ask it for a model.
#[test]
fn the_hubs_client_alone_speaks_to_the_network_and_two_ask_it_for_a_model() {
    let sources = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let with = |words: &[&str]| -> Vec<String> {
        let holds = |path: &&PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            words.iter().any(|word| text.contains(word))
        };
        let name = |path: &PathBuf| {
            let below = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            below.to_string_lossy().replace('\\', "/")
        };
        sources.iter().filter(holds).map(name).collect()
    };
    let speaking = with(&["ureq", "std::net", "TcpStream", "UdpSocket", "reqwest"]);
    assert!(!speaking.is_empty());
    assert!(
        speaking.iter().all(|path| path.starts_with("src/hub/remote")),
        "{speaking:?}"
    );
    assert_eq!(
        with(&["Hub::from_environment()"]),
        ["src/cli/models.rs", "src/engine/fetch.rs"]
    );
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    let paths = entries.map(walkdir::DirEntry::into_path);
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}
