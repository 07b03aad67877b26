//! What several test programs need.

#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod agent;
pub(crate) mod daemon;
pub(crate) mod process;

/// How much slower this machine is than those that the suite's time limits are made for: `KILN_TEST_TIME_FACTOR`, a whole number.
pub(crate) fn time_factor() -> i64 {
    let Ok(factor) = std::env::var("KILN_TEST_TIME_FACTOR") else { return 1 };
    factor.parse().unwrap_or_else(|error| panic!("KILN_TEST_TIME_FACTOR={factor}: {error}"))
}
