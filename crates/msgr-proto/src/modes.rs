//! Which connection modes are used with whom.

use alloc::vec;
use alloc::vec::Vec;

use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::EntityType;
pub use loligo_wire::entity::Protocols;
use loligo_wire::msgr2::ConMode;

/// The connection modes of messenger v2 that are offered or allowed, best first (`ms_*_mode`), by what both ends are
/// (`AuthRegistry::get_supported_modes`). The defaults are Ceph's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Among daemons that are no monitors.
    pub ms_cluster_mode: Vec<ConMode>,
    /// What such a daemon allows its clients.
    pub ms_service_mode: Vec<ConMode>,
    /// What a client offers such a daemon.
    pub ms_client_mode: Vec<ConMode>,
    /// Between monitors, and between them and other daemons.
    pub ms_mon_cluster_mode: Vec<ConMode>,
    /// What a monitor allows its clients.
    pub ms_mon_service_mode: Vec<ConMode>,
    /// What a client offers a monitor.
    pub ms_mon_client_mode: Vec<ConMode>,
}

impl Default for Modes {
    fn default() -> Self {
        let crc_first = vec![ConMode::CRC, ConMode::SECURE];
        let secure_first = vec![ConMode::SECURE, ConMode::CRC];
        Self {
            ms_cluster_mode: crc_first.clone(),
            ms_service_mode: crc_first.clone(),
            ms_client_mode: crc_first,
            ms_mon_cluster_mode: secure_first.clone(),
            ms_mon_service_mode: secure_first.clone(),
            ms_mon_client_mode: secure_first,
        }
    }
}

impl Modes {
    /// The modes between this end and a peer.
    #[must_use]
    pub fn between(&self, mine: EntityType, peer: EntityType) -> &[ConMode] {
        let is_mon = |kind| matches!(kind, EntityType::MON | EntityType::MGR);
        let is_daemon = |kind| matches!(kind, EntityType::MDS | EntityType::OSD);
        match (mine, peer) {
            (EntityType::CLIENT, peer) if is_mon(peer) => &self.ms_mon_client_mode,
            (EntityType::CLIENT, _) => &self.ms_client_mode,
            (mine, peer) if is_mon(mine) && is_mon(peer) => &self.ms_mon_cluster_mode,
            (mine, _) if is_mon(mine) => &self.ms_mon_service_mode,
            (_, peer) if is_mon(peer) => &self.ms_mon_cluster_mode,
            (_, peer) if is_daemon(peer) => &self.ms_cluster_mode,
            _ => &self.ms_service_mode,
        }
    }

    /// The same, for what the method of authentication allows.
    pub(crate) fn offer(&self, mine: EntityType, peer: EntityType, method: AuthMethod) -> Vec<ConMode> {
        self.between(mine, peer).iter().copied().filter(|mode| mode.suits(method)).collect()
    }

    /// The first mode of a peer's that is allowed here (`AuthRegistry::pick_mode`).
    pub(crate) fn pick(
        &self,
        mine: EntityType,
        peer: EntityType,
        method: AuthMethod,
        preferred: &[ConMode],
    ) -> Option<ConMode> {
        let allowed = self.offer(mine, peer, method);
        preferred.iter().copied().find(|mode| allowed.contains(mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_at_the_ends_decides_on_the_modes() {
        let mode = |number: u32| vec![ConMode(number)];
        let modes = Modes {
            ms_cluster_mode: mode(1),
            ms_service_mode: mode(2),
            ms_client_mode: mode(3),
            ms_mon_cluster_mode: mode(4),
            ms_mon_service_mode: mode(5),
            ms_mon_client_mode: mode(6),
        };
        let [mon, osd, client] = [EntityType::MON, EntityType::OSD, EntityType::CLIENT];
        let pairs = [(osd, osd, 1), (osd, client, 2), (client, osd, 3), (osd, mon, 4), (mon, mon, 4)];
        for (mine, peer, expected) in
            pairs.into_iter().chain([(mon, client, 5), (mon, osd, 5), (client, mon, 6)])
        {
            assert_eq!(modes.between(mine, peer), mode(expected), "{mine} to {peer}");
        }
    }

    #[test]
    fn without_keys_there_is_no_secure_mode() {
        let modes = Modes::default();
        let (mon, client) = (EntityType::MON, EntityType::CLIENT);
        assert_eq!(modes.offer(client, mon, AuthMethod::NONE), [ConMode::CRC]);
        assert_eq!(modes.offer(client, mon, AuthMethod::CEPHX), [ConMode::SECURE, ConMode::CRC]);
        assert_eq!(modes.pick(mon, client, AuthMethod::NONE, &[ConMode::SECURE]), None);
        let preferred = [ConMode(7), ConMode::CRC, ConMode::SECURE];
        assert_eq!(modes.pick(mon, client, AuthMethod::CEPHX, &preferred), Some(ConMode::CRC));
    }
}
