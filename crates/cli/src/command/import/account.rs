//! Which account a file is of.

use std::collections::BTreeSet;

use super::bucket;
use super::report::Found;
use super::show::Show;
use crate::args::ImportTerraform;
use crate::exit::Failure;

/// The root account: that of the command line, else the one that the file knows.
pub(super) fn account(show: &Show, args: &ImportTerraform, name: &str) -> Result<Found, Failure> {
    if let Some(account) = &args.account {
        return Ok(given(account, "--account"));
    }
    let infos = || show.data_of("tencentcloud_user_info");
    let known: BTreeSet<String> = infos().filter_map(|info| info.text("owner_uin")).collect();
    let known: Vec<String> = known.into_iter().collect();
    match known.as_slice() {
        [one] => Ok(Found {
            value: one.clone(),
            from: infos().next().map_or_else(String::new, |info| format!("owner_uin of {}", info.address)),
        }),
        [] => Err(Failure::usage_with(
            format!("`{name}` does not tell which account it is of"),
            "pass `--account UIN --appid APPID`, or add data \"tencentcloud_user_info\" to the configuration",
        )),
        several => Err(Failure::usage_with(
            format!("`{name}` knows several accounts: {}", several.join(", ")),
            "pass `--account UIN --appid APPID`; every resource is taken as one of that account",
        )),
    }
}

/// Its APPID: that of the command line, else the one that the file knows, else the one that its buckets end in.
pub(super) fn appid(
    show: &Show,
    args: &ImportTerraform,
    name: &str,
    account: &str,
) -> Result<Found, Failure> {
    if let Some(appid) = &args.appid {
        return Ok(given(appid, "--appid"));
    }
    let infos = show.data_of("tencentcloud_user_info");
    let mut of_account = infos.filter(|info| info.text("owner_uin").as_deref() == Some(account));
    if let Some((info, appid)) = of_account.find_map(|info| Some((info, info.text("app_id")?))) {
        return Ok(Found { value: appid, from: format!("app_id of {}", info.address) });
    }
    let buckets = show.resources.iter().filter(|own| own.kind.starts_with("tencentcloud_cos_bucket"));
    let appids: BTreeSet<String> =
        buckets.filter_map(|own| Some(bucket::split(&own.text("bucket")?)?.1.to_owned())).collect();
    let mut appids = appids.into_iter();
    match (appids.next(), appids.next()) {
        (Some(appid), None) => Ok(Found { value: appid, from: "the names of buckets".into() }),
        _ => Err(Failure::usage_with(
            format!("`{name}` does not tell the APPID of account {account}"),
            "pass `--appid APPID`",
        )),
    }
}

/// A value of the command line.
fn given(value: &str, option: &str) -> Found {
    Found { value: value.into(), from: option.into() }
}
