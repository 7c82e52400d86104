//! End-to-end tests of offpush on real processes.
