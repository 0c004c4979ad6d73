//! `instructions USERS TURNS BROADCASTS`: so many users log in, and then so many times so many broadcasts are
//! said in one turn of the loop. It prints nothing: whoever counts its instructions runs it with and without
//! turns, and subtracts: `.ci/instructions` does.

use std::process::ExitCode;

use chat_benches::stage::Stage;

fn main() -> ExitCode {
    let numbers: Option<Vec<usize>> = std::env::args().skip(1).map(|arg| arg.parse().ok()).collect();
    let Some([users, turns, broadcasts]) = numbers.as_deref() else { return ExitCode::from(2) };
    let mut stage = Stage::with_users(*users);
    for _ in 0..*turns {
        assert!(stage.say(*broadcasts) > 0, "everybody is told");
    }
    ExitCode::SUCCESS
}
