//! Requests over connections of the program's own.

use std::time::Duration;

use anyhow::Result;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName};

use super::{AGENT, Answer, PATIENCE};

/// Asks for a file from byte `first` on.
pub fn ask(address: &str, first: u64) -> Result<Answer> {
    let [accept, send] = PATIENCE.map(Duration::from_secs);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(4)
        .timeout_connect(Some(accept))
        .timeout_recv_response(Some(send))
        .user_agent(AGENT)
        .build()
        .into();
    let mut request = agent.get(address).header("accept-encoding", "identity");
    if first > 0 {
        request = request.header("range", format!("bytes={first}-"));
    }
    let response = request.call()?;
    let text = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    Ok(Answer {
        status: response.status().as_u16(),
        length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        range: text(CONTENT_RANGE),
        body: Box::new(response.into_body().into_reader()),
    })
}
