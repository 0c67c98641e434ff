//! The `sealgate` program: everything it does is in the library.

fn main() -> std::process::ExitCode {
    sealgate::cli::run()
}
