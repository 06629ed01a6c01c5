//! The protocol: one thread, one message after the other, findings when none is waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camshaft_frontend::world::Memory;
use gen_lsp_types as lsp;
use gen_lsp_types::{Notification as _, Request as _};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};

use super::documents::{Document, Documents};
use super::settings::Settings;
use super::{actions, checking, completion, diagnostics, format, hover, positions::Lines, symbols, uri};
use crate::exit::{Exit, Failure};

/// What takes longer than this with lints is checked without them first, and with them when nobody types.
const SLOW: Duration = Duration::from_millis(300);
/// What is longer than this is taken for slow until it was measured.
const LONG_BYTES: usize = 256 << 10;
/// Nobody types when nothing came for so long.
const IDLE: Duration = Duration::from_millis(400);

/// Serves an editor on standard input and output until it says that it is done.
pub(crate) fn serve(settings: Settings) -> Result<Exit, Failure> {
    let (connection, threads) = Connection::stdio();
    let outcome = converse(&connection, settings);
    drop(connection);
    let joined = threads.join();
    let exit = outcome?;
    joined.map_err(|error| Failure::Io { action: "cannot speak with the editor".into(), error })?;
    Ok(exit)
}

fn converse(connection: &Connection, settings: Settings) -> Result<Exit, Failure> {
    let Ok((id, params)) = connection.initialize_start() else { return Ok(Exit::Negative) };
    let params: lsp::InitializeParams = serde_json::from_value(params).unwrap_or_default();
    let complaint;
    let options = params.initialization_options.unwrap_or_default();
    let mut settings = match settings.with(serde_json::to_value(options).unwrap_or_default()) {
        Ok(settings) => {
            complaint = None;
            settings
        }
        // An editor that gives an option we do not know is better served without it than not at all.
        Err(failure) => {
            complaint = Some(failure.message());
            settings
        }
    };
    let completes = params.capabilities.text_document.and_then(|documents| documents.completion);
    let item = completes.and_then(|completion| completion.completion_item);
    settings.snippets = item.and_then(|item| item.snippet_support) == Some(true);
    let result = lsp::InitializeResult {
        capabilities: capabilities(),
        server_info: Some(lsp::ServerInfo {
            name: "camshaft".into(),
            version: Some(env!("CARGO_PKG_VERSION").into()),
        }),
    };
    let result = serde_json::to_value(result).unwrap_or_default();
    if connection.initialize_finish(id, result).is_err() {
        return Ok(Exit::Negative);
    }
    let mut server = Server {
        connection,
        settings,
        documents: Documents::default(),
        memories: BTreeMap::new(),
        published: BTreeMap::new(),
        times: BTreeMap::new(),
        unlinted: BTreeSet::new(),
        idle: false,
    };
    if let Some(complaint) = complaint {
        server.tell(lsp::MessageType::Warning, complaint);
    }
    server.run()
}

fn capabilities() -> lsp::ServerCapabilities {
    lsp::ServerCapabilities {
        position_encoding: Some(lsp::PositionEncodingKind::UTF16),
        text_document_sync: Some(lsp::TextDocumentSync::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Incremental),
            save: Some(lsp::Save::Bool(true)),
            ..lsp::TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(lsp::HoverProvider::Bool(true)),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(["\"", ":", "/"].map(String::from).into()),
            ..lsp::CompletionOptions::default()
        }),
        code_action_provider: Some(lsp::CodeActionProvider::CodeActionOptions(lsp::CodeActionOptions {
            code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix, actions::FIX_ALL]),
            ..lsp::CodeActionOptions::default()
        })),
        document_formatting_provider: Some(lsp::DocumentFormattingProvider::Bool(true)),
        document_symbol_provider: Some(lsp::DocumentSymbolProvider::Bool(true)),
        ..lsp::ServerCapabilities::default()
    }
}

struct Server<'c> {
    connection: &'c Connection,
    settings: Settings,
    documents: Documents,
    /// What earlier loads of worlds read.
    memories: BTreeMap<PathBuf, Memory>,
    /// Files that are not open and have findings, by the world that they belong to.
    published: BTreeMap<String, BTreeSet<String>>,
    /// How long texts and worlds took with lints, by URI or path.
    times: BTreeMap<String, Duration>,
    /// Texts that were checked without lints.
    unlinted: BTreeSet<String>,
    /// Whether nobody types.
    idle: bool,
}

