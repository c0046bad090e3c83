//! What the Hub says about a model, by its own routes.

mod address;
mod listing;

use std::time::Duration;

use ureq::http::{Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, ResponseExt};

use super::cache::hf_home;
use super::{PullError, PullResult};
use crate::files::read_at_most;
use address::{escaped, joined, origin};

pub use listing::{Checksum, RemoteFile, Repository};

const DEFAULT_ENDPOINT: &str = "https://huggingface.co";
/// A connection that says nothing for so long is given up.
const STALL: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(15);
/// Lets the token go over plain http, where it is set to 1.
const PLAIN_TOKEN: &str = "CLIPSIGHT_TOKEN_OVER_HTTP";
const MAX_TOKEN_BYTES: u64 = 4_096;
/// How often a redirect is followed.
const MAX_REDIRECTS: usize = 10;
/// The list of a repository's files; the largest published one is far below.
const MAX_LIST_BYTES: u64 = 16 << 20;
const PARTIAL: u16 = 206;

/// A Hub, and how to talk to it.
#[derive(Debug, Clone)]
pub struct Hub {
    endpoint: String,
    token: Option<String>,
    /// Whether the token may go over a connection that anybody on the way can read.
    plain_token: bool,
    offline: bool,
    agent: Agent,
}

impl Hub {
    /// The Hub of the environment: `HF_ENDPOINT`, `HF_TOKEN` (else the token that `hf auth login` left), `HF_HUB_OFFLINE`,
    /// and the usual variables for proxies.
    pub fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let token = variable("HF_TOKEN")
            .or_else(|| variable("HUGGING_FACE_HUB_TOKEN"))
            .or_else(|| {
                let path = variable("HF_TOKEN_PATH").map(Into::into);
                let bytes = read_at_most(&path.or_else(|| Some(hf_home()?.join("token")))?, MAX_TOKEN_BYTES);
                String::from_utf8(bytes.ok()?).ok()
            });
        let offline = variable("HF_HUB_OFFLINE").is_some_and(|value| !["0", "false", "no"].contains(&value.as_str()));
        Self {
            token: token
                .map(|token| token.trim().to_string())
                .filter(|token| !token.is_empty()),
            plain_token: variable(PLAIN_TOKEN).is_some_and(|value| value == "1"),
            offline,
            ..Self::at(variable("HF_ENDPOINT").as_deref().unwrap_or(DEFAULT_ENDPOINT), STALL)
        }
    }

    /// A Hub at this address, without a token; a connection that says nothing for `stall` is given up.
    pub fn at(endpoint: &str, stall: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .user_agent(concat!("clipsight/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT.min(stall)))
            .timeout_per_read(Some(stall))
            // Followed here: what goes along depends on where it leads.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self {
            endpoint: endpoint.trim_end_matches('/').to_string(),
            token: None,
            plain_token: false,
            offline: false,
            agent: config.into(),
        }
    }

    /// The same with a token, which goes to this host and port alone, and only over https.
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The same whose token goes over plain http, too.
    pub fn with_plain_token(mut self) -> Self {
        self.plain_token = true;
        self
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A model's files at a revision (a branch, a tag or a commit).
    ///
    /// # Errors
    /// The Hub cannot be reached, or has no such model for us.
    pub fn repository(&self, model: &str, revision: &str) -> PullResult<Repository> {
        let revision = escaped(revision, "");
        let route = format!("{}/api/models/{model}/revision/{revision}?blobs=true", self.endpoint);
        let mut response = self.get(&route, None, model)?;
        let json = response
            .body_mut()
            .with_config()
            .limit(MAX_LIST_BYTES)
            .read_to_string()
            .map_err(|e| self.unreachable(&e))?;
        Repository::parse(&json).map_err(|reason| self.answer(reason))
    }

    /// A file's content from `start` on, and where it really starts.
    ///
    /// # Errors
    /// As [`Self::repository`].
    pub fn content(&self, model: &str, commit: &str, file: &str, start: u64) -> PullResult<(u64, Response<Body>)> {
        let file = escaped(file, "/");
        let route = format!("{}/{model}/resolve/{commit}/{file}", self.endpoint);
        let response = self.get(&route, (start > 0).then_some(start), model)?;
        let from = if response.status() == PARTIAL { start } else { 0 };
        Ok((from, response))
    }

    fn get(&self, route: &str, start: Option<u64>, model: &str) -> PullResult<Response<Body>> {
        if self.offline {
            return Err(PullError::Offline);
        }
        let mut address: Uri = route.parse().map_err(|_| self.answer(format!("no address: {route}")))?;
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.agent.get(&address);
            if let Some(token) = self.token.as_ref().filter(|_| self.may_have_token(&address)) {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            if let Some(start) = start {
                request = request.header("Range", format!("bytes={start}-"));
            }
            let response = request.call().map_err(|e| self.unreachable(&e))?;
            match response.status().as_u16() {
                200..=299 => return Ok(response),
                301 | 302 | 303 | 307 | 308 => address = self.redirected(&address, &response)?,
                status => return Err(self.refused(status, &response, model)),
            }
        }
        Err(self.answer(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// The token goes to the host and port that it is for, and over plain http only where that was asked for.
    fn may_have_token(&self, address: &Uri) -> bool {
        let own: Option<Uri> = self.endpoint.parse().ok();
        own.is_some_and(|own| origin(&own) == origin(address))
            && (address.scheme_str() == Some("https") || self.plain_token)
    }

    /// Where a redirect leads: over http or https, and never from https to http.
    fn redirected(&self, from: &Uri, response: &Response<Body>) -> PullResult<Uri> {
        let location = response.headers().get("Location").and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| self.answer("a redirect that leads nowhere".into()))?;
        let to = joined(from, location).ok_or_else(|| self.answer(format!("a redirect to \"{location}\"")))?;
        match (from.scheme_str(), to.scheme_str()) {
            (_, Some("https")) | (Some("http"), Some("http")) => Ok(to),
            _ => Err(self.answer(format!(
                "a redirect to \"{location}\", which anybody on the way could change"
            ))),
        }
    }

    fn refused(&self, status: u16, response: &Response<Body>, model: &str) -> PullError {
        let code = response
            .headers()
            .get("X-Error-Code")
            .and_then(|code| code.to_str().ok());
        let endpoint = self.endpoint.clone();
        let missing = |what: String| PullError::NotFound { what };
        match (status, code) {
            // The Hub does not tell strangers whether a private model exists.
            (_, Some("RepoNotFound")) if self.token.is_none() => missing(format!(
                "model {model} (if it is private, set HF_TOKEN to a token of an account that may read it)"
            )),
            (_, Some("RepoNotFound")) => missing(format!("model {model}")),
            (_, Some("RevisionNotFound")) => missing(format!("such revision of {model}")),
            (401 | 403, _) if self.token.is_some() && !self.plain_token && endpoint.starts_with("http://") => {
                PullError::PlainToken { endpoint }
            }
            (401 | 403, _) => PullError::Forbidden {
                model: model.into(),
                endpoint,
                status,
            },
            (404, _) => missing(format!("model {model} (or lacks {})", response.get_uri().path())),
            (407, _) => PullError::Proxy,
            _ => PullError::Server { endpoint, status },
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> PullError {
        let reason = match error {
            ureq::Error::HostNotFound => "its name is unknown: there may be no network".into(),
            ureq::Error::ConnectProxyFailed(reason) if reason.contains("407") => return PullError::Proxy,
            other => other.to_string(),
        };
        PullError::Unreachable {
            endpoint: self.endpoint.clone(),
            reason,
        }
    }

    fn answer(&self, reason: String) -> PullError {
        PullError::Answer {
            endpoint: self.endpoint.clone(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_its_own_host_and_port_over_https() {
        let sent = |hub: &Hub, address: &str| hub.may_have_token(&address.parse().unwrap());
        let hub = Hub::at("https://hub.example", STALL).with_token("secret");
        for own in ["https://hub.example/a", "https://HUB.example:443/b"] {
            assert!(sent(&hub, own), "{own}");
        }
        for other in [
            "https://hub.example:8443/a",
            "http://hub.example/a",
            "http://hub.example:443/a",
            "https://cdn.example/a",
            "https://hub.example.evil/a",
        ] {
            assert!(!sent(&hub, other), "{other}");
        }
        let plain = Hub::at("http://127.0.0.1:8000", STALL).with_token("secret");
        assert!(!sent(&plain, "http://127.0.0.1:8000/a"));
        let asked = plain.with_plain_token();
        assert!(sent(&asked, "http://127.0.0.1:8000/a") && !sent(&asked, "http://127.0.0.1:8001/a"));
    }
}
