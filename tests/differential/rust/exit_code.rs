use std::process::ExitCode;

fn main() -> ExitCode {
    print!("no newline");
    ExitCode::from(42)
}
