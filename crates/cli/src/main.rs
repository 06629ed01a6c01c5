//! camshaft
fn main() {}
