//! The body of a request, with its limits.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::answer::Problem;

/// Greatest size of a body, in bytes.
pub const SIZE: usize = 1 << 20;

/// How long a body may take.
const TIME: Duration = Duration::from_secs(20);

/// Reads a body.
///
/// # Errors
/// 413: it is too large. 408: it takes too long. 400: it breaks off.
pub async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let collected = tokio::time::timeout(TIME, Limited::new(body, SIZE).collect()).await;
    let collected = collected
        .map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body takes too long"))?;
    match collected {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the body is larger than {SIZE} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Err(_) => Err(Problem::new(StatusCode::BAD_REQUEST, "the body breaks off")),
    }
}
