//! Why a registry does not say a digest.

use std::fmt;

use serde::Deserialize;
use ureq::Timeout;

/// Why a registry does not say a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It does not have the tag, or not the repository.
    NoImage {
        /// The tags that the repository has, if the registry lists them.
        tags: Vec<String>,
    },
    /// It denies access.
    Denied {
        /// Whether it got credentials.
        has_credentials: bool,
        /// What it says.
        said: Option<String>,
    },
    /// It wants credentials, and those of Docker cannot be found out.
    Credentials {
        /// Why.
        cause: String,
        /// How to mend it.
        help: String,
    },
    /// It got too many requests.
    TooMany {
        /// When it takes more: a number of seconds or a date.
        retry_after: Option<String>,
    },
    /// TLS fails.
    Tls(String),
    /// It cannot be reached: why. Other images of the registry are not asked for then.
    Unreachable(String),
    /// There is no answer: why.
    Silent(String),
    /// The answer is none that can be used: why.
    Unusable(String),
}

impl fmt::Display for Failure {
    /// What the registry does, to go on after its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |said: &Option<String>| match said {
            Some(said) => format!(": {said}"),
            None => String::new(),
        };
        match self {
            Failure::NoImage { .. } => write!(f, "does not have it"),
            Failure::Denied { has_credentials: true, said: words } => {
                write!(f, "does not accept the credentials of Docker{}", said(words))
            }
            Failure::Denied { has_credentials: false, said: words } => {
                write!(f, "wants credentials{}", said(words))
            }
            Failure::Credentials { cause, .. } => write!(f, "wants credentials: {cause}"),
            Failure::TooMany { retry_after } => {
                write!(f, "got too many requests")?;
                match retry_after {
                    Some(time) if time.bytes().all(|byte| byte.is_ascii_digit()) => {
                        write!(f, ", and takes more in {time} s")
                    }
                    Some(time) => write!(f, ", and takes more at {time}"),
                    None => Ok(()),
                }
            }
            Failure::Tls(cause) => write!(f, "cannot be asked with TLS: {cause}"),
            Failure::Unreachable(cause) | Failure::Silent(cause) => {
                write!(f, "does not answer: {cause}")
            }
            Failure::Unusable(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for Failure {}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Failure {
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Failure::Unreachable("no connection in time".to_owned())
            }
            ureq::Error::Timeout(_) => Failure::Silent("no answer in time".to_owned()),
            ureq::Error::HostNotFound => Failure::Unreachable("there is no such host".to_owned()),
            ureq::Error::Rustls(cause) => Failure::Tls(cause.to_string()),
            ureq::Error::Tls(cause) => Failure::Tls(cause.to_owned()),
            ureq::Error::Io(cause) => of_io(&cause),
            ureq::Error::BodyExceedsLimit(limit) => {
                Failure::Unusable(format!("sends an answer of more than {limit} bytes"))
            }
            ureq::Error::LargeResponseHeader(..) => {
                Failure::Unusable("sends headers that are too long".to_owned())
            }
            ureq::Error::TooManyRedirects => {
                Failure::Unusable("redirects from one address to another without end".to_owned())
            }
            ureq::Error::RedirectFailed => {
                Failure::Unusable("redirects a request for a token".to_owned())
            }
            ureq::Error::Protocol(cause) => {
                Failure::Unusable(format!("answers with something that is no HTTP: {cause}"))
            }
            ureq::Error::ConnectProxyFailed(cause) => {
                Failure::Unreachable(format!("the proxy refuses: {cause}"))
            }
            error => Failure::Silent(error.to_string()),
        }
    }
}

/// Errors of TLS are wrapped by the stream that they happen on.
fn of_io(cause: &std::io::Error) -> Failure {
    use std::io::ErrorKind;
    match cause.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            Failure::Silent("no answer in time".to_owned())
        }
        ErrorKind::ConnectionRefused => Failure::Unreachable("connection refused".to_owned()),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Failure::Unreachable(cause.to_string())
        }
        ErrorKind::InvalidData => Failure::Tls(cause.to_string()),
        _ => Failure::Silent(cause.to_string()),
    }
}

/// The first error in the body of an answer, without line ends.
pub(crate) fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        message: Option<String>,
        code: Option<String>,
    }
    let errors: Errors = serde_json::from_slice(body).ok()?;
    let one = errors.errors.into_iter().next()?;
    let text = one.message.filter(|text| !text.is_empty()).or(one.code)?;
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().filter(|c| !c.is_control()).take(200).collect())
}
