//! Tests of the whole stack live in `tests/tests`.
