//! A small Hub on this machine: the routes that Clipsight uses, and every way in which they can fail.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha1::{Digest, Sha1};
use sha2::Sha256;

/// The commit that every revision names.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// Larger files are described by their SHA-256, as the Hub does.
const LARGE: usize = 2_000;

/// How a server misbehaves when it sends a large file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    None,
    /// It closes the connection after so many bytes, this often.
    BreaksAfter(usize, usize),
    /// It says nothing more after so many bytes, once.
    StallsAfter(usize),
    /// It sends a little at a time.
    Slow,
    /// It sends other bytes than it described.
    Corrupt,
    /// It answers with this status instead, this often.
    Answers(u16, usize),
    /// It says that a large file has so many bytes.
    Claims(u64),
    /// It ignores that only the rest was asked for, and breaks once before.
    IgnoresRange(usize),
}

struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    fault: Mutex<Fault>,
    faults_left: AtomicUsize,
    broken_once: AtomicBool,
    token: Option<String>,
    requests: Mutex<Vec<String>>,
    heads: Mutex<Vec<String>>,
    /// Where large files lie, where not here.
    elsewhere: Mutex<Option<String>>,
    /// The paths of requests that showed a token.
    trusted: Mutex<Vec<String>>,
}

/// A running server; it ends with the test's process.
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    shared: Arc<Shared>,
}

