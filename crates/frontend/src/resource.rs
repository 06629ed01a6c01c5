//! Resources of policies (CITE RES-1 to RES-25) and scopes of resource policies (CITE EVA-9).

use std::borrow::Cow;

use camshaft_value::{alphabet, pattern::Variable, region, resource::lacks_slash};

use crate::{
    action::too_many_stars,
    diagnostic::{Severity, code},
    finding::Finding,
    limits,
    pattern::Builder,
    policy::{AccountPattern, Kind, Pattern, ProjectPattern, ResourceEntry, ResourcePattern},
    setting::Setting,
    spelling::nearest,
    template::{self, Filled, Part, Variables, short},
};

/// Reads one entry; notes and warnings go to `remarks`.
pub(crate) fn read(
    text: &str,
    setting: &Setting<'_>,
    deny: bool,
    remarks: &mut Vec<Finding>,
) -> Result<ResourceEntry, Finding> {
    if text == "*" {
        return Ok(ResourceEntry::All);
    }
    let pattern = read_segments(text, setting, deny, remarks)?;
    if let Some(scope) = setting.scope.filter(|_| setting.kind == Kind::Resource)
        && !meets(&pattern, scope, setting)
    {
        let message = format!("`{}` names nothing in the scope of the policy", short(text));
        let help = "it can never apply here; name resources of the scope, or remove it";
        remarks.push(Finding::new(code::SCOPE_OUTSIDE, message).help(help));
    }
    Ok(ResourceEntry::Segments(pattern))
}

/// Reads the six segments.
pub(crate) fn read_segments(
    text: &str,
    setting: &Setting<'_>,
    deny: bool,
    remarks: &mut Vec<Finding>,
) -> Result<ResourcePattern, Finding> {
    // PERF: nearly every resource is printable ASCII, which has no blanks and control characters to look for.
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable {
        outer_blanks(text)?;
    }
    if !text.starts_with("qcs:") {
        let finding =
            Finding::new(code::RESOURCE_PREFIX, format!("`{}` does not begin with `qcs:`", short(text)));
        let other_case = text.get(..4).filter(|head| head.eq_ignore_ascii_case("qcs:"));
        let mended = other_case.and_then(|head| text.strip_prefix(head)).map(|rest| format!("qcs:{rest}"));
        return Err(match mended {
            Some(mended) => finding.suggest(mended),
            None => finding,
        });
    }
    let (parts, filled);
    let mut plain = [[Part::Text("")]; 6];
    let mut segments: [&[Part<'_>]; 6] = [&[]; 6];
    let mut found = 0;
    if template::is_template(text) {
        parts = template::read(text, Variables::InPath, setting)?;
        filled = template::split(&parts, ':', 5);
        for (place, segment) in segments.iter_mut().zip(&filled) {
            (*place, found) = (segment, found + 1);
        }
    } else {
        for (place, segment) in plain.iter_mut().zip(text.splitn(6, ':')) {
            (*place, found) = ([Part::Text(segment)], found + 1);
        }
        for (place, segment) in segments.iter_mut().zip(&plain) {
            *place = if *segment == [Part::Text("")] { &[] } else { segment };
        }
    }
    if found < 6 {
        let message = format!("`{}` has {found} of six segments", short(text));
        let finding = Finding::new(code::RESOURCE_SEGMENTS, message);
        return Err(match six_segments(text) {
            Some(mended) => finding.suggest(mended),
            None => finding,
        });
    }
    let [_, project, service, region, account, path] = segments;
    for segment in [project, service, region, account] {
        if !printable && segment.iter().any(|part| template::literal(part).contains(alphabet::is_blank)) {
            let mended: String = text.chars().filter(|c| !alphabet::is_blank(*c)).collect();
            let message = format!("a blank stands before the sixth segment of `{}`", short(text));
            let finding = Finding::new(code::RESOURCE_BLANK, message);
            let held: String = segment.iter().map(template::literal).collect();
            // Words of a page, not a blank too many.
            if !held.is_ascii() || held.contains(['<', '[', '{']) {
                let help = format!("`{}` looks like a placeholder: replace it by a real value", short(&held));
                return Err(finding.help(help));
            }
            return Err(finding.suggest(mended));
        }
    }
    let project = read_project(template::fill(project)?, text, setting)?;
    let service = read_service(template::fill(service)?, text, remarks)?;
    let region = read_region(template::fill(region)?, text, remarks)?;
    let account = read_account(template::fill(account)?, service.as_deref(), text, setting, remarks)?;
    let path = PathReader { text, service: service.as_deref(), deny, remarks }.read(path)?;
    Ok(ResourcePattern { project, service: service.map(Into::into), region, account, path })
}

/// Blanks at either end, and control characters.
fn outer_blanks(text: &str) -> Result<(), Finding> {
    let edge = |c: Option<char>| c.is_some_and(alphabet::is_blank);
    if edge(text.chars().next()) || edge(text.chars().next_back()) {
        let message = format!("a blank stands at an end of `{}`", short(text));
        return Err(Finding::new(code::RESOURCE_BLANK, message).suggest(text.trim()));
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        let mended: String = text.chars().filter(|c| !c.is_control()).collect();
        let message = format!("control character U+{:04X} in a resource", u32::from(c));
        return Err(Finding::new(code::RESOURCE_BLANK, message).suggest(mended));
    }
    Ok(())
}

/// The text with the empty segments that are missing before its account.
fn six_segments(text: &str) -> Option<String> {
    let mut segments: Vec<&str> = text.split(':').collect();
    let account = segments.iter().position(|s| s.starts_with("uin/") || s.starts_with("uid/"))?;
    let missing = 4usize.checked_sub(account)?;
    segments.splice(account..account, core::iter::repeat_n("", missing));
    (segments.len() == 6).then(|| segments.join(":"))
}

/// RES-3.
fn read_project(segment: Filled<'_>, whole: &str, setting: &Setting<'_>) -> Result<ProjectPattern, Finding> {
    let Filled::Text(text) = segment else { return Ok(ProjectPattern::Any) };
    if text.is_empty() {
        return Ok(ProjectPattern::Any);
    }
    let finding = Finding::new(code::PROJECT, format!("the project segment holds `{}`", short(&text)));
    if !setting.legacy_project {
        return Err(finding.suggest(replace_segment(whole, 1, "")));
    }
    match text.strip_prefix("id/") {
        _ if text == "*" => Ok(ProjectPattern::Any),
        Some("*") => Ok(ProjectPattern::Any),
        Some("0") => Ok(ProjectPattern::Default),
        Some(id) if alphabet::is_number(id) => Ok(ProjectPattern::Id(id.into())),
        _ => Err(finding.help("write `*`, `id/*` or `id/<number>`, or leave the segment empty")),
    }
}

/// RES-4. None for every service.
fn read_service<'t>(
    segment: Filled<'t>,
    text: &str,
    remarks: &mut Vec<Finding>,
) -> Result<Option<Cow<'t, str>>, Finding> {
    let Filled::Text(service) = segment else { return Ok(None) };
    if service.is_empty() || service == "*" {
        remarks
            .push(Finding::new(code::RESOURCE_EVERY_SERVICE, format!("`{}` names no service", short(text))));
        return Ok(None);
    }
    if alphabet::is_service(&service) {
        return Ok(Some(service));
    }
    let lower = service.to_ascii_lowercase();
    if alphabet::is_service(&lower) {
        let message = format!("the service `{}` has upper-case letters", short(&service));
        return Err(Finding::new(code::SERVICE_CASE, message).machine(text.replacen(&*service, &lower, 1)));
    }
    Err(Finding::new(code::RESOURCE_SERVICE, format!("`{}` is not a service", short(&service))))
}

