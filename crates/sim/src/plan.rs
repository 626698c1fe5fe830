//! What a seed draws before its world begins: how large it is, what its clients do, what goes wrong.

use core::time::Duration;

use loligo_base::Prng;
use loligo_msgr_proto::{Config, Modes, Protocols};
use loligo_wire::msgr2::ConMode;

use crate::net::Weather;

/// A pool of a world.
#[derive(Clone, Debug)]
pub(crate) struct PoolPlan {
    pub(crate) pg_num: u32,
    pub(crate) size: u8,
}

/// How often each kind of op is drawn, against the others.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    pub(crate) write_full: u64,
    pub(crate) append: u64,
    pub(crate) create: u64,
    pub(crate) remove: u64,
    pub(crate) read: u64,
    pub(crate) stat: u64,
}

/// What goes wrong, and how often, against the others.
#[derive(Clone, Debug)]
pub(crate) struct Troubles {
    pub(crate) cut: u64,
    pub(crate) stop_osd: u64,
    pub(crate) stop_mon: u64,
    pub(crate) weight: u64,
    pub(crate) pause: u64,
    pub(crate) full: u64,
    pub(crate) noup: u64,
    pub(crate) grow: u64,
    pub(crate) skew: u64,
    /// The mean time between two of them.
    pub(crate) every: Duration,
    /// How long the monitor takes at most to learn that an OSD is gone.
    pub(crate) notice: Duration,
    /// How long an OSD or the monitor is gone at most.
    pub(crate) outage: Duration,
    /// Whether those that stop are sometimes gone without a word.
    pub(crate) silent: bool,
}

/// What a seed draws before its world begins.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) osds: u16,
    pub(crate) clients: u16,
    pub(crate) pools: Vec<PoolPlan>,
    /// How many objects each pool has: few, so that ops meet.
    pub(crate) objects: u64,
    pub(crate) cephx: bool,
    pub(crate) service_ticket_ttl: Duration,
    pub(crate) mix: Mix,
    /// How many ops each client submits.
    pub(crate) ops: u64,
    /// How many of them it has under way.
    pub(crate) window: u64,
    /// How long it thinks at most before the next one.
    pub(crate) think: Duration,
    /// The most bytes that an op writes.
    pub(crate) bytes: u64,
    /// How often, in a hundred, an op has a deadline.
    pub(crate) deadlines: u64,
    /// How often, in a hundred, an op is cancelled.
    pub(crate) cancels: u64,
    /// `objecter_inflight_ops`.
    pub(crate) inflight_ops: u64,
    pub(crate) weather: Weather,
    /// The longest time that a move within a host takes.
    pub(crate) local: Duration,
    pub(crate) troubles: Troubles,
    /// How long things go wrong.
    pub(crate) safety: Duration,
    /// The connection mode of messenger v2; `None` where all speak v1.
    pub(crate) con_mode: Option<ConMode>,
}

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// One of the values.
fn one_of<T: Copy>(prng: &mut Prng, values: &[T], otherwise: T) -> T {
    prng.index(values.len()).and_then(|i| values.get(i)).copied().unwrap_or(otherwise)
}

fn between(prng: &mut Prng, least: u64, most: u64) -> u64 {
    least + prng.below(most - least + 1)
}

fn small(prng: &mut Prng, least: u16, most: u16) -> u16 {
    u16::try_from(between(prng, least.into(), most.into())).unwrap_or(least)
}

/// A weight, or 0: each seed does without some things altogether.
fn weight(prng: &mut Prng, chance: u64) -> u64 {
    if prng.chance(chance, 100) { between(prng, 1, 10) } else { 0 }
}

