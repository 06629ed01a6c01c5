#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| camshaft_tests::fuzz::open_file(bytes));
