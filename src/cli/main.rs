//! offpush
fn main() {}
