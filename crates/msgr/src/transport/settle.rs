//! What a thread that serves many lines does with each when it has read, or a timer fired.

use std::sync::Arc;

use loligo_base::Timers;

use super::{After, Host, Line, Scratch};

/// Writes what reading brought about, tells what came of that, and sets the timer. Says whether the line wants bytes again that
/// were there before, of which nobody will tell.
pub(super) fn settle<K: Copy + Ord>(
    line: &Arc<Line>,
    host: &dyn Host,
    scratch: &mut Scratch,
    timers: &mut Timers<K>,
    key: K,
) -> bool {
    while line.flush(host.now()) == After::Service {
        host.pump(line, scratch);
        match line.rearm() {
            Some(at) => timers.set(key, at),
            None if line.has_events() => {}
            None => return true,
        }
    }
    false
}
