//! What the client can do, and what its user wants.

use gen_lsp_types as lsp;
use serde::Deserialize;

use crate::position::Encoding;

/// The client.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// What columns count.
    pub encoding: Encoding,
    /// Whether it can be asked to watch files.
    pub watches_files: bool,
    /// Whether edits of several documents may be versioned.
    pub document_changes: bool,
    /// Whether it renews inlay hints when it is told to.
    pub refreshes_hints: bool,
    /// Whether hovers may be Markdown.
    pub markdown: bool,
    /// Whether it shows related places of findings.
    pub related: bool,
    /// Whether it opens the page of the code of a finding.
    pub code_description: bool,
    /// Whether it shows tags of findings.
    pub tags: bool,
    /// Whether what it inserts may have stops.
    pub snippets: bool,
    /// Whether it indents the lines that it inserts.
    pub adjusts_indentation: bool,
    /// Whether the texts of what it offers may be Markdown.
    pub completion_markdown: bool,
    /// Whether symbols may be inside other ones.
    pub nests_symbols: bool,
    /// Whether it shows documents that the server makes.
    pub shows_content: bool,
    /// What its user wants.
    pub settings: Settings,
}

/// The settings of the user: `initializationOptions`, or the section `applc` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// The names of the targets whose findings are shown where no project file says for which targets to compile.
    pub targets: Vec<String>,
}

impl Settings {
    /// The settings in a configuration, which may be that of all servers. `None` if there are none.
    pub fn read(value: &serde_json::Value) -> Option<Settings> {
        let own = value.get("applc").unwrap_or(value);
        if own.is_null() {
            return None;
        }
        serde_json::from_value(own.clone()).ok()
    }
}

impl Client {
    /// What a client says when it starts.
    pub fn of(parameters: &lsp::InitializeParams) -> Client {
        let all = &parameters.capabilities;
        let workspace = all.workspace.as_ref();
        let document = all.text_document.as_ref();
        let diagnostics = document.and_then(|document| document.publish_diagnostics.as_ref());
        let offered = document
            .and_then(|document| document.completion.as_ref())
            .and_then(|completion| completion.completion_item.as_ref());
        let options = parameters.initialization_options.as_ref();
        Client {
            encoding: encoding(all),
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .and_then(|watched| watched.dynamic_registration)
                .unwrap_or(false),
            document_changes: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref())
                .and_then(|edit| edit.document_changes)
                .unwrap_or(false),
            refreshes_hints: workspace
                .and_then(|workspace| workspace.inlay_hint.as_ref())
                .and_then(|hints| hints.refresh_support)
                .unwrap_or(false),
            markdown: document
                .and_then(|document| document.hover.as_ref())
                .and_then(|hover| hover.content_format.as_ref())
                .is_some_and(|formats| formats.contains(&lsp::MarkupKind::Markdown)),
            related: diagnostics
                .and_then(|found| found.diagnostics_capabilities.related_information)
                .unwrap_or(false),
            code_description: diagnostics
                .and_then(|found| found.diagnostics_capabilities.code_description_support)
                .unwrap_or(false),
            tags: diagnostics
                .is_some_and(|found| found.diagnostics_capabilities.tag_support.is_some()),
            snippets: offered.and_then(|item| item.snippet_support).unwrap_or(false),
            adjusts_indentation: offered
                .and_then(|item| item.insert_text_mode_support.as_ref())
                .is_some_and(|modes| {
                    modes.value_set.contains(&lsp::InsertTextMode::AdjustIndentation)
                }),
            completion_markdown: offered
                .and_then(|item| item.documentation_format.as_ref())
                .is_some_and(|formats| formats.contains(&lsp::MarkupKind::Markdown)),
            nests_symbols: document
                .and_then(|document| document.document_symbol.as_ref())
                .and_then(|symbols| symbols.hierarchical_document_symbol_support)
                .unwrap_or(false),
            shows_content: workspace
                .is_some_and(|workspace| workspace.text_document_content.is_some()),
            settings: options.and_then(Settings::read).unwrap_or_default(),
        }
    }
}

/// The encoding that costs least among those that a client knows.
fn encoding(capabilities: &lsp::ClientCapabilities) -> Encoding {
    use lsp::PositionEncodingKind as Kind;
    let known =
        capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    let Some(known) = known else { return Encoding::Utf16 };
    let wanted = [
        (Kind::UTF8, Encoding::Utf8),
        (Kind::UTF32, Encoding::Utf32),
        (Kind::UTF16, Encoding::Utf16),
    ];
    let found = wanted.into_iter().find(|(kind, _)| known.contains(kind));
    found.map_or(Encoding::Utf16, |(_, encoding)| encoding)
}

impl Encoding {
    /// Its name in the protocol.
    pub fn kind(self) -> lsp::PositionEncodingKind {
        match self {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
            Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
        }
    }
}
