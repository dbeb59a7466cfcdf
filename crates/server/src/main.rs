//! The program acehls.
fn main() {}
