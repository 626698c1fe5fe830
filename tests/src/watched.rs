//! A client of which every message that comes to it is looked at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use loligo_base::{Mono, Now};
use loligo_client::{Call, Client, ClientMsg, Done};
use loligo_msgr::proto::{
    ConId, Endpoint, Envelope, Fault, Input, NetCommand, NetEvent, Output, PeerError, Posted,
};
use loligo_wire::dump::find_message;
use loligo_wire::entity::EntityType;
use loligo_wire::message::{
    MAuthReply, MConfig, MGetPoolStatsReply, MLog, MMgrMap, MMonCommandAck, MMonGetVersionReply, MMonMap,
    MMonSubscribe, MMonSubscribeAck, MOSDBackoff, MOSDMap, MOSDOpReply, MPing, MServiceMap, MStatfsReply,
    Message, SubscribeItem,
};
use loligo_wire::monmap::MonMap;
use loligo_wire::osdmap::{Incremental, OSDMap};
use loligo_wire::{Decode, Encode, Features, Tid};

use crate::live::Token;

/// What a monitor tells a client beside what ours asks for.
const MORE: [&str; 3] = ["mgrmap", "servicemap", "log-debug"];

/// What came.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many messages of each type.
    pub counts: BTreeMap<&'static str, u64>,
    /// What of it could not be read, or is written by us in another way, and why connections ended other than by the peer.
    pub faults: Vec<String>,
    /// All versions of the OSD map, as they came.
    pub maps: Vec<MOSDMap>,
    /// The types that the client has no use for.
    pub useless: BTreeSet<&'static str>,
}

/// A client that asks for more than it needs, and keeps what comes.
pub struct Watched {
    client: Client<Token>,
    seen: Seen,
    mons: BTreeSet<ConId>,
    features: BTreeMap<ConId, Features>,
    outputs: VecDeque<Output<Done<Token>>>,
}

impl Watched {
    /// Around a client that was not started.
    #[must_use]
    pub fn new(client: Client<Token>) -> Self {
        Self {
            client,
            seen: Seen::default(),
            mons: BTreeSet::new(),
            features: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Client<Token> {
        &self.client
    }

    /// What came so far.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    fn look(&mut self, con: ConId, envelope: &Envelope, msg: &ClientMsg) {
        let features = self.features.get(&con).copied().unwrap_or_default();
        let Some(entry) = find_message(envelope.header.message_type) else {
            let message_type = envelope.header.message_type;
            return self.seen.faults.push(format!("messages of type {message_type} are not known"));
        };
        *self.seen.counts.entry(entry.name).or_default() += 1;
        if matches!(msg, ClientMsg::Unknown { .. }) {
            self.seen.useless.insert(entry.name);
        }
        if let Err(error) = look_at(envelope, features) {
            self.seen.faults.push(format!("{}: {error}", entry.name));
        }
        if let ClientMsg::OsdMap(maps) = msg {
            self.seen.maps.push(maps.clone());
        }
        // By then it has let us in.
        if self.mons.remove(&con) {
            let start = SubscribeItem { start: 0, onetime: false };
            let what = MORE.map(|what| (what.to_owned(), start)).into();
            let message = MMonSubscribe { what, hostname: String::new() };
            let msg = Box::new(Posted { tid: Tid(0), message });
            self.outputs.push_back(Output::Net(NetCommand::Send { con, msg }));
        }
    }

    fn ended(&mut self, why: &Fault) {
        if !matches!(why, Fault::Closed | Fault::Refused | Fault::Io(_) | Fault::Unreachable(_)) {
            self.seen.faults.push(format!("a connection ended: {why}"));
        }
    }
}

/// Reads a message with all that is in it, and writes it again.
fn look_at(envelope: &Envelope, features: Features) -> Result<(), String> {
    let message_type = envelope.header.message_type;
    match message_type {
        MMonMap::TYPE => {
            let message = again::<MMonMap>(envelope, features)?;
            same::<MonMap>("map", &message.monmap, |_| features)
        }
        MOSDMap::TYPE => {
            let message = again::<MOSDMap>(envelope, features)?;
            let mut fulls = message.maps.values();
            fulls.try_for_each(|map| same("full map", map, OSDMap::get_encoding_features))?;
            let mut incs = message.incremental_maps.values();
            incs.try_for_each(|inc| same("change", inc, |inc: &Incremental| inc.encode_features))
        }
        MAuthReply::TYPE => again::<MAuthReply>(envelope, features).map(drop),
        MMonSubscribeAck::TYPE => again::<MMonSubscribeAck>(envelope, features).map(drop),
        MMonGetVersionReply::TYPE => again::<MMonGetVersionReply>(envelope, features).map(drop),
        MMonCommandAck::TYPE => again::<MMonCommandAck>(envelope, features).map(drop),
        MStatfsReply::TYPE => again::<MStatfsReply>(envelope, features).map(drop),
        MGetPoolStatsReply::TYPE => again::<MGetPoolStatsReply>(envelope, features).map(drop),
        MConfig::TYPE => again::<MConfig>(envelope, features).map(drop),
        MOSDOpReply::TYPE => again::<MOSDOpReply>(envelope, features).map(drop),
        MOSDBackoff::TYPE => again::<MOSDBackoff>(envelope, features).map(drop),
        MPing::TYPE => again::<MPing>(envelope, features).map(drop),
        MMgrMap::TYPE => again::<MMgrMap>(envelope, features).map(drop),
        MServiceMap::TYPE => again::<MServiceMap>(envelope, features).map(drop),
        MLog::TYPE => again::<MLog>(envelope, features).map(drop),
        _ => Err(format!("type {message_type} did not seem to be one that a client is sent")),
    }
}

/// Reads a message. Written by us for this peer, it has the same bytes.
fn again<M: Message>(envelope: &Envelope, features: Features) -> Result<M, String> {
    let theirs = &envelope.payload;
    let message = M::decode(&envelope.header, theirs.clone()).map_err(|error| error.to_string())?;
    let ours = message.encode(features);
    if ours.version != theirs.version {
        return Err(format!("we write version {}, it came in version {}", ours.version, theirs.version));
    }
    if ours.front != theirs.front || ours.data != theirs.data {
        let differs = ours.front.iter().zip(&theirs.front).position(|(ours, theirs)| ours != theirs);
        let lengths = (ours.front.len(), theirs.front.len());
        return Err(format!("we write it in another way: from byte {differs:?} on, lengths {lengths:?}"));
    }
    Ok(message)
}

/// Reads what is in a message. Written by us, it has the same bytes.
fn same<T: Decode + Encode>(
    what: &str,
    bytes: &Bytes,
    features: impl Fn(&T) -> Features,
) -> Result<(), String> {
    let value = T::decode_all(bytes).map_err(|error| format!("the {what}: {error}"))?;
    if value.to_bytes(features(&value)) == bytes {
        Ok(())
    } else {
        Err(format!("we write the {what} in another way"))
    }
}

impl Endpoint for Watched {
    type Msg = (Envelope, ClientMsg);
    type Call = Call<Token>;
    type Done = Done<Token>;

