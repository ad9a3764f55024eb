//! The program. All it does is in the library, so that tests and benches reach it.

fn main() {}
