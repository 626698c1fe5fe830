//! How connections are protected, and which messenger is spoken.

use loligo_msgr::proto::{Modes, Protocols};
use loligo_wire::msgr2::ConMode;

use crate::{Conf, ConfError};

/// `ms_client_mode` and `ms_mon_client_mode` as Ceph has them, and `ms_mode` as the kernel's client has it, which sets both and
/// may ask for messenger v1. The more special option wins.
pub(crate) fn modes_and_protocols(conf: &Conf) -> Result<(Modes, Protocols), ConfError> {
    let (mut modes, mut protocols) = (Modes::default(), Protocols::default());
    if let Some(value) = conf.get("ms_mode").filter(|value| !value.trim().is_empty()) {
        let wanted = match value.trim() {
            "legacy" => {
                protocols.v2 = false;
                None
            }
            "crc" => Some(vec![ConMode::CRC]),
            "secure" => Some(vec![ConMode::SECURE]),
            "prefer-crc" => Some(vec![ConMode::CRC, ConMode::SECURE]),
            "prefer-secure" => Some(vec![ConMode::SECURE, ConMode::CRC]),
            _ => {
                let wanted = "one of legacy, crc, secure, prefer-crc and prefer-secure";
                return Err(ConfError::BadValue { option: "ms_mode", value, wanted });
            }
        };
        if let Some(wanted) = wanted {
            // Not over v1, which has none of these.
            protocols.v1 = false;
            (modes.ms_client_mode, modes.ms_mon_client_mode) = (wanted.clone(), wanted);
        }
    }
    set(conf, "ms_client_mode", &mut modes.ms_client_mode)?;
    set(conf, "ms_mon_client_mode", &mut modes.ms_mon_client_mode)?;
    // Those of daemons, for who uses the messenger as one.
    set(conf, "ms_cluster_mode", &mut modes.ms_cluster_mode)?;
    set(conf, "ms_service_mode", &mut modes.ms_service_mode)?;
    set(conf, "ms_mon_cluster_mode", &mut modes.ms_mon_cluster_mode)?;
    set(conf, "ms_mon_service_mode", &mut modes.ms_mon_service_mode)?;
    // Who wants the secure mode alone of everybody does not want messenger v1, unless they say so. For some kinds of peers alone
    // it cannot be said: all are called with the same protocols.
    let is_secure = |modes: &[ConMode]| !modes.contains(&ConMode::CRC);
    if protocols.v2 && is_secure(&modes.ms_client_mode) && is_secure(&modes.ms_mon_client_mode) {
        protocols.v1 = false;
    }
    Ok((modes, protocols))
}

/// A list of modes, best first. Words that are none are passed over, as in Ceph; but one mode must be left.
fn set(conf: &Conf, option: &'static str, modes: &mut Vec<ConMode>) -> Result<(), ConfError> {
    let Some(value) = conf.get(option) else { return Ok(()) };
    let words = value.split([',', ';', ' ', '\t']).filter(|word| !word.is_empty());
    let list: Vec<_> = words.filter_map(ConMode::from_name).collect();
    if list.is_empty() {
        return Err(ConfError::BadValue { option, value, wanted: "a list of crc and secure" });
    }
    *modes = list;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &[(&str, &str)]) -> Result<(Modes, Protocols), ConfError> {
        let mut conf = Conf::new("client.a").unwrap();
        for (option, value) in options {
            conf.set(option, *value);
        }
        modes_and_protocols(&conf)
    }

    #[test]
    fn the_defaults_are_cephs() {
        assert_eq!(of(&[]).unwrap(), (Modes::default(), Protocols::default()));
    }

    #[test]
    fn a_list_is_in_order_of_preference() {
        let (modes, _) = of(&[("ms_client_mode", "secure, crc"), ("ms_mon_client_mode", "crc")]).unwrap();
        assert_eq!(modes.ms_client_mode, [ConMode::SECURE, ConMode::CRC]);
        assert_eq!(modes.ms_mon_client_mode, [ConMode::CRC]);
    }

    #[test]
    fn the_kernels_option_sets_both_and_the_protocol() {
        let (modes, protocols) = of(&[("ms_mode", "secure")]).unwrap();
        assert_eq!([modes.ms_client_mode, modes.ms_mon_client_mode], [[ConMode::SECURE], [ConMode::SECURE]]);
        assert_eq!(protocols, Protocols { v1: false, v2: true });
        let (modes, protocols) = of(&[("ms_mode", "legacy")]).unwrap();
        assert_eq!((modes, protocols), (Modes::default(), Protocols { v1: true, v2: false }));
        let (modes, _) = of(&[("ms_mode", "secure"), ("ms_client_mode", "crc")]).unwrap();
        assert_eq!(modes.ms_client_mode, [ConMode::CRC]);
    }

    #[test]
    fn the_secure_mode_alone_for_everybody_is_not_over_v1() {
        let both = [("ms_client_mode", "secure"), ("ms_mon_client_mode", "secure")];
        assert_eq!(of(&both).unwrap().1, Protocols { v1: false, v2: true });
        // Of one kind of peers this cannot be said, and who asks for v1 has it.
        assert_eq!(of(&both[..1]).unwrap().1, Protocols::default());
        assert_eq!(of(&both[1..]).unwrap().1, Protocols::default());
        let legacy = [both[0], both[1], ("ms_mode", "legacy")];
        assert_eq!(of(&legacy).unwrap().1, Protocols { v1: true, v2: false });
    }

    #[test]
    fn what_is_no_mode_is_named() {
        assert!(of(&[("ms_mode", "fast")]).unwrap_err().to_string().contains("prefer-secure"));
        assert!(of(&[("ms_client_mode", "")]).is_err());
        assert!(of(&[("ms_client_mode", "secrue")]).is_err());
    }
}