    fn decode(envelope: Envelope) -> Result<Self::Msg, PeerError> {
        // Whatever the client cannot read ends the connection, which is seen.
        let msg = <Client<Token> as Endpoint>::decode(envelope.clone())?;
        Ok((envelope, msg))
    }

    fn handle(&mut self, now: Now, input: Input<Self::Msg, Self::Call>) {
        let input = match input {
            Input::Net(NetEvent::Message { con, header, msg: (envelope, msg) }) => {
                self.look(con, &envelope, &msg);
                Input::Net(NetEvent::Message { con, header, msg })
            }
            Input::Net(NetEvent::Connected { con, peer }) => {
                self.features.insert(con, peer.features);
                Input::Net(NetEvent::Connected { con, peer })
            }
            Input::Net(NetEvent::Reset { con, why }) => {
                self.ended(&why);
                Input::Net(NetEvent::Reset { con, why })
            }
            Input::Net(NetEvent::Accepted { con, peer }) => Input::Net(NetEvent::Accepted { con, peer }),
            Input::Net(NetEvent::RemoteReset { con }) => Input::Net(NetEvent::RemoteReset { con }),
            Input::Net(NetEvent::Refused { con }) => Input::Net(NetEvent::Refused { con }),
            Input::Net(NetEvent::AuthWanted { con, request }) => {
                Input::Net(NetEvent::AuthWanted { con, request })
            }
            Input::Call(call) => Input::Call(call),
            Input::Timeout => Input::Timeout,
            Input::Stopped => Input::Stopped,
        };
        self.client.handle(now, input);
    }

    fn poll(&mut self) -> Option<Output<Self::Done>> {
        let output = self.client.poll().or_else(|| self.outputs.pop_front())?;
        if let Output::Net(NetCommand::Connect { con, peer: EntityType::MON, .. }) = &output {
            self.mons.insert(*con);
        }
        Some(output)
    }

    fn next_timeout(&self) -> Option<Mono> {
        self.client.next_timeout()
    }
}
