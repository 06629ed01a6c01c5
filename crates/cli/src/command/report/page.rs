//! The page: one HTML file, everything in it.

use base64ct::{Base64, Encoding};
use camshaft_bundle::Bundle;
use camshaft_bundle::schema::{block, row};
use sha2::{Digest, Sha256};

use super::bench::Bench;
use super::data::Data;
use super::html::{bar, json, text};
use super::model::{Kind, Model};
use super::risk::{Risk, Risky};
use crate::command::{build, inspect};
use crate::render::json::Certificate;
use crate::render::text::{counted, figure};
use crate::trust::Signature;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Rows of a table that is written out.
const MOST_ROWS: usize = 200;
/// Grants that are shown of one risk.
const MOST_GRANTS: usize = 50;
/// Services that have a bar.
const MOST_SERVICES: usize = 20;
/// Blocks that are listed.
const MOST_BLOCKS: usize = 10;

/// What the page is made of.
pub(super) struct Page<'p> {
    pub(super) bundle: &'p Bundle,
    pub(super) signature: Option<Signature>,
    pub(super) model: &'p Model<'p>,
    pub(super) risks: &'p [Risky],
    pub(super) bench: Option<&'p Bench>,
    /// Statements that can be searched.
    pub(super) most: usize,
}

/// The source of an inline script or style, for the policy of the page.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", Base64::encode_string(&Sha256::digest(text.as_bytes())))
}

