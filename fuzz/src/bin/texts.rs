//! Texts of people: keyrings, `ceph.conf`, `mon_host`, addresses, names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loligo::Conf;
use loligo_auth::Keyring;
use loligo_wire::{EntityAddr, EntityAddrVec, EntityName};

fuzz_target!(|data: &[u8]| {
    if let Ok(keyring) = Keyring::parse(data) {
        let printed = keyring.print();
        Keyring::parse(printed.as_bytes()).expect("what was printed can be read");
    }
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Ok(conf) = Conf::parse("client.admin", text) {
        for option in ["mon_host", "keyring", "log_file", "fsid"] {
            let _ = conf.get(option);
        }
    }
    // Addresses only: a name would be looked up.
    if !text.contains(|c: char| c.is_alphabetic() && !"vxabcdef".contains(c)) {
        let _ = loligo::parse_mon_host(text);
    }
    if let Ok(addr) = text.parse::<EntityAddr>() {
        assert_eq!(addr.to_string().parse(), Ok(addr));
    }
    let _ = text.parse::<EntityAddrVec>();
    let _ = text.parse::<EntityName>();
});
