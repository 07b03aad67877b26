//! A program cannot tell that its interpreter was started before it came: each program of `tests/differential/` gives the same
//! under the plain interpreter in the same container image, byte for byte.
