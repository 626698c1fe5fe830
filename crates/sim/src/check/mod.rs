//! What must hold, whatever the seed.

mod order;
mod placement;
mod reads;
mod replay;
mod violation;

use bytes::Bytes;
use loligo_wire::types::ObjectLocator;

pub(crate) use placement::routing;
pub use violation::Violation;

use crate::world::World;

/// An object that clients work on.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) name: Bytes,
    pub(crate) locator: ObjectLocator,
}

/// What is wrong with what came of all ops, once everything is done and every PG is served.
///
/// The logs of the PGs say in which order the writes on each object were done. With that order known, all that clients were
/// told can be checked op by op: it must be what a single copy of the object, worked on in that order, would have
/// answered, and the order must agree with time and with the order in which each client asked.
pub(crate) fn outcome(world: &World) -> Vec<Violation> {
    let mut violations = Vec::new();
    for object in 0..world.objects.len() {
        match replay::replay(world, object) {
            Ok(story) => {
                let strict = !world.plan.ops_overtake();
                violations.extend(order::check(&world.history, &story, strict));
                violations.extend(reads::check(&world.history, object, &story, strict));
            }
            Err(violation) => violations.push(violation),
        }
    }
    violations.extend(placement::copies(world));
    violations
}
