<<<<<<< HEAD
//! Matte.
fn main() {}
=======
//! The desktop program: everything lies in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    matte::cli::main()
}
>>>>>>> 41abb96 (The command line opens the window)
