//! What the commands of `camshaft` share, for them and for the suites: from JSON requests to answers.

pub mod decider;
