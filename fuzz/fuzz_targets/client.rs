//! See the module of the same name in the library.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chat_fuzz::client::run(data));
