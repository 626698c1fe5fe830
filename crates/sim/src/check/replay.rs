//! The writes on an object, done again in the order that the OSDs did them.

use std::collections::BTreeMap;

use bytes::Bytes;
use loligo_minicluster::LoggedWrite;
use loligo_wire::entity::EntityName;
use loligo_wire::types::ErrorCode;

use super::Violation;
use super::placement::{pg_of, primary};
use crate::history::{Ended, Kind};
use crate::world::World;

/// What an object is at some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Its data; nothing where there is no object.
    pub(super) data: Option<Bytes>,
    pub(super) version: u64,
}

/// What became of an object.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// The writes, by their place in the history, in the order in which they were done.
    pub(super) writes: Vec<usize>,
    /// What the object was before the first of them, after it, after the second, and so on.
    pub(super) states: Vec<State>,
    /// The place of each write in that order.
    pub(super) places: BTreeMap<usize, usize>,
}

/// Does the writes on an object again, and compares what comes of each with what its client was told.
pub(super) fn replay(world: &World, object: usize) -> Result<Story, Violation> {
    let numbers = numbers(world);
    let mut story = Story { states: vec![State::default()], ..Story::default() };
    let mut state = State::default();
    let (log, content) = at_the_end(world, object);
    for entry in log {
        let reqid = entry.reqid;
        let number = *numbers.get(&(reqid.name, reqid.tid.0)).ok_or(Violation::NobodyAsked { reqid })?;
        let record = world.history.records.get(number).filter(|record| record.object == object);
        let record = record.ok_or(Violation::NobodyAsked { reqid })?;
        let result = apply(&record.kind, &mut state, entry.user_version);
        let due = Due { result, version: if result < 0 { None } else { Some(entry.user_version) } };
        due.check(number, entry.result, entry.user_version)?;
        match &record.ended {
            Some((_, Ended::Answered { result, version, .. })) => due.check(number, *result, *version)?,
            Some((_, Ended::NotRun)) => return Err(Violation::RanAfterAll { op: number }),
            Some((_, Ended::Unknown)) | None => {}
        }
        if story.places.insert(number, story.writes.len()).is_some() {
            return Err(Violation::ExecutedTwice { reqid, op: number });
        }
        story.writes.push(number);
        story.states.push(state.clone());
    }
    if state.data != content {
        return Err(Violation::WrongContent { object });
    }
    lost(world, object, &story)?;
    Ok(story)
}

/// Each op by the name that OSDs know it by.
fn numbers(world: &World) -> BTreeMap<(EntityName, u64), usize> {
    let name = |client: u16| {
        let id = world.clients.get(usize::from(client)).map_or(0, |host| host.endpoint.global_id().0);
        EntityName::client(i64::try_from(id).unwrap_or(0))
    };
    let records = world.history.records.iter().enumerate();
    records.map(|(number, record)| ((name(record.client), record.tid), number)).collect()
}

/// The writes on an object and its data, as its primary has them at the end.
fn at_the_end(world: &World, object: usize) -> (Vec<LoggedWrite>, Option<Bytes>) {
    let map = world.mon.endpoint.osdmap();
    let found = world.objects.get(object).and_then(|object| {
        let pg = pg_of(map, &object.name, &object.locator)?;
        let osd = &world.osd(primary(map, pg)?)?.endpoint;
        let log = osd.pg_log(pg).filter(|entry| entry.oid.oid == object.name).collect();
        let data = osd.pg_objects(pg).find(|(oid, _)| oid.oid == object.name);
        Some((log, data.map(|(_, data)| Bytes::copy_from_slice(data))))
    });
    found.unwrap_or_default()
}

/// What a write makes of an object, and its result.
fn apply(kind: &Kind, state: &mut State, version: u64) -> i32 {
    let data = match (kind, &state.data) {
        (Kind::WriteFull(data), _) => Some(data.clone()),
        (Kind::Append(data), before) => {
            let before = before.as_deref().unwrap_or_default();
            Some(Bytes::from([before, data].concat()))
        }
        (Kind::CreateExclusive, None) => Some(Bytes::new()),
        (Kind::CreateExclusive, Some(_)) => return ErrorCode::EEXIST.0,
        (Kind::Remove, Some(_)) => None,
        (Kind::Remove, None) => return ErrorCode::ENOENT.0,
        (Kind::Read | Kind::Stat, before) => before.clone(),
    };
    *state = State { version: if data.is_some() { version } else { 0 }, data };
    0
}

/// What a write must be answered with.
struct Due {
    result: i32,
    /// Where it failed, Ceph tells some version or other.
    version: Option<u64>,
}

impl Due {
    fn check(&self, op: usize, result: i32, version: u64) -> Result<(), Violation> {
        if result == self.result && self.version.is_none_or(|due| due == version) {
            return Ok(());
        }
        Err(Violation::WrongAnswer {
            op,
            told: format!("{result}, version {version}"),
            due: format!("{}, version {:?}", self.result, self.version),
        })
    }
}

/// Every write that was answered must be there.
fn lost(world: &World, object: usize, story: &Story) -> Result<(), Violation> {
    let records = world.history.records.iter().enumerate();
    let mut answered = records.filter(|(_, r)| r.object == object && r.kind.writes() && r.answer().is_some());
    match answered.find(|(number, _)| !story.places.contains_key(number)) {
        Some((op, _)) => Err(Violation::LostWrite { op }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_copy_answers_as_ceph_does() {
        let mut state = State::default();
        let append = |text: &'static str| Kind::Append(Bytes::from_static(text.as_bytes()));
        assert_eq!(apply(&Kind::Remove, &mut state, 1), -2);
        assert_eq!(apply(&append("a"), &mut state, 2), 0);
        assert_eq!(apply(&append("b"), &mut state, 3), 0);
        assert_eq!(apply(&Kind::CreateExclusive, &mut state, 4), -17);
        assert_eq!(state, State { data: Some(Bytes::from_static(b"ab")), version: 3 });
        assert_eq!(apply(&Kind::Remove, &mut state, 5), 0);
        assert_eq!(state, State::default());
    }
}