/// RES-5, RES-6. None for every region.
fn read_region(
    segment: Filled<'_>,
    text: &str,
    remarks: &mut Vec<Finding>,
) -> Result<Option<Box<str>>, Finding> {
    let Filled::Text(written) = segment else { return Ok(None) };
    if written.is_empty() {
        return Ok(None);
    }
    let replaced = |by: &str| replace_segment(text, 3, by);
    if written == "*" {
        let finding =
            Finding::new(code::REGION_STAR, format!("`{}` leaves the region open with `*`", short(text)));
        remarks.push(finding.machine(replaced("")));
        return Ok(None);
    }
    if !alphabet::is_region(&written) {
        let finding = Finding::new(code::REGION_INVALID, format!("`{}` is not a region", short(&written)));
        return Err(match written.contains(['<', '[', '$', '{']) {
            true => finding.help(format!(
                "`{}` looks like a placeholder: name one region such as `ap-guangzhou`, or leave it empty",
                short(&written)
            )),
            false => finding,
        });
    }
    let canonical = region::canonical(&written);
    if canonical != written {
        let finding = Finding::new(code::REGION_OLD, format!("`{written}` is an old code of a region"));
        remarks.push(finding.help(format!("read as `{canonical}`")).machine(replaced(canonical)));
    } else if !region::is_known(canonical) {
        let mut finding = Finding::new(
            code::REGION_UNKNOWN,
            format!("no published list has the region `{}`", short(&written)),
        );
        finding = match nearest(canonical, region::known()) {
            Some(known) => finding
                .help(format!("it is compared as written; did you mean `{known}`?"))
                .suggest(replaced(known)),
            None => finding.help("it is compared as written"),
        };
        remarks.push(finding);
    }
    Ok(Some(canonical.into()))
}

