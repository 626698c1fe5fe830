//! What must never be.

/// States that a condition of ours never holds, and gives its value.
///
/// In debug builds and tests a true condition panics with the place and the text. In release builds it is true and
/// the caller goes on with its fallback, which it must have. Only for our own invariants: whatever a peer can
/// bring about is an error, not a `never!`.
///
/// ```
/// # let (taken, returned) = (1, 1);
/// if loligo_base::never!(returned > taken, "a throttle returned more than it took") {
///     // release builds: refuse and go on
/// }
/// ```
#[macro_export]
macro_rules! never {
    ($condition:expr, $($text:tt)+) => {{
        let broken: bool = $condition;
        debug_assert!(!broken, $($text)+);
        broken
    }};
}