impl Server {
    /// Serves these files as the only model, `org/name`; with a token, only to those who show it.
    pub fn start(files: BTreeMap<String, Vec<u8>>, token: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            files,
            fault: Mutex::new(Fault::None),
            faults_left: AtomicUsize::new(0),
            broken_once: AtomicBool::new(false),
            token: token.map(ToString::to_string),
            requests: Mutex::new(Vec::new()),
            heads: Mutex::new(Vec::new()),
            elsewhere: Mutex::new(None),
            trusted: Mutex::new(Vec::new()),
        });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = serving.clone();
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { endpoint, shared }
    }

    /// Misbehaves from now on.
    pub fn misbehave(&self, fault: Fault) {
        let times = match fault {
            Fault::BreaksAfter(_, times) | Fault::Answers(_, times) => times,
            _ => usize::MAX,
        };
        self.shared.faults_left.store(times, Ordering::SeqCst);
        self.shared.broken_once.store(false, Ordering::SeqCst);
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// Redirects to large files of another server from now on.
    pub fn keep_elsewhere(&self, endpoint: &str) {
        *self.shared.elsewhere.lock().unwrap() = Some(endpoint.into());
    }

    /// The paths of requests that showed a token.
    pub fn trusted(&self) -> Vec<String> {
        self.shared.trusted.lock().unwrap().clone()
    }

    /// All that every request said so far.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// The first lines and ranges of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut head = String::new();
            while reader.read_line(&mut head).is_ok_and(|read| read > 0) && !head.ends_with("\r\n\r\n") {}
            if head.is_empty() || !self.answer(&head, &stream) {
                let _ = stream.shutdown(std::net::Shutdown::Both);
                return;
            }
        }
    }

    /// Answers one request; whether the connection stays open.
    fn answer(&self, head: &str, mut stream: &TcpStream) -> bool {
        let path = head.split(' ').nth(1).unwrap_or_default().to_string();
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(name))?;
            Some(line.split_once(": ")?.1.to_string())
        };
        let range = header("range:");
        let line = format!("{path} {}", range.clone().unwrap_or_default());
        self.requests.lock().unwrap().push(line.trim().to_string());
        self.heads.lock().unwrap().push(head.into());
        let shown = header("authorization:").unwrap_or_default();
        if !shown.is_empty() {
            self.trusted.lock().unwrap().push(path.clone());
        }
        if self
            .token
            .as_ref()
            .is_some_and(|token| shown != format!("Bearer {token}"))
            && !path.starts_with("/cdn/")
        {
            return respond(stream, 401, "X-Error-Code: GatedRepo\r\n", b"gated");
        }
        if let Some(name) = path.strip_prefix(&format!("/org/name/resolve/{COMMIT}/")) {
            if self.files.get(name).is_some_and(|content| content.len() >= LARGE) {
                // Large files lie elsewhere, as on the Hub.
                let elsewhere = self.elsewhere.lock().unwrap().clone().unwrap_or_default();
                return respond(stream, 302, &format!("Location: {elsewhere}/cdn/{name}\r\n"), b"");
            }
            return self.file(name, None, stream, false);
        }
        if let Some(name) = path.strip_prefix("/cdn/") {
            return self.file(name, range, stream, true);
        }
        match path.as_str() {
            "/api/models/org/name/revision/main?blobs=true"
            | "/api/models/org/name/revision/refs%2Fpr%2F1?blobs=true" => {
                respond(stream, 200, "", self.list().as_bytes())
            }
            other if other.starts_with("/api/models/org/name/revision/") => {
                respond(stream, 404, "X-Error-Code: RevisionNotFound\r\n", b"no")
            }
            other if other.starts_with("/api/models/") => respond(stream, 401, "X-Error-Code: RepoNotFound\r\n", b"no"),
            _ => {
                let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                true
            }
        }
    }

    fn list(&self) -> String {
        let siblings = self.files.iter().map(|(name, content)| {
            let git = hex(&Sha1::digest(
                [format!("blob {}\0", content.len()).as_bytes(), content].concat(),
            ));
            let mut file = serde_json::json!({ "rfilename": name, "size": content.len(), "blobId": git });
            if content.len() >= LARGE {
                let sha256 = hex(&Sha256::digest(content));
                let size = match *self.fault.lock().unwrap() {
                    Fault::Claims(bytes) => bytes,
                    _ => content.len() as u64,
                };
                file["lfs"] = serde_json::json!({ "sha256": sha256, "size": size, "pointerSize": 130 });
            }
            file
        });
        serde_json::json!({ "sha": COMMIT, "siblings": siblings.collect::<Vec<_>>() }).to_string()
    }

    fn file(&self, name: &str, range: Option<String>, mut stream: &TcpStream, large: bool) -> bool {
        let Some(content) = self.files.get(name) else {
            return respond(stream, 404, "X-Error-Code: EntryNotFound\r\n", b"no");
        };
        let fault = if large {
            *self.fault.lock().unwrap()
        } else {
            Fault::None
        };
        let start = range
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
            .unwrap_or(0);
        let start = if matches!(fault, Fault::IgnoresRange(_)) {
            0
        } else {
            start
        };
        let mut rest = content[start..].to_vec();
        let again = || {
            let left = self.faults_left.load(Ordering::SeqCst);
            self.faults_left.store(left.saturating_sub(1), Ordering::SeqCst);
            left > 0
        };
        if let Fault::Answers(status, _) = fault
            && again()
        {
            return respond(stream, status, "", b"");
        }
        if fault == Fault::Corrupt {
            rest[0] ^= 1;
        }
        let status = if start > 0 { 206 } else { 200 };
        let head = format!("HTTP/1.1 {status} Fine\r\nContent-Length: {}\r\n\r\n", rest.len());
        let _ = stream.write_all(head.as_bytes());
        let first_time = !self.broken_once.swap(true, Ordering::SeqCst);
        match fault {
            Fault::BreaksAfter(bytes, _) if again() => {
                let _ = stream.write_all(&rest[..bytes.min(rest.len())]);
                return false;
            }
            Fault::IgnoresRange(bytes) if first_time => {
                let _ = stream.write_all(&rest[..bytes]);
                return false;
            }
            Fault::StallsAfter(bytes) if first_time => {
                let _ = stream.write_all(&rest[..bytes]);
                std::thread::sleep(Duration::from_secs(5));
                return false;
            }
            Fault::Slow => {
                for part in rest.chunks(500) {
                    if stream.write_all(part).is_err() {
                        return false;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            _ => {
                let _ = stream.write_all(&rest);
            }
        }
        true
    }
}

fn respond(mut stream: &TcpStream, status: u16, headers: &str, body: &[u8]) -> bool {
    let head = format!(
        "HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
    true
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