impl Server<'_> {
    fn run(&mut self) -> Result<Exit, Failure> {
        let mut shut_down = false;
        loop {
            // Findings of a text that is about to change again are of no use.
            if self.connection.receiver.is_empty() {
                self.check();
            }
            if !self.unlinted.is_empty() && self.connection.receiver.is_empty() {
                match self.connection.receiver.recv_timeout(IDLE) {
                    Ok(message) => {
                        if let Some(exit) = self.handle(message, &mut shut_down) {
                            return Ok(exit);
                        }
                    }
                    Err(error) if error.is_timeout() => self.lint(),
                    Err(_) => return Ok(Exit::Negative),
                }
                continue;
            }
            let Ok(message) = self.connection.receiver.recv() else { return Ok(Exit::Negative) };
            if let Some(exit) = self.handle(message, &mut shut_down) {
                return Ok(exit);
            }
        }
    }

    /// What was left for later.
    fn lint(&mut self) {
        for uri in core::mem::take(&mut self.unlinted) {
            if let Some(document) = self.documents.0.get_mut(&uri) {
                document.dirty = true;
            }
        }
        self.idle = true;
        self.check();
        self.idle = false;
    }

    /// Does what a message asks for; how it ends if that was the last.
    fn handle(&mut self, message: Message, shut_down: &mut bool) -> Option<Exit> {
        match message {
            Message::Request(request) if request.method == lsp::ShutdownRequest::METHOD.as_str() => {
                *shut_down = true;
                self.send(Response::new_ok(request.id, ()));
            }
            Message::Request(request) if *shut_down => {
                let message = "the server was told to shut down".to_owned();
                self.send(Response::new_err(request.id, ErrorCode::InvalidRequest as i32, message));
            }
            Message::Request(request) => {
                self.check();
                let response = self.answer(request);
                self.send(response);
            }
            Message::Notification(notice) if notice.method == lsp::ExitNotification::METHOD.as_str() => {
                return Some(if *shut_down { Exit::Done } else { Exit::Negative });
            }
            Message::Notification(notice) => self.take(notice),
            Message::Response(_) => {}
        }
        None
    }

    /// Whether a text or world of so many bytes is checked with lints now; if not, its texts are noted for later.
    fn lints_now<'u>(&mut self, key: &str, bytes: usize, uris: impl IntoIterator<Item = &'u String>) -> bool {
        if !self.settings.lints.borrow().is_on() {
            return false;
        }
        let now = self.idle || self.times.get(key).map_or(bytes < LONG_BYTES, |time| *time < SLOW);
        if !now {
            self.unlinted.extend(uris.into_iter().cloned());
        }
        now
    }

    /// Sends a message. An editor that is gone ends the loop at the next message.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.connection.sender.send(message.into());
    }

    fn notify<N: lsp::Notification>(&self, params: N::Params) {
        self.send(Notification::new(N::METHOD.as_str().into(), params));
    }

    fn tell(&self, kind: lsp::MessageType, message: String) {
        self.notify::<lsp::ShowMessageNotification>(lsp::ShowMessageParams { kind, message });
    }

    fn take(&mut self, notice: Notification) {
        fn params<N: lsp::Notification>(notice: Notification) -> Option<N::Params> {
            serde_json::from_value(notice.params).ok()
        }
        let method = notice.method.clone();
        if method == lsp::DidOpenTextDocumentNotification::METHOD.as_str() {
            let Some(params) = params::<lsp::DidOpenTextDocumentNotification>(notice) else { return };
            let lsp::TextDocumentItem { uri, version, text, .. } = params.text_document;
            let document = Document::new(uri.0.clone(), version, text);
            self.documents.0.insert(uri.0, document);
        } else if method == lsp::DidChangeTextDocumentNotification::METHOD.as_str() {
            let Some(params) = params::<lsp::DidChangeTextDocumentNotification>(notice) else { return };
            let uri = params.text_document.text_document_identifier.uri;
            if let Some(document) = self.documents.0.get_mut(&uri.0) {
                document.change(params.text_document.version, params.content_changes);
            }
        } else if method == lsp::DidCloseTextDocumentNotification::METHOD.as_str() {
            let Some(params) = params::<lsp::DidCloseTextDocumentNotification>(notice) else { return };
            self.close(&params.text_document.uri.0);
        } else if method == lsp::DidSaveTextDocumentNotification::METHOD.as_str()
            || method == lsp::DidChangeWatchedFilesNotification::METHOD.as_str()
        {
            // A file beside the open ones may be another now.
            self.documents.0.values_mut().for_each(|document| document.dirty = true);
        }
    }

    fn close(&mut self, uri: &str) {
        self.documents.0.remove(uri);
        self.publish(uri, None, Vec::new());
        for other in self.published.remove(uri).unwrap_or_default() {
            if !self.documents.0.contains_key(&other) {
                self.publish(&other, None, Vec::new());
            }
        }
        // What a world says of the file on disk, not of the text that was given up.
        self.documents
            .0
            .values_mut()
            .filter(|document| document.is_world())
            .for_each(|world| world.dirty = true);
    }

    fn publish(&self, uri: &str, version: Option<i32>, diagnostics: Vec<lsp::Diagnostic>) {
        let params = lsp::PublishDiagnosticsParams { uri: uri.into(), version, diagnostics };
        self.notify::<lsp::PublishDiagnosticsNotification>(params);
    }

    /// Brings the findings of every text that changed up to date, and those of the texts of its world.
    fn check(&mut self) {
        if !self.documents.0.values().any(|document| document.dirty) {
            return;
        }
        let mut worlds: BTreeMap<PathBuf, Vec<(String, checking::Attachments)>> = BTreeMap::new();
        let mut alone: Vec<String> = Vec::new();
        for document in self.documents.0.values() {
            let world = match document.is_world() {
                true => document.path.clone().filter(|path| path.exists()).map(|path| (path, None)),
                false => checking::world_of(document, &self.documents).map(|(path, to)| (path, Some(to))),
            };
            match world {
                Some((path, to)) => {
                    let path = path.canonicalize().unwrap_or(path);
                    worlds.entry(path).or_default().push((document.uri.clone(), to));
                }
                None if document.dirty => alone.push(document.uri.clone()),
                None => {}
            }
        }
        for uri in alone {
            self.check_alone(&uri);
        }
        for (path, members) in worlds {
            if members.iter().any(|(uri, _)| self.documents.0.get(uri).is_some_and(|document| document.dirty))
            {
                self.check_world(&path, members);
            }
        }
        for document in self.documents.0.values_mut() {
            document.dirty = false;
        }
    }

    /// A text that no world on disk has to do with.
    fn check_alone(&mut self, uri: &str) {
        let bytes = self.documents.0.get(uri).map_or(0, |document| document.text.len());
        let lints = self.lints_now(uri, bytes, [&uri.to_owned()]);
        let begin = Instant::now();
        let Some(document) = self.documents.0.get_mut(uri) else { return };
        document.attached = None;
        let Some(document) = self.documents.0.get(uri) else { return };
        let (mut findings, mut around) = (Vec::new(), None);
        if document.is_world() {
            let mut memory = Memory::default();
            let memory = (!lints).then_some(&mut memory);
            let checked = checking::world(None, &document.text, &self.documents, memory, &self.settings);
            if let Ok(checked) = checked {
                (findings, around) = (checked.own, Some((self.settings.attachment(), checked.around)));
            }
        } else if checking::is_checked(document) {
            findings = checking::policy(document, lints, &self.settings);
        }
        if lints {
            self.times.insert(uri.to_owned(), begin.elapsed());
        }
        self.found(uri, findings, around);
    }

    fn check_world(&mut self, path: &Path, members: Vec<(String, checking::Attachments)>) {
        let Some(text) = checking::world_text(path, &self.documents) else { return };
        let key = path.display().to_string();
        let lints = self.lints_now(&key, text.len(), members.iter().map(|(uri, _)| uri));
        let begin = Instant::now();
        let memory = (!lints).then(|| self.memories.entry(path.to_owned()).or_default());
        let checked = checking::world(Some(path), &text, &self.documents, memory, &self.settings);
        if lints {
            self.times.insert(key, begin.elapsed());
        }
        let mut checked = match checked {
            Ok(checked) => checked,
            Err(failure) => return self.tell(lsp::MessageType::Warning, failure.message()),
        };
        let mut owner = None;
        for (uri, to) in members {
            let file = self.documents.0.get(&uri).and_then(|document| document.path.clone());
            let findings = match to {
                None => {
                    owner = Some(uri.clone());
                    core::mem::take(&mut checked.own)
                }
                Some(_) => file
                    .and_then(|file| checked.files.remove(&file))
                    .map(|(_, found)| found)
                    .unwrap_or_default(),
            };
            let attachment = to.unwrap_or(self.settings.attachment());
            self.found(&uri, findings, Some((attachment, checked.around.clone())));
        }
        // Files that are not open are shown with the world that is.
        let Some(owner) = owner else { return };
        let mut shown = BTreeSet::new();
        for (file, (source, findings)) in &checked.files {
            let uri = uri::of_path(file);
            let lines = Lines::of(source.text());
            let range =
                |span: camshaft_frontend::source::Span| lines.range(source.text(), span.start..span.end);
            self.publish(&uri, None, diagnostics::of(&uri, findings, &self.settings, range));
            shown.insert(uri);
        }
        let before = self.published.insert(owner, shown.clone()).unwrap_or_default();
        for gone in before.difference(&shown).filter(|uri| !self.documents.0.contains_key(*uri)) {
            self.publish(gone, None, Vec::new());
        }
    }

    /// Keeps and shows what was found in an open text.
    fn found(
        &mut self,
        uri: &str,
        findings: Vec<camshaft_frontend::diagnostic::Diagnostic>,
        attached: Option<(super::cursor::Attachment, std::rc::Rc<super::documents::Surroundings>)>,
    ) {
        let Some(document) = self.documents.0.get_mut(uri) else { return };
        (document.findings, document.attached) = (findings, attached);
        let Some(document) = self.documents.0.get(uri) else { return };
        let range = |span| document.range(span);
        let shown = diagnostics::of(uri, &document.findings, &self.settings, range);
        self.publish(uri, Some(document.version), shown);
    }

    fn answer(&self, request: Request) -> Response {
        let id = request.id.clone();
        let method = request.method.clone();
        let answered = if method == lsp::HoverRequest::METHOD.as_str() {
            self.with::<lsp::HoverRequest>(request, |params| {
                let (document, byte) = self.place(&params.text_document_position_params)?;
                hover::at(document, byte, &self.settings)
            })
        } else if method == lsp::CompletionRequest::METHOD.as_str() {
            self.with::<lsp::CompletionRequest>(request, |params| {
                let (document, byte) = self.place(&params.text_document_position_params)?;
                let list = completion::at(document, byte, &self.settings);
                Some(lsp::CompletionResponse::CompletionList(list))
            })
        } else if method == lsp::CodeActionRequest::METHOD.as_str() {
            self.with::<lsp::CodeActionRequest>(request, |params| {
                let document = self.documents.0.get(&params.text_document.uri.0)?;
                Some(actions::at(document, params.range, &params.context, &self.settings))
            })
        } else if method == lsp::DocumentFormattingRequest::METHOD.as_str() {
            self.with::<lsp::DocumentFormattingRequest>(request, |params| {
                self.format(&params.text_document.uri.0)
            })
        } else if method == lsp::DocumentSymbolRequest::METHOD.as_str() {
            self.with::<lsp::DocumentSymbolRequest>(request, |params| {
                let document = self.documents.0.get(&params.text_document.uri.0)?;
                Some(lsp::DocumentSymbolResponse::DocumentSymbolList(symbols::of(document)))
            })
        } else {
            let message = format!("`{method}` is not something this server does");
            return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
        };
        match answered {
            Ok(value) => Response::new_ok(id, value),
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    fn with<R: lsp::Request>(
        &self,
        request: Request,
        answer: impl FnOnce(R::Params) -> R::Result,
    ) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(answer(serde_json::from_value(request.params)?))
    }

    fn place(&self, at: &lsp::TextDocumentPositionParams) -> Option<(&Document, usize)> {
        let document = self.documents.0.get(&at.text_document.uri.0)?;
        Some((document, document.lines.offset(&document.text, at.position)))
    }

    fn format(&self, uri: &str) -> Option<Vec<lsp::TextEdit>> {
        let document = self.documents.0.get(uri)?;
        let formatted = format::canonical(document, &self.settings)?;
        if formatted.comments_lost > 0 {
            let lost = crate::render::text::counted(formatted.comments_lost, "comment");
            let message = format!("the canonical form has no comments: {lost} lost");
            self.tell(lsp::MessageType::Warning, message);
        }
        match formatted.text == document.text {
            true => Some(Vec::new()),
            false => Some(vec![actions::replacement(document, &formatted.text)]),
        }
    }
}
