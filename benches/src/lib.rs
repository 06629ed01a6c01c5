//! Benchmarks of camshaft.
