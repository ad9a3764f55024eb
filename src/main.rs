//! The program. All it does is in the library, so that tests and benches reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    roundel::cli::run()
}
