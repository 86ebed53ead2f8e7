//! The desktop program: everything lies in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    matte::cli::main()
}