impl Plan {
    pub(crate) fn draw(prng: &mut Prng) -> Self {
        let osds = small(prng, 3, 5);
        let pools = (0..between(prng, 1, 2))
            .map(|_| PoolPlan { pg_num: u32::from(small(prng, 1, 12)), size: one_of(prng, &[1, 2, 3], 3) })
            .collect();
        Self {
            osds,
            clients: small(prng, 1, 3),
            pools,
            objects: between(prng, 1, 4),
            cephx: prng.chance(4, 5),
            service_ticket_ttl: one_of(prng, &[millis(3_600_000), millis(20_000)], millis(60_000)),
            mix: Mix::draw(prng),
            ops: between(prng, 5, 50),
            window: between(prng, 1, 8),
            think: one_of(prng, &[millis(0), millis(10), millis(300)], millis(0)),
            bytes: one_of(prng, &[8, 200, 6_000], 8),
            deadlines: one_of(prng, &[0, 0, 5, 20], 0),
            cancels: one_of(prng, &[0, 0, 5, 20], 0),
            inflight_ops: one_of(prng, &[1024, 1024, 2], 1024),
            weather: draw_weather(prng),
            local: one_of(prng, &[millis(0), Duration::from_micros(50), millis(5)], millis(0)),
            troubles: Troubles::draw(prng),
            safety: millis(between(prng, 2_000, 40_000)),
            con_mode: one_of(prng, &[None, Some(ConMode::CRC), Some(ConMode::SECURE)], None),
        }
    }

    /// The same configuration, for a world that speaks one messenger in one mode.
    pub(crate) fn speaking(&self, mut config: Config) -> Config {
        // Who has no keys has nothing to encrypt with.
        let mode = self.con_mode.map(|mode| if self.cephx { mode } else { ConMode::CRC });
        config.options.protocols = Protocols { v1: mode.is_none(), v2: mode.is_some() };
        if let Some(mode) = mode {
            let modes = || vec![mode];
            config.options.modes = Modes {
                ms_cluster_mode: modes(),
                ms_service_mode: modes(),
                ms_client_mode: modes(),
                ms_mon_cluster_mode: modes(),
                ms_mon_service_mode: modes(),
                ms_mon_client_mode: modes(),
            };
        }
        config
    }

    /// Whether ops may go past earlier ones of the same client, as they do where a full cluster holds writes, and lets reads
    /// and what makes room pass.
    pub(crate) const fn ops_overtake(&self) -> bool {
        self.troubles.full > 0
    }
}

impl Mix {
    fn draw(prng: &mut Prng) -> Self {
        Self {
            write_full: weight(prng, 70),
            append: between(prng, 1, 10),
            create: weight(prng, 40),
            remove: weight(prng, 40),
            read: weight(prng, 80),
            stat: weight(prng, 40),
        }
    }
}

impl Troubles {
    fn draw(prng: &mut Prng) -> Self {
        Self {
            cut: weight(prng, 70),
            stop_osd: weight(prng, 60),
            stop_mon: weight(prng, 25),
            weight: weight(prng, 40),
            pause: weight(prng, 30),
            full: weight(prng, 15),
            noup: weight(prng, 15),
            grow: weight(prng, 40),
            skew: weight(prng, 15),
            every: one_of(prng, &[millis(100), millis(500), millis(3_000)], millis(500)),
            notice: one_of(prng, &[millis(50), millis(1_000), millis(8_000)], millis(50)),
            outage: one_of(prng, &[millis(100), millis(3_000), millis(15_000)], millis(100)),
            silent: prng.chance(1, 3),
        }
    }
}

fn draw_weather(prng: &mut Prng) -> Weather {
    let delays = [
        (Duration::from_micros(1), Duration::from_micros(1)),
        (Duration::from_micros(50), Duration::from_micros(500)),
        (Duration::ZERO, millis(20)),
        (millis(1), millis(200)),
    ];
    let delay = one_of(prng, &delays, (Duration::ZERO, Duration::ZERO));
    let (slow, piece) = (one_of(prng, &[0, 0, 5, 50], 0), one_of(prng, &[0, 0, 4096, 100, 7], 0));
    // Long delays and small pieces together are no network: no handshake would end in time.
    let (slow, piece) = match delay.1 {
        most if most > millis(20) => (slow.min(5), 0),
        most if most == millis(20) && piece > 0 => (0, piece),
        _ => (slow, piece),
    };
    Weather { delay, slow, piece }
}
