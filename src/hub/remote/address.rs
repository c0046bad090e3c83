//! Addresses: what they are made of, and where redirects lead.

use ureq::http::Uri;

/// Scheme, host and port.
pub fn origin(address: &Uri) -> (Option<&str>, Option<String>, Option<u16>) {
    let default = match address.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    let host = address.host().map(str::to_ascii_lowercase);
    (address.scheme_str(), host, address.port_u16().or(default))
}

/// A redirect's address, which may be a part of one.
pub fn joined(from: &Uri, location: &str) -> Option<Uri> {
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let whole = if location.contains("://") {
        location.to_string()
    } else if let Some(other) = location.strip_prefix("//") {
        format!("{scheme}://{other}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.split(['/', '?', '#']).next()?.contains(':') {
        // Another scheme.
        return None;
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    let whole = whole.split('#').next()?;
    whole.parse().ok()
}

/// A part of an address, with everything but letters, digits, `-._~` and what is `kept` escaped.
pub fn escaped(part: &str, kept: &str) -> String {
    part.bytes()
        .map(|byte| match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) || kept.contains(c) => c.to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_and_names_are_parts_of_an_address() {
        assert_eq!(escaped("refs/pr/1", ""), "refs%2Fpr%2F1");
        assert_eq!(escaped("v1.0?x#y z", ""), "v1.0%3Fx%23y%20z");
        assert_eq!(escaped("0_CLIPModel/config.json", "/"), "0_CLIPModel/config.json");
    }

    #[test]
    fn redirects_are_joined_and_other_schemes_are_none() {
        let from: Uri = "https://hub.example/a/b?c".parse().unwrap();
        let to = |location: &str| joined(&from, location).map(|uri| uri.to_string());
        assert_eq!(to("/x?y").as_deref(), Some("https://hub.example/x?y"));
        assert_eq!(to("x").as_deref(), Some("https://hub.example/a/x"));
        assert_eq!(to("//cdn.example/x#f").as_deref(), Some("https://cdn.example/x"));
        assert_eq!(to("http://cdn.example/x").as_deref(), Some("http://cdn.example/x"));
        for bad in ["javascript:alert(1)", "data:text/plain,x"] {
            assert_eq!(to(bad), None, "{bad}");
        }
    }
}
