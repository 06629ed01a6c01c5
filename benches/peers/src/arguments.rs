//! The command line.

use camshaft_benches::workload;

use crate::peer::{KINDS, Kind};

/// What to run.
#[derive(Debug)]
pub struct Arguments {
    /// Names of workloads.
    pub workloads: Vec<String>,
    /// Numbers of statements.
    pub sizes: Vec<usize>,
    /// Kinds of peers; camshaft and the thirty lines always run.
    pub peers: Vec<Kind>,
    /// Whether only decisions are compared.
    pub compare: bool,
    /// Where the table and the picture go; nothing is written where a part of the run was asked for.
    pub folder: Option<String>,
}

/// How to call it.
pub const USAGE: &str = "\
usage: camshaft-peers [--workloads org,hot] [--sizes 10,100,1000,10000,100000] [--peers NAMES]
                      [--out FOLDER] [--compare]

--peers    some of: camshaft, indexed, naive, dfa, regex-set, iam-rs, regorus, cedar-sliced, cedar-all, casbin
--out      where results.md and latency.svg go; without it they are renewed beside Cargo.toml after a run of
           everything, and not written after a run of a part
--compare  compare decisions, and measure nothing";

impl Arguments {
    /// Reads the command line; an error is for people.
    pub fn read() -> Result<Self, String> {
        let mut read = Self {
            workloads: vec!["org".into(), "hot".into()],
            sizes: vec![10, 100, 1_000, 10_000, 100_000],
            peers: KINDS.to_vec(),
            compare: false,
            folder: Some(env!("CARGO_MANIFEST_DIR").into()),
        };
        let mut folder = None;
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("`{name}` lacks a value"));
            let part = match name.as_str() {
                "--workloads" => {
                    read.workloads = value()?.split(',').map(String::from).collect();
                    true
                }
                "--sizes" => {
                    read.sizes = value()?.split(',').map(size).collect::<Result<_, _>>()?;
                    read.sizes.sort_unstable();
                    true
                }
                "--peers" => {
                    read.peers = value()?.split(',').map(kind).collect::<Result<_, _>>()?;
                    true
                }
                "--compare" => {
                    read.compare = true;
                    true
                }
                "--out" => {
                    folder = Some(value()?);
                    false
                }
                _ => return Err(format!("unknown argument `{name}`")),
            };
            if part {
                read.folder = None;
            }
        }
        read.folder = folder.or(read.folder);
        for name in &read.workloads {
            let Some(workload) = workload::find(name) else { return Err(format!("no workload `{name}`")) };
            if workload.buckets.is_some() || workload.quota.is_some() {
                return Err(format!("`{name}` has resource policies or roles, which no peer here is given"));
            }
        }
        Ok(read)
    }
}

fn size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|size| *size > 0).ok_or_else(|| format!("`{text}` is not a size"))
}

fn kind(name: &str) -> Result<Kind, String> {
    KINDS.into_iter().find(|kind| kind.name == name).ok_or_else(|| format!("no peer `{name}`"))
}
