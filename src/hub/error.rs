//! What can go wrong with a download, in words that say what to do next.

pub type PullResult<T> = std::result::Result<T, PullError>;

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// What was typed cannot be a model's name.
    #[error("\"{0}\" is no model's name: it has the form org/name")]
    Name(String),
    /// The environment forbids the network.
    #[error("HF_HUB_OFFLINE is set, so nothing is fetched; unset it to download")]
    Offline,
    /// The Hub cannot be reached.
    #[error(
        "cannot reach {endpoint} ({reason}). Check the connection; behind a proxy, set HTTPS_PROXY; for a mirror, set \
         HF_ENDPOINT"
    )]
    Unreachable { endpoint: String, reason: String },
    /// The proxy wants a password.
    #[error("the proxy refuses to pass this on (407). Put its user and password into HTTPS_PROXY")]
    Proxy,
    /// The model is gated, private or not there, and the token does not open it.
    #[error(
        "{model} is gated or private ({status}). Accept its terms at {endpoint}/{model}, make a token at \
         {endpoint}/settings/tokens, and set HF_TOKEN to it"
    )]
    Forbidden {
        model: String,
        endpoint: String,
        /// 401 or 403.
        status: u16,
    },
    /// The token stays at home.
    #[error(
        "{endpoint} wants a token, and none was sent: anybody on the way could read it, since the address is plain http. \
         Use https, or set CLIPSIGHT_TOKEN_OVER_HTTP=1"
    )]
    PlainToken { endpoint: String },
    /// No such model, or no such revision of it.
    #[error("the Hub has no {what}. Check the spelling; capitals matter")]
    NotFound {
        /// The model, and the revision where one was named.
        what: String,
    },
    /// The model is there, but nothing that could be opened.
    #[error("{model} cannot be opened by Clipsight: {reason}{}", instead(.twin))]
    NoClip {
        model: String,
        reason: String,
        /// The same model in files that open.
        twin: Option<String>,
    },
    /// The Hub answers with an error, again and again.
    #[error("{endpoint} answers with an error ({status}). Try again later; what was fetched so far is kept")]
    Server { endpoint: String, status: u16 },
    /// The transfer broke off too often.
    #[error("the transfer of {file} broke off ({reason}). Try again: it goes on where it stopped")]
    Broken { file: String, reason: String },
    /// What arrived is not what was published.
    #[error("{file} arrived damaged: its checksum is wrong. It was thrown away; try again")]
    Checksum { file: String },
    /// The Hub says something that makes no sense.
    #[error("{endpoint} gives an answer that is not understood: {reason}")]
    Answer { endpoint: String, reason: String },
    /// The disk is too full.
    #[error("not enough space: {needed} MB are needed in {folder}, {free} MB are free. Free some, or set HF_HOME")]
    Space {
        /// Megabytes to come.
        needed: u64,
        /// Megabytes free.
        free: u64,
        folder: String,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write { path: String, source: std::io::Error },
    /// Another process fetches the same.
    #[error("{0} is being fetched already, by another window or command")]
    Busy(String),
    #[error("the download was stopped; it will resume next time")]
    Cancelled,
}

fn instead(twin: &Option<String>) -> String {
    let sentence = |twin| format!(". The same model opens from another repository: `clipsight models pull {twin}`");
    twin.as_ref().map_or_else(String::new, sentence)
}