/// RES-7 to RES-11.
fn read_account(
    segment: Filled<'_>,
    service: Option<&str>,
    text: &str,
    setting: &Setting<'_>,
    remarks: &mut Vec<Finding>,
) -> Result<AccountPattern, Finding> {
    let Filled::Text(account) = segment else { return Ok(AccountPattern::Unvalued) };
    match &*account {
        "" => return Ok(AccountPattern::Own),
        "*" | "uin/*" | "uid/*" => {
            remarks
                .push(Finding::new(code::ACCOUNT_EVERY, format!("`{}` leaves the owner open", short(text))));
            return Ok(AccountPattern::Any);
        }
        "uin/-1" if setting.preset => return Ok(AccountPattern::Own),
        "uin/-1" => {
            let finding = Finding::new(code::ACCOUNT_PRESET, "`uin/-1` has a meaning in presets only");
            return Err(finding.machine(replace_segment(text, 4, "")));
        }
        _ => {}
    }
    match account.split_once('/') {
        Some(("uin", id)) if alphabet::is_number(id) => return Ok(AccountPattern::Uin(id.into())),
        Some(("uid", id)) if alphabet::is_number(id) => {
            if !matches!(service, Some("cos" | "cas")) {
                let message = format!("`{}` gives the account by APPID", short(text));
                remarks.push(Finding::new(code::ACCOUNT_APPID, message));
            }
            return Ok(AccountPattern::AppId(id.into()));
        }
        _ => {}
    }
    let bare = alphabet::is_number(&account);
    let finding = Finding::new(code::ACCOUNT_INVALID, format!("`{}` is not an account", short(&account)));
    Err(finding.help(if bare {
        format!("write `uin/{0}` if it is a uin, `uid/{0}` if it is an APPID", short(&account))
    } else if account.contains(['x', 'X', '$', '<', '{', '*']) {
        format!(
            "use `uin/<digits>`, or `uid/<appid>` for COS; `{}` looks like a placeholder",
            short(&account)
        )
    } else {
        "use `uin/<digits>`, or `uid/<appid>` for COS, or leave it empty for the own account".to_owned()
    }))
}

/// The text with one of its first five segments replaced.
fn replace_segment(text: &str, index: usize, by: &str) -> String {
    let mut segments: Vec<&str> = text.splitn(6, ':').collect();
    if let Some(segment) = segments.get_mut(index) {
        *segment = by;
    }
    segments.join(":")
}

/// The sixth segment (CITE RES-12 to RES-15, RES-22 to RES-24, VAR-10).
struct PathReader<'r, 't> {
    text: &'t str,
    service: Option<&'r str>,
    deny: bool,
    remarks: &'r mut Vec<Finding>,
}

impl PathReader<'_, '_> {
    fn read(&mut self, parts: &[Part<'_>]) -> Result<Pattern, Finding> {
        if parts.is_empty() {
            let message = format!("`{}` names no resource after the last colon", short(self.text));
            return Err(Finding::new(code::PATH_EMPTY, message));
        }
        let mut pattern = Builder::default();
        let mut plain = String::new();
        let mut has_star = false;
        for part in parts {
            plain.push_str(template::literal(part));
            match *part {
                Part::Text(text) => {
                    has_star |= text.contains('*');
                    pattern.glob(text);
                }
                Part::Filled(text) => pattern.literal(text),
                Part::Unvalued => pattern.variable(Variable::Unvalued),
                Part::Variable(variable) => {
                    if matches!(self.service, None | Some("cos")) {
                        let name = template::variable_name(variable);
                        let message = format!("`${{{name}}}` stands in the path of a COS resource");
                        return Err(Finding::new(code::VARIABLE_COS, message));
                    }
                    pattern.variable(variable);
                }
            }
        }
        self.blanks(&plain)?;
        self.retired(&plain)?;
        if pattern.written_stars() > limits::STARS {
            return Err(too_many_stars(pattern.written_stars()));
        }
        self.remark(parts);
        let unvalued = parts.contains(&Part::Unvalued);
        if !has_star && !unvalued && lacks_slash(self.service.unwrap_or(""), &plain) {
            pattern.literal("/");
            let mut finding = Finding::new(
                code::PATH_BUCKET,
                format!("`{}` names a bucket without its slash", short(self.text)),
            );
            finding =
                finding.help(format!("read as `{}/`", short(&plain))).machine(format!("{}/", self.text));
            self.remarks.push(finding);
        }
        Ok(pattern.finish())
    }

    /// RES-23: blanks inside; control characters and blanks at the ends were found before.
    fn blanks(&mut self, plain: &str) -> Result<(), Finding> {
        if !plain.contains(alphabet::is_blank) {
            return Ok(());
        }
        let message = format!("a blank stands in the sixth segment of `{}`", short(self.text));
        if matches!(self.service, Some("cos" | "cas")) && !plain.starts_with(alphabet::is_blank) {
            self.remarks.push(Finding::new(code::PATH_BLANK, message));
            return Ok(());
        }
        let mended: String = self.text.chars().filter(|c| !alphabet::is_blank(*c)).collect();
        Err(Finding::new(code::RESOURCE_BLANK, message).suggest(mended))
    }

    /// RES-22.
    fn retired(&mut self, plain: &str) -> Result<(), Finding> {
        let Some(rest) = plain.strip_prefix("prefix/").filter(|_| self.service == Some("cos")) else {
            return Ok(());
        };
        let mut finding = Finding::new(
            code::PATH_RETIRED,
            format!("`{}` has the retired form of a COS resource", short(self.text)),
        );
        if let Some(current) = current_form(rest).filter(|_| self.text.ends_with(plain)) {
            let before = self.text.strip_suffix(plain).unwrap_or("");
            finding = finding.machine(format!("{before}{current}"));
        }
        if self.deny {
            return Err(finding.severity(Severity::Error));
        }
        self.remarks.push(finding);
        Ok(())
    }

    /// RES-23: `?` and what looks like a placeholder.
    fn remark(&mut self, parts: &[Part<'_>]) {
        let texts = || {
            parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(*text),
                _ => None,
            })
        };
        if texts().any(|text| text.contains('?')) {
            self.remarks.push(Finding::new(
                code::PATH_QUESTION_MARK,
                format!("`?` in `{}` stands for itself", short(self.text)),
            ));
        }
        if let Some(placeholder) = texts().find_map(placeholder) {
            let message = format!("`{}` looks like a placeholder of documentation", short(placeholder));
            let help = format!("replace `{}` by a real id", short(placeholder));
            self.remarks.push(Finding::new(code::PATH_PLACEHOLDER, message).help(help));
        }
    }
}

