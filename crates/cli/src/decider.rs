//! JSON requests to answers: the engine, plus the session policies that requests bring along.

use camshaft_bundle::Bundle;
use camshaft_compiler::Config;
use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::document;
use camshaft_frontend::options::WorldOptions;
use camshaft_frontend::policy::{Kind, Options, Policy};
use camshaft_frontend::request::Request as JsonRequest;
use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::Loaded;
use camshaft_runtime::{Decision, Engine, Reasons, Request, Scratch, Session, SessionPolicy};

/// What session policies are read with. A bundle alone records `list_deny` only, and the defaults apply to
/// the rest: no parameters, no catalogue, limits of the platform.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Options of the world.
    pub options: WorldOptions,
    /// Template parameters.
    pub parameters: Parameters,
    /// Action sets.
    pub catalogue: Catalogue,
}

impl From<&Loaded> for Reading {
    fn from(loaded: &Loaded) -> Self {
        Self {
            options: loaded.options.clone(),
            parameters: loaded.parameters.clone(),
            catalogue: loaded.catalogue.clone(),
        }
    }
}

/// What a bundle does record: the options that change decisions of session policies.
impl From<&Bundle> for Reading {
    fn from(bundle: &Bundle) -> Self {
        use camshaft_bundle::schema::{option, scalar};
        let list_deny_cam = bundle.tables().scalar(scalar::OPTIONS) & option::LIST_DENY_CAM != 0;
        let options = WorldOptions { list_deny_cam, ..WorldOptions::default() };
        Self { options, ..Self::default() }
    }
}

/// An engine with what it needs to answer JSON requests.
pub struct Decider {
    engine: Engine,
    reading: Reading,
    config: Config,
}

/// The session policy of one request, ready for the engine.
pub struct PreparedSession {
    state: State,
    /// Findings on the policy: errors where it was refused, else warnings and notes.
    pub findings: Vec<Diagnostic>,
}

enum State {
    None,
    Invalid,
    Policy(Box<SessionPolicy>),
}

impl PreparedSession {
    /// As the engine takes it.
    pub fn as_session(&self) -> Session<'_> {
        match &self.state {
            State::None => Session::None,
            State::Invalid => Session::Invalid,
            State::Policy(policy) => Session::Policy(policy),
        }
    }
}

impl Decider {
    /// An engine over a bundle.
    pub fn new(bundle: Bundle, reading: Reading, config: Config) -> Self {
        Self { engine: Engine::new(bundle), reading, config }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Decides a request with its full reason set; the findings are those of its session policy.
    pub fn reasons(&self, request: &JsonRequest, scratch: &mut Scratch) -> (Reasons, Vec<Diagnostic>) {
        let session = self.session(request);
        let reasons = with_request(request, &session, |request| self.engine.reasons(request, scratch));
        (reasons, session.findings)
    }

    /// Decides a request with one witness.
    pub fn decide(&self, request: &JsonRequest, scratch: &mut Scratch) -> Decision {
        let session = self.session(request);
        with_request(request, &session, |request| self.engine.decide(request, scratch))
    }

    /// Reads and compiles the session policy of a request (CITE REQ-11).
    pub fn session(&self, request: &JsonRequest) -> PreparedSession {
        let Some(text) = &request.session_policy else {
            return PreparedSession { state: State::None, findings: Vec::new() };
        };
        let account = self.engine.account_of(&request.principal);
        let source = Source::new("session", text.as_str());
        let setting = Setting {
            kind: Kind::Session,
            preset: false,
            account: account.map(|(uin, appid)| Owner { uin, appid }),
            parameters: &self.reading.parameters,
            builtin_parameters: self.reading.options.builtin_parameters,
            catalogue: &self.reading.catalogue,
            legacy_project: self.reading.options.legacy_project,
            strict: self.reading.options.strict,
            limits: &self.reading.options.limits,
            scope: None,
            unknown_account: false,
        };
        let reading = document::parse_source(&source, 0).read(&source, &setting);
        let bundle = reading.statements.and_then(|statements| {
            let policy =
                Policy { name: "session".into(), kind: Kind::Session, source: "session".into(), statements };
            let options = Options::from(&self.reading.options);
            let compiled = camshaft_compiler::session(policy, &options, &self.config).ok()?;
            Bundle::open(&compiled.bytes).ok()
        });
        let state = match bundle {
            Some(bundle) => State::Policy(Box::new(SessionPolicy::new(bundle))),
            None => State::Invalid,
        };
        PreparedSession { state, findings: reading.diagnostics }
    }
}

/// Calls with the request as the engine takes it.
pub fn with_request<T>(
    request: &JsonRequest,
    session: &PreparedSession,
    call: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let parts = Parts::new(request);
    let context = parts.context(request);
    call(&parts.request(request, session, &context))
}

/// Calls with all requests as the engine takes them, each with its session policy.
pub fn with_requests<T>(
    requests: &[(&JsonRequest, &PreparedSession)],
    call: impl FnOnce(&[Request<'_>]) -> T,
) -> T {
    let parts: Vec<Parts<'_>> = requests.iter().map(|(request, _)| Parts::new(request)).collect();
    let contexts: Vec<Vec<(&str, &[&str])>> =
        requests.iter().zip(&parts).map(|((request, _), parts)| parts.context(request)).collect();
    let made: Vec<Request<'_>> = requests
        .iter()
        .zip(parts.iter().zip(&contexts))
        .map(|((request, session), (parts, context))| parts.request(request, session, context))
        .collect();
    call(&made)
}

/// The lists of a request.
struct Parts<'r> {
    resources: Vec<&'r str>,
    values: Vec<Vec<&'r str>>,
}

impl<'r> Parts<'r> {
    fn new(request: &'r JsonRequest) -> Self {
        let texts = |texts: &'r [String]| texts.iter().map(String::as_str).collect();
        Self {
            resources: texts(&request.resources),
            values: request.context.iter().map(|(_, values)| texts(values)).collect(),
        }
    }

    fn context(&'r self, request: &'r JsonRequest) -> Vec<(&'r str, &'r [&'r str])> {
        let keys = request.context.iter().map(|(key, _)| key.as_str());
        keys.zip(self.values.iter().map(Vec::as_slice)).collect()
    }

    fn request<'a>(
        &'a self,
        request: &'a JsonRequest,
        session: &'a PreparedSession,
        context: &'a [(&'a str, &'a [&'a str])],
    ) -> Request<'a> {
        Request {
            principal: &request.principal,
            action: &request.action,
            resources: &self.resources,
            context,
            time: request.time.as_deref(),
            signed: request.signed,
            session: session.as_session(),
            artifact_age_s: request.artifact_age_s,
        }
    }
}
