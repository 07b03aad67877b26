//! A real daemon on the real engine, for as long as a test needs it.
