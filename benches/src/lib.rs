//! Benchmarks of camshaft: worlds and requests made from parameters, the baselines that the engine is
//! compared with, and the clock.
//!
//! [`workload`] reads the parameters in `workloads/`, [`world`] makes a world of them and turns it into
//! what the product takes ([`hostile`] makes the hardest that the quotas allow), [`request`] asks it, [`baseline`] answers the way thirty lines of code would,
//! [`layers`] lays boundaries, organizations, sessions and the like over it,
//! [`subject`] puts both to the same requests and refuses to go on where they differ, [`timing`] measures.
//! Callers: the binaries `measure`, `quota`, `swap` and `count`, and the bench `decide`.

pub mod baseline;
pub mod glob;
pub mod hostile;
pub mod layers;
pub mod product;
pub mod random;
pub mod request;
pub mod subject;
pub mod timing;
pub mod workload;
pub mod world;