impl Page<'_> {
    /// The whole page.
    pub(super) fn html(&self) -> String {
        let digest = self.bundle.digest_text();
        let short = digest.get(..12).unwrap_or("");
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
            hash(SCRIPT),
            hash(STYLE)
        );
        let mut out = String::with_capacity(1 << 16);
        out.push_str(&format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>camshaft report {short}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            text(&policy)
        ));
        out.push_str(&self.header(&digest));
        out.push_str("<main>\n");
        out.push_str(&self.risks());
        out.push_str(&self.statements());
        out.push_str(&self.services());
        out.push_str(&self.accounts());
        out.push_str(&self.identities());
        out.push_str(&self.sizes());
        out.push_str(&self.latency(&digest));
        out.push_str(&self.provenance(&digest));
        out.push_str("</main>\n<footer>Made by camshaft ");
        out.push_str(env!("CARGO_PKG_VERSION"));
        out.push_str(" from the bundle alone. What it shows are statements; what a request gets, <code>camshaft explain</code> tells.</footer>\n");
        out.push_str(&format!(
            "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            json(&Data::of(self.model, self.most))
        ));
        out
    }

    fn header(&self, digest: &str) -> String {
        let Model { accounts, identities, policies, statements, .. } = self.model;
        let roles = identities.iter().filter(|identity| identity.is_role).count();
        let resource = policies.iter().filter(|policy| policy.kind == Kind::Resource).count();
        let denies = statements.iter().filter(|statement| statement.denies).count();
        let certificate = self.bundle.tables().certificate();
        let of_context = certificate.of_value > 0 || certificate.of_empty > 0;
        let certified =
            if of_context { "rows a decision, more with context" } else { "rows a decision at most" };
        let tiles = [
            ("accounts", figure(accounts.len() as u64), String::new()),
            ("identities", figure(identities.len() as u64), counted(roles, "role")),
            ("policies", figure(policies.len() as u64), format!("{} of resources", figure(resource as u64))),
            ("statements", figure(statements.len() as u64), format!("{} deny", figure(denies as u64))),
            ("bytes", figure(self.bundle.length() as u64), "of the bundle".into()),
            ("certificate", figure(certificate.rows), certified.into()),
        ];
        let tile = |(name, number, note): &(&str, String, String)| {
            format!(
                "<div class=\"tile\"><dt>{name}</dt><dd>{number}</dd><dd class=\"note\">{}</dd></div>",
                text(note)
            )
        };
        let tiles: String = tiles.iter().map(tile).collect();
        let signature = match &self.signature {
            Some(signature) if signature.verified => {
                format!("<span class=\"chip good\">signature verified</span> {}", text(&signature.text()))
            }
            Some(signature) => {
                format!("<span class=\"chip warn\">signature not verified</span> {}", text(&signature.text()))
            }
            None => "<span class=\"chip\">not signed</span> no revision".into(),
        };
        let links = [
            ("risks", "Risks"),
            ("statements", "Who can do what"),
            ("services", "Services"),
            ("accounts", "Accounts"),
            ("identities", "Identities"),
            ("sizes", "Sizes"),
            ("latency", "Latency"),
            ("provenance", "Provenance"),
        ];
        let links: String = links.iter().map(|(id, name)| format!("<a href=\"#{id}\">{name}</a>")).collect();
        format!(
            "<header class=\"top\">\n<p class=\"brand\">camshaft <span>report</span></p>\n<h1>What this bundle grants</h1>\n<p class=\"digest\"><span>digest</span> <code>{digest}</code></p>\n<p class=\"signature\">{signature}</p>\n<dl class=\"tiles\">{tiles}</dl>\n</header>\n<nav aria-label=\"sections\"><div>{links}</div></nav>\n"
        )
    }

    fn risks(&self) -> String {
        let mut out = section(
            "risks",
            "Riskiest grants",
            "By the shape of single statements, the most widely held first. A deny, a boundary or a level of an organization may still forbid what is listed here; the lints CAM0508, CAM0510, CAM0513, CAM0531 and CAM0536 of <code>camshaft check</code> look at all of that.",
        );
        let mut cards = String::from("<div class=\"riskbar\">");
        for risk in Risk::ALL {
            let count = self.risks.iter().filter(|risky| risky.risk == risk).count();
            let (title, _) = risk.words();
            let state = if count == 0 { "none" } else { risk.name() };
            cards.push_str(&format!(
                "<a class=\"riskcount {state}\" href=\"#risk-{}\"><b>{}</b><span>{title}</span></a>",
                risk.name(),
                figure(count as u64)
            ));
        }
        cards.push_str("</div>");
        out.push_str(&cards);
        for risk in Risk::ALL {
            let found: Vec<&Risky> = self.risks.iter().filter(|risky| risky.risk == risk).collect();
            let (title, meaning) = risk.words();
            out.push_str(&format!(
                "<details class=\"risk {0}\" id=\"risk-{0}\"{1}><summary><h3>{title}</h3><span class=\"count\">{2}</span><span class=\"meaning\">{meaning}</span></summary>",
                risk.name(),
                if found.is_empty() || risk == Risk::ServiceWide { "" } else { " open" },
                figure(found.len() as u64),
            ));
            if found.is_empty() {
                out.push_str("<p class=\"quiet\">None.</p>");
            }
            out.push_str("<ol class=\"grants\">");
            for risky in found.iter().take(MOST_GRANTS) {
                out.push_str(&self.grant(risky));
            }
            out.push_str("</ol>");
            if let Some(more) = found.len().checked_sub(MOST_GRANTS).filter(|more| *more > 0) {
                out.push_str(&format!("<p class=\"quiet\">and {} more.</p>", figure(more as u64)));
            }
            out.push_str("</details>\n");
        }
        out.push_str("</section>\n");
        out
    }

    fn grant(&self, risky: &Risky) -> String {
        let Some(statement) = self.model.statements.get(risky.statement) else { return String::new() };
        let Some(policy) = self.model.policies.get(statement.policy as usize) else { return String::new() };
        let labels = policy.holders.iter().filter_map(|holder| self.model.identities.get(*holder as usize));
        let labels: Vec<&str> = labels.take(3).map(|identity| identity.label.as_str()).collect();
        let who = match (policy.kind, policy.holders.len()) {
            (Kind::Resource, _) => policy.scope.unwrap_or("").to_owned(),
            (Kind::Trust, _) => format!("role {}", labels.join(", ")),
            (_, 0) => "attached to nobody".into(),
            (_, count) if count > labels.len() => {
                format!("{} and {} more", labels.join(", "), figure((count - labels.len()) as u64))
            }
            _ => labels.join(", "),
        };
        let condition = match statement.terms.len() {
            0 => "<span class=\"chip bare\">no condition</span>".to_owned(),
            some => format!(
                "<span class=\"chip\" title=\"{}\">{}</span>",
                text(&statement.terms.join("; ")),
                counted(some, "condition")
            ),
        };
        format!(
            "<li><p class=\"what\"><code class=\"name\">{}#{}</code> <span class=\"because\">{}</span> {condition}</p><p class=\"who\">{}</p></li>",
            text(policy.name),
            statement.index,
            text(&risky.because),
            text(&who)
        )
    }

    fn statements(&self) -> String {
        let total = self.model.statements.len();
        let mut note = "Every statement, and who holds it: identities, owners of resources, roles that trust. Search for words of any part; a click shows all of a statement.".to_owned();
        if total > self.most {
            note.push_str(&format!(
                " The page holds the first {} of {} statements; write it with a greater --statements for the rest.",
                figure(self.most as u64),
                figure(total as u64)
            ));
        }
        let mut out = section("statements", "Who can do what", &note);
        let services: String = self
            .by_service()
            .iter()
            .map(|(service, _, _)| format!("<option value=\"{0}\">{0}</option>", text(service)))
            .collect();
        let kinds: String = Kind::ALL
            .iter()
            .filter(|kind| self.model.policies.iter().any(|policy| policy.kind == **kind))
            .map(|kind| format!("<option value=\"{0}\">{0}</option>", kind.name()))
            .collect();
        out.push_str(&format!(
            "<form id=\"filters\" role=\"search\" autocomplete=\"off\">\n<label class=\"wide\">Search<input id=\"q\" type=\"search\" placeholder=\"cos:Get bucket 100000000011 …\" spellcheck=\"false\"></label>\n<label>Identity<input id=\"who\" type=\"search\" list=\"identity-list\" placeholder=\"anyone\" spellcheck=\"false\"></label>\n<label>Service<select id=\"service\"><option value=\"\">all</option>{services}</select></label>\n<label>Effect<select id=\"effect\"><option value=\"\">both</option><option value=\"allow\">allow</option><option value=\"deny\">deny</option></select></label>\n<label>Kind<select id=\"kind\"><option value=\"\">all</option>{kinds}</select></label>\n<button type=\"reset\">Clear</button>\n</form>\n<datalist id=\"identity-list\"></datalist>\n<p id=\"count\" role=\"status\" aria-live=\"polite\"></p>\n<div id=\"table\" role=\"table\" aria-label=\"statements\"><div class=\"headrow\" role=\"row\"><span role=\"columnheader\">Effect, policy</span><span role=\"columnheader\">Who</span><span role=\"columnheader\">Actions</span><span role=\"columnheader\">Resources</span><span role=\"columnheader\">Conditions</span></div><div id=\"view\" tabindex=\"0\" role=\"rowgroup\" aria-label=\"rows\"><div id=\"rows\"></div></div></div>\n<div id=\"printed\"></div>\n<noscript><p class=\"quiet\">The table needs scripts. Without them: <code>camshaft inspect</code> and <code>camshaft world</code>.</p></noscript>\n<dialog id=\"detail\" aria-labelledby=\"detail-title\"><form method=\"dialog\"><button aria-label=\"close\">Close</button></form><div id=\"detail-body\"></div></dialog>\n</section>\n"
        ));
        out
    }

    /// Services by how many statements name them: allows and denies.
    fn by_service(&self) -> Vec<(&str, usize, usize)> {
        let mut services: std::collections::BTreeMap<&str, (usize, usize)> = Default::default();
        for statement in &self.model.statements {
            for service in statement.services() {
                let (allows, denies) = services.entry(service).or_default();
                *if statement.denies { denies } else { allows } += 1;
            }
        }
        let mut list: Vec<_> =
            services.into_iter().map(|(service, (allows, denies))| (service, allows, denies)).collect();
        list.sort_by_key(|(service, allows, denies)| (core::cmp::Reverse(allows + denies), *service));
        list
    }

    fn services(&self) -> String {
        let services = self.by_service();
        let mut out = section(
            "services",
            "Services",
            "Statements whose actions name a service; <code>*</code> is all services. A statement of several counts for each.",
        );
        let most = services.iter().map(|(_, allows, denies)| allows + denies).max().unwrap_or(0);
        out.push_str("<table class=\"bars\"><thead><tr><th scope=\"col\">service</th><th scope=\"col\"><span class=\"hidden\">share</span></th><th scope=\"col\" class=\"num\">allow</th><th scope=\"col\" class=\"num\">deny</th></tr></thead><tbody>");
        for (service, allows, denies) in services.iter().take(MOST_SERVICES) {
            let count = (allows + denies) as u64;
            out.push_str(&format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td class=\"barcell\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
                text(service),
                bar(count, most as u64),
                figure(*allows as u64),
                figure(*denies as u64)
            ));
        }
        out.push_str("</tbody></table>");
        out.push_str(&rest(services.len(), MOST_SERVICES, "service"));
        out.push_str("</section>\n");
        out
    }

    fn accounts(&self) -> String {
        let accounts = &self.model.accounts;
        let note = match self.model.general_unknown {
            0 => String::new(),
            1 => "1 general policy binds every sub-account, those of unknown accounts too.".into(),
            some => format!(
                "{} general policies bind every sub-account, those of unknown accounts too.",
                figure(some as u64)
            ),
        };
        let mut out = section("accounts", "Accounts", &note);
        if accounts.is_empty() {
            out.push_str("<p class=\"quiet\">The bundle knows no account.</p></section>\n");
            return out;
        }
        out.push_str("<table class=\"stack\"><thead><tr><th scope=\"col\">uin</th><th scope=\"col\">APPID</th><th scope=\"col\" class=\"num\">users</th><th scope=\"col\" class=\"num\">roles</th><th scope=\"col\" class=\"num\">resource policies</th><th scope=\"col\" class=\"num\">organization levels</th></tr></thead><tbody>");
        for account in accounts.iter().take(MOST_ROWS) {
            out.push_str(&format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td data-label=\"APPID\">{}</td><td class=\"num\" data-label=\"users\">{}</td><td class=\"num\" data-label=\"roles\">{}</td><td class=\"num\" data-label=\"resource policies\">{}</td><td class=\"num\" data-label=\"organization levels\">{}</td></tr>",
                text(account.uin),
                account.appid.map_or("–".into(), |appid| format!("<code>{}</code>", text(appid))),
                figure(account.users as u64),
                figure(account.roles as u64),
                figure(account.resource_policies),
                figure(account.levels)
            ));
        }
        out.push_str("</tbody></table>");
        out.push_str(&rest(accounts.len(), MOST_ROWS, "account"));
        out.push_str("</section>\n");
        out
    }

    fn identities(&self) -> String {
        let mut identities: Vec<&super::model::Identity> = self.model.identities.iter().collect();
        identities.sort_by_key(|identity| core::cmp::Reverse(identity.holds));
        let mut out = section(
            "identities",
            "Identities",
            "Those that hold the most policies first: their own, those of their groups, and general ones. A name leads to what it holds.",
        );
        if identities.is_empty() {
            out.push_str("<p class=\"quiet\">The bundle knows no identity.</p></section>\n");
            return out;
        }
        out.push_str("<table class=\"stack\"><thead><tr><th scope=\"col\">identity</th><th scope=\"col\">kind</th><th scope=\"col\" class=\"num\">policies</th><th scope=\"col\">boundary</th></tr></thead><tbody>");
        for identity in identities.iter().take(MOST_ROWS) {
            let names =
                identity.boundary.iter().filter_map(|policy| self.model.policies.get(*policy as usize));
            let names: Vec<String> =
                names.map(|policy| format!("<code>{}</code>", text(policy.name))).collect();
            out.push_str(&format!(
                "<tr><th scope=\"row\"><a class=\"holder\" href=\"#statements\" data-who=\"{0}\"><code>{0}</code></a></th><td data-label=\"kind\">{1}</td><td class=\"num\" data-label=\"policies\">{2}</td><td data-label=\"boundary\">{3}</td></tr>",
                text(&identity.label),
                if identity.is_role { "role" } else { "user" },
                figure(identity.holds as u64),
                if names.is_empty() { "–".into() } else { names.join(", ") }
            ));
        }
        out.push_str("</tbody></table>");
        out.push_str(&rest(identities.len(), MOST_ROWS, "identity"));
        out.push_str("</section>\n");
        out
    }

    fn sizes(&self) -> String {
        let tables = self.bundle.tables();
        let certificate = Certificate(tables.certificate()).text();
        let note = format!(
            "{} in {}. The certificate: {certificate}.",
            counted(tables.rows.records::<{ row::WORDS }>() as usize, "row"),
            counted(tables.blocks.records::<{ block::WORDS }>() as usize, "block")
        );
        let mut out = section("sizes", "Sizes", &note);
        let whole = self.bundle.length() as u64;
        out.push_str("<div class=\"pair\"><div><h3>Bytes by section</h3><table class=\"bars\"><tbody>");
        for (section, bytes) in build::sections(self.bundle) {
            let bytes = bytes as u64;
            out.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"barcell\">{}</td><td class=\"num\">{}</td></tr>",
                section.name(),
                bar(bytes, whole),
                figure(bytes)
            ));
        }
        out.push_str("</tbody></table><h3>Rows by strategy</h3><table class=\"bars\"><tbody>");
        let strategies = inspect::strategies(tables);
        let most = strategies.values().filter_map(serde_json::Value::as_u64).max().unwrap_or(0);
        for (name, rows) in &strategies {
            let rows = rows.as_u64().unwrap_or(0);
            out.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"barcell\">{}</td><td class=\"num\">{}</td></tr>",
                text(name),
                bar(rows, most),
                figure(rows)
            ));
        }
        out.push_str("</tbody></table></div><div><h3>Largest tables</h3><table class=\"bars\"><tbody>");
        let mut sizes = self.bundle.sizes();
        sizes.retain(|(_, _, bytes)| *bytes > 0);
        sizes.sort_by_key(|(name, _, bytes)| (core::cmp::Reverse(*bytes), *name));
        let most = sizes.first().map_or(0, |(_, _, bytes)| *bytes as u64);
        for (name, _, bytes) in sizes.iter().take(12) {
            let bytes = *bytes as u64;
            out.push_str(&format!("<tr><th scope=\"row\"><code>{name}</code></th><td class=\"barcell\">{}</td><td class=\"num\">{}</td></tr>", bar(bytes, most), figure(bytes)));
        }
        out.push_str("</tbody></table></div></div><h3>Largest blocks</h3><table class=\"stack\"><thead><tr><th scope=\"col\">block</th><th scope=\"col\" class=\"num\">rows to verify at most</th><th scope=\"col\" class=\"num\">rows</th><th scope=\"col\">policies</th></tr></thead><tbody>");
        for block in inspect::largest(tables, MOST_BLOCKS) {
            let more = block.policies.saturating_sub(block.names.len());
            let more = if more > 0 { format!(" and {} more", figure(more as u64)) } else { String::new() };
            let names: Vec<String> =
                block.names.iter().map(|name| format!("<code>{}</code>", text(name))).collect();
            out.push_str(&format!(
                "<tr><th scope=\"row\">{}</th><td class=\"num\" data-label=\"rows to verify at most\">{}</td><td class=\"num\" data-label=\"rows\">{}</td><td data-label=\"policies\">{}{more}</td></tr>",
                figure(block.number),
                figure(block.candidates.0.usual()),
                figure(block.rows),
                names.join(", ")
            ));
        }
        out.push_str("</tbody></table></section>\n");
        out
    }

    fn latency(&self, digest: &str) -> String {
        let note =
            "Of single decisions, as <code>camshaft bench</code> measured them. Figures of one machine.";
        let mut out = section("latency", "Latency", note);
        let Some(bench) = self.bench else {
            out.push_str("<p class=\"quiet\">Not measured. <code>camshaft bench -b BUNDLE --requests FILE --format json &gt; bench.json</code>, then <code>--bench bench.json</code>.</p></section>\n");
            return out;
        };
        if bench.digest != digest {
            out.push_str(&format!(
                "<p class=\"warning\">These figures are of another bundle: <code>{}</code></p>",
                text(&bench.digest)
            ));
        }
        match &bench.measured {
            Some(measured) => {
                out.push_str(&format!(
                    "<p>{} decisions a second with {}, median of {}; {} decisions of {}.</p>{}",
                    figure(measured.decisions_per_second.max(0.0) as u64),
                    counted(measured.threads.into(), "thread"),
                    counted(measured.rounds.into(), "round"),
                    figure(measured.decisions),
                    counted(bench.requests, "request"),
                    measured.html(bench.requests)
                ));
            }
            None => out.push_str("<p class=\"quiet\">The file has no figures: an answer differed, or nothing could be asked.</p>"),
        }
        out.push_str("</section>\n");
        out
    }

    fn provenance(&self, digest: &str) -> String {
        let tables = self.bundle.tables();
        let mut out = section("provenance", "Provenance", "");
        out.push_str(&format!("<dl class=\"facts\"><dt>digest</dt><dd><code>{digest}</code></dd>"));
        let mut inputs = Vec::new();
        for (name, value) in tables.provenance.all().lines().filter_map(|line| line.split_once('=')) {
            match name.strip_prefix("input.").and_then(|number| number.parse().ok()) {
                Some(number) => {
                    let source = tables.sources.record::<2>(number);
                    let source = source.and_then(|[start, length]| tables.source_text.get(start, length));
                    inputs.push((source.unwrap_or(""), value));
                }
                None => {
                    out.push_str(&format!("<dt>{}</dt><dd><code>{}</code></dd>", text(name), text(value)))
                }
            }
        }
        out.push_str("</dl>");
        if !inputs.is_empty() {
            out.push_str(&format!("<details><summary><h3>Sources</h3><span class=\"count\">{}</span></summary><dl class=\"facts sources\">", figure(inputs.len() as u64)));
            for (source, digest) in inputs.iter().take(MOST_ROWS) {
                out.push_str(&format!(
                    "<dt><code>{}</code></dt><dd><code>{}</code></dd>",
                    text(source),
                    text(digest)
                ));
            }
            out.push_str("</dl>");
            out.push_str(&rest(inputs.len(), MOST_ROWS, "source"));
            out.push_str("</details>");
        }
        out.push_str("</section>\n");
        out
    }
}

/// The beginning of a section. `note` is ours, and may have markup.
fn section(id: &str, title: &str, note: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!("<p class=\"lead\">{note}</p>") };
    format!("<section id=\"{id}\"><h2>{title}</h2>{note}\n")
}

/// What a table leaves out.
fn rest(all: usize, most: usize, word: &str) -> String {
    match all.checked_sub(most) {
        Some(more) if more > 0 => {
            let shown = figure(most as u64);
            format!(
                "<p class=\"quiet\">{shown} are shown, {} more of this kind ({word}) are not.</p>",
                figure(more as u64)
            )
        }
        _ => String::new(),
    }
}