/// The current form of what follows `prefix/`: `/<appid>/<bucket>/<key>`, when the ids permit.
fn current_form(rest: &str) -> Option<String> {
    let mut parts = rest.strip_prefix('/').unwrap_or(rest).splitn(3, '/');
    let (appid, bucket, key) = (parts.next()?, parts.next()?, parts.next()?);
    let sound = alphabet::is_number(appid) && !bucket.is_empty() && !bucket.contains('*');
    sound.then(|| format!("{bucket}-{appid}/{key}"))
}

/// `$name`, `<NAME>` or `[NAME]` (CITE RES-23).
fn placeholder(text: &str) -> Option<&str> {
    if !text.bytes().any(|byte| matches!(byte, b'$' | b'<' | b'[')) {
        return None;
    }
    text.char_indices().find_map(|(at, c)| {
        let rest = text.get(at + c.len_utf8()..)?;
        let close = match c {
            '$' => {
                let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
                let letter = rest.starts_with(|c: char| c.is_alphabetic());
                return if letter { text.get(at..at + 1 + length) } else { None };
            }
            '<' => '>',
            '[' => ']',
            _ => return None,
        };
        let (inside, _) = rest.split_once(close)?;
        let sound = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if sound { text.get(at..at + inside.len() + 2) } else { None }
    })
}

/// Whether some resource of the scope can match the entry (CITE EVA-9).
fn meets(entry: &ResourcePattern, scope: &ResourcePattern, setting: &Setting<'_>) -> bool {
    let same = |a: &Option<Box<str>>, b: &Option<Box<str>>| a.is_none() || b.is_none() || a == b;
    let owner = |account: &AccountPattern| match (account, &scope.account) {
        (AccountPattern::Uin(a), AccountPattern::Uin(b)) => a == b,
        (AccountPattern::AppId(a), AccountPattern::AppId(b)) => a == b,
        (AccountPattern::Uin(a), _) => setting.account.is_none_or(|owner| owner.uin == &**a),
        (AccountPattern::AppId(a), _) => {
            setting.account.and_then(|owner| owner.appid).is_none_or(|appid| appid == &**a)
        }
        _ => true,
    };
    same(&entry.service, &scope.service)
        && same(&entry.region, &scope.region)
        && owner(&entry.account)
        // An object of CAM may meet the scope by one spelling and the entry by another (CITE RES-21).
        && (scope.service.as_deref() == Some("cam")
            || entry.path.meets(&scope.path)
            || slashed_meets(entry, scope))
}

/// An entry without a service is read with the slash of a bucket against COS (CITE RES-24).
fn slashed_meets(entry: &ResourcePattern, scope: &ResourcePattern) -> bool {
    use crate::policy::Piece;
    if entry.service.is_some() || scope.service.as_deref() != Some("cos") {
        return false;
    }
    let [Piece::Literal(path)] = entry.path.0.as_slice() else { return false };
    let slashed = Pattern(vec![Piece::Literal(format!("{path}/").into())]);
    lacks_slash("cos", path) && slashed.meets(&scope.path)
}

#[cfg(test)]
mod tests;
