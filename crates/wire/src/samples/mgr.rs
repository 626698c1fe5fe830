use alloc::vec::Vec;

use loligo_base::Wall;

use super::Case;
use super::entity::{addrs, v4};
use crate::log::{LogEntry, LogEntryKey, LogPriority};
use crate::message::PerfCounterType;
use crate::mgrmap::{MgrMap, ModuleInfo, ModuleOption, StandbyInfo};
use crate::service_map::{Service, ServiceDaemon, ServiceMap};
use crate::{AuthEntityName, EntityName, Epoch, Features, GlobalId};

pub(super) fn log_entry() -> LogEntry {
    LogEntry {
        name: AuthEntityName::client("admin"),
        rank: EntityName::client(4155),
        addrs: addrs(),
        stamp: Wall::new(1_700_000_000, 5),
        seq: 3,
        prio: LogPriority::WARN,
        msg: "too full".into(),
        channel: "cluster".into(),
    }
}

pub(super) fn service_map() -> ServiceMap {
    let daemon = ServiceDaemon {
        gid: GlobalId(4155),
        addr: v4(),
        start_epoch: Epoch(3),
        start_stamp: Wall::new(1, 2),
        metadata: [("arch", "x86_64")].into_iter().collect(),
        task_status: [("task", "idle")].into_iter().collect(),
    };
    let service = Service { daemons: [("a".into(), daemon)].into(), summary: "well".into() };
    ServiceMap { epoch: Epoch(4), modified: Wall::new(3, 4), services: [("rgw".into(), service)].into() }
}

fn module() -> ModuleInfo {
    let option = ModuleOption {
        name: "sleep".into(),
        option_type: 1,
        enum_allowed: ["1".into()].into(),
        ..ModuleOption::default()
    };
    ModuleInfo {
        name: "balancer".into(),
        can_run: true,
        error_string: "".into(),
        module_options: [("sleep".into(), option)].into(),
    }
}

pub(super) fn mgr_map() -> MgrMap {
    let standby = StandbyInfo {
        gid: GlobalId(9),
        name: "y".into(),
        available_modules: [module()].into(),
        mgr_features: Features::PACIFIC,
    };
    MgrMap {
        epoch: Epoch(12),
        active_addrs: addrs(),
        active_gid: GlobalId(8),
        available: true,
        active_name: "x".into(),
        standbys: [(GlobalId(9), standby)].into(),
        modules: ["iostat".into(), "nfs".into()].into(),
        services: [("prometheus", "http://10.0.0.7:9283/")].into_iter().collect(),
        available_modules: [module()].into(),
        active_change: Wall::new(5, 6),
        always_on_modules: [(16, ["balancer".into()].into())].into(),
        active_mgr_features: Features::PACIFIC,
        last_failure_osd_epoch: Epoch(3),
        clients: [("balancer".into(), addrs())].into(),
        flags: 0,
        force_disabled_modules: Vec::new(),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let of_tentacle = MgrMap { flags: 1, force_disabled_modules: ["nfs".into()].into(), ..mgr_map() };
    let key = LogEntryKey { rank: EntityName::client(1), stamp: Wall::new(1, 2), seq: 34 };
    [
        Case::new("LogEntry", &log_entry()),
        Case::new("LogEntryKey", &key),
        Case::new("ServiceMap", &ServiceMap::default()),
        Case::new("ServiceMap", &service_map()),
        Case::new("ServiceMap::Service", &Service { daemons: Vec::new(), summary: "well".into() }),
        Case::new("ServiceMap::Daemon", &ServiceDaemon { gid: GlobalId(5), ..ServiceDaemon::default() }),
        Case::new("MgrMap::ModuleInfo", &module()),
        Case::new("MgrMap::ModuleOption", &ModuleOption { max: "5".into(), ..ModuleOption::default() }),
        Case::new("MgrMap::StandbyInfo", &StandbyInfo { name: "z".into(), ..StandbyInfo::default() }),
        Case::new("PerfCounterType", &PerfCounterType { unit: 1, ..PerfCounterType::default() }),
        Case::new("MgrMap", &MgrMap::default()),
        Case::new("MgrMap", &mgr_map()),
        Case::for_features("MgrMap", &of_tentacle, Features::TENTACLE),
    ]
    .into()
}
