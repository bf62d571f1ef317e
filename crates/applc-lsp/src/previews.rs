//! The output of targets as documents that the server makes: their addresses, and what the client has of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use applc::analysis::Analysis;
use applc::targets::Artifact;
use applc::trace::SourceMap;
use gen_lsp_types as lsp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::diagnostics::uri_of;
use crate::files::Open;
use crate::uri;

/// The scheme of their URIs.
pub const SCHEME: &str = "applc-preview";

/// What stays as it is in a part of a path and in a value of a query, as in `encodeURIComponent`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What a preview shows: `applc-preview:/TARGET/FILE?source=URI&environment=NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The path of the appliance.
    pub source: String,
    /// The environment, if one is named.
    pub environment: Option<String>,
    /// The name of the target.
    pub target: String,
    /// The path of the file in the output of the target. Empty if no output has said how its files are called.
    pub file: String,
}

impl Address {
    /// Reads a URI. `None` if it is not that of a preview.
    pub fn read(uri: &lsp::Uri) -> Option<Address> {
        let rest = uri.0.strip_prefix(SCHEME)?.strip_prefix(":/")?;
        let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let (path, query) = rest.split_once('?')?;
        let (target, file) = path.split_once('/')?;
        let values: BTreeMap<&str, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| Some((name, decoded(value)?)))
            .collect::<Option<_>>()?;
        Some(Address {
            source: uri::to_path(&lsp::Uri(values.get("source")?.clone())),
            environment: values.get("environment").cloned(),
            target: decoded(target)?,
            file: decoded(file)?,
        })
    }

    /// The URI, in which the appliance is named as its client names it.
    pub fn uri(&self, open: &Open) -> lsp::Uri {
        let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let file: Vec<String> = self.file.split('/').map(encoded).collect();
        let source = uri_of(open, &self.source);
        let mut uri = format!(
            "{SCHEME}:/{}/{}?source={}",
            encoded(&self.target),
            file.join("/"),
            encoded(&source.0)
        );
        if let Some(environment) = &self.environment {
            uri.push_str(&format!("&environment={}", encoded(environment)));
        }
        lsp::Uri(uri)
    }

    /// Whether both are files of the same output.
    pub fn is_beside(&self, other: &Address) -> bool {
        self.source == other.source
            && self.environment == other.environment
            && self.target == other.target
    }
}

/// The output of a target, and where it comes from.
pub struct Made {
    /// What it was made of.
    pub analysis: Arc<Analysis>,
    /// The files.
    pub artifacts: Vec<Artifact>,
    /// The origins of the files.
    pub map: SourceMap,
}

impl Made {
    /// The index of a file: of the first one, if none is named.
    pub fn index(&self, file: &str) -> Option<usize> {
        if file.is_empty() {
            return (!self.artifacts.is_empty()).then_some(0);
        }
        self.artifacts.iter().position(|artifact| artifact.path == file)
    }
}

/// A preview that the client has asked for.
pub struct Shown {
    /// Its URI, as the client writes it.
    pub uri: lsp::Uri,
    /// The last output that has the file.
    pub made: Option<Arc<Made>>,
    /// Why that is not what the appliance becomes now.
    pub problem: Option<String>,
    /// What the appliance was when it was looked at; `None` if its document was not open.
    pub seen: Option<Arc<Analysis>>,
    /// Whether the client was told that the text is another one, and has not asked for it yet: then nobody may see it.
    pub is_told: bool,
}

impl Shown {
    /// The text of a preview: the last output that there was, or else why there is none.
    pub fn text(&self, file: &str) -> String {
        let made = self.made.as_ref();
        let artifact = made.and_then(|made| made.artifacts.get(made.index(file)?));
        match artifact {
            Some(artifact) => artifact.text.clone(),
            None => {
                let comment = if file.ends_with(".json") { "//" } else { "#" };
                let problem = self.problem.as_deref().unwrap_or("the target makes no such file");
                format!("{comment} No output: {problem}.\n")
            }
        }
    }
}

/// The previews of a client.
#[derive(Default)]
pub struct Previews {
    /// Those that it has asked for.
    pub shown: BTreeMap<Address, Shown>,
    /// Those that each appliance had when they were last known.
    pub offered: BTreeMap<String, Vec<Address>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_editors() {
        let uri = "applc-preview:/compose/a%20b/compose.yaml?source=file%3A%2F%2F%2Fp%2Fa%2526.json&environment=a%26b";
        let address = Address::read(&uri.into()).unwrap();
        assert_eq!(address.target, "compose");
        assert_eq!(address.file, "a b/compose.yaml");
        assert_eq!(address.source, "/p/a&.json");
        assert_eq!(address.environment.as_deref(), Some("a&b"));
        struct Nothing;
        impl applc::World for Nothing {
            fn read(&self, _: &str) -> std::io::Result<Vec<u8>> {
                Err(std::io::ErrorKind::NotFound.into())
            }
            fn list(&self, _: &str) -> std::io::Result<Vec<String>> {
                Err(std::io::ErrorKind::NotFound.into())
            }
        }
        impl crate::files::Files for Nothing {
            fn entries(&self, _: &str) -> std::io::Result<Vec<crate::files::Entry>> {
                Ok(Vec::new())
            }
            fn exists(&self, _: &str) -> bool {
                false
            }
        }
        assert_eq!(address.uri(&Open::over(Box::new(Nothing))).0, uri);
        for other in [
            "file:///a?source=b",
            "applc-preview:/compose",
            "applc-preview:/a/b?x=y",
            "applc-preview:/a/%ff?source=file%3A%2F%2F%2Fp",
            "applc-preview:/a/b?source=file%3A%2F%2F%2Fp%ff",
        ] {
            assert_eq!(Address::read(&other.into()), None, "{other}");
        }
    }
}
