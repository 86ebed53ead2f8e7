//! One request for a file or its rest.
//!
//! What carries it differs: `plain` brings its own connections, `java` uses those of the system that lies under an
//! activity, with its certificates. Either gives an [`Answer`]; what that means is said here.

#[cfg(any(target_os = "android", test))]
mod java;
#[cfg(not(target_os = "android"))]
mod plain;

use std::io::Read;

use anyhow::{Context, Result, bail};

/// How the program names itself to servers.
const AGENT: &str = concat!("matte/", env!("CARGO_PKG_VERSION"));

/// The longest that a server may take to accept a connection, and to send something, in seconds.
const PATIENCE: [u64; 2] = [20, 30];

/// A reply that carries bytes.
pub struct Reply {
    /// The place of its first byte in the file.
    pub first: u64,
    /// The file's length, if the server tells.
    pub total: Option<u64>,
    pub body: Box<dyn Read>,
}

/// What a server says, redirections followed.
struct Answer {
    status: u16,
    /// The length of the body, and the `content-range`, if the server tells.
    length: Option<u64>,
    range: Option<String>,
    body: Box<dyn Read>,
}

/// Asks for a file from byte `first` on. The server may answer with the whole.
pub fn get(address: &str, first: u64) -> Result<Reply> {
    #[cfg(not(target_os = "android"))]
    return get_by(plain::ask, address, first);
    #[cfg(target_os = "android")]
    get_by(|address, first| java::ask(&crate::platform::machine()?, address, first), address, first)
}

fn get_by(ask: impl Fn(&str, u64) -> Result<Answer>, address: &str, first: u64) -> Result<Reply> {
    let unreachable = || format!("{address} cannot be reached");
    let mut first = first;
    let mut answer = ask(address, first).with_context(unreachable)?;
    if answer.status == 416 && first > 0 {
        // The part at hand reaches past the server's file: begin anew.
        first = 0;
        answer = ask(address, first).with_context(unreachable)?;
    }
    let (first, total) = match answer.status {
        200 => (0, answer.length),
        206 if first > 0 => {
            parsed_range(&answer.range.unwrap_or_default()).context("the server's reply makes no sense")?
        }
        status => bail!("{address} answers with {status}, not with the model"),
    };
    Ok(Reply { first, total, body: answer.body })
}

/// The first byte and the file's length of `bytes 100-199/200`; the length may be `*`.
fn parsed_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (span, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let first = span.split_once('-')?.0.parse().ok()?;
    Some((first, total.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::parsed_range;

    #[test]
    fn ranges_are_read() {
        assert_eq!(parsed_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(parsed_range("bytes 100-199/*"), Some((100, None)));
        for wrong in ["", "bytes", "bytes 1/2", "lines 1-2/3", "bytes x-2/3"] {
            assert_eq!(parsed_range(wrong), None, "{wrong}");
        }
    }
}
