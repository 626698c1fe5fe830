//! The log and the maps of the manager.

use super::entity::LegacyStr;
use super::{Dump, Formatter, Stamp};
use crate::log::{LogEntry, LogEntryKey};
use crate::message::PerfCounterType;
use crate::mgrmap::{MgrMap, ModuleInfo, ModuleOption, StandbyInfo};
use crate::service_map::{Service, ServiceDaemon, ServiceMap};
use crate::{Release, Text, TextMap};

pub(super) fn dump_texts<'a>(f: &mut Formatter, name: &str, texts: impl IntoIterator<Item = &'a Text>) {
    f.array(name, |f| texts.into_iter().for_each(|text| f.dump_string("", text)));
}

pub(super) fn dump_text_map(f: &mut Formatter, name: &str, map: &TextMap) {
    f.object(name, |f| map.iter().for_each(|(name, value)| f.dump_string(&name.to_lossy(), value)));
}

impl Dump for LogEntryKey {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("rank", self.rank);
        f.dump_stream("stamp", Stamp(self.stamp));
        f.dump_unsigned("seq", self.seq);
    }
}

impl Dump for LogEntry {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("name", &self.name);
        f.dump_stream("rank", self.rank);
        f.dump_object("addrs", &self.addrs);
        f.dump_stream("stamp", Stamp(self.stamp));
        f.dump_unsigned("seq", self.seq);
        f.dump_string("channel", &self.channel);
        f.dump_stream("priority", self.prio);
        f.dump_string("message", &self.msg);
    }
}

impl Dump for ServiceDaemon {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("start_epoch", self.start_epoch.0);
        f.dump_stream("start_stamp", Stamp(self.start_stamp));
        f.dump_unsigned("gid", self.gid.0);
        f.dump_stream("addr", LegacyStr(self.addr));
        dump_text_map(f, "metadata", &self.metadata);
        dump_text_map(f, "task_status", &self.task_status);
    }
}

impl Dump for Service {
    fn dump(&self, f: &mut Formatter) {
        f.object("daemons", |f| {
            f.dump_string("summary", &self.summary);
            self.daemons.iter().for_each(|(name, daemon)| f.dump_object(&name.to_lossy(), daemon));
        });
    }
}

impl Dump for ServiceMap {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("epoch", self.epoch.0);
        f.dump_stream("modified", Stamp(self.modified));
        f.object("services", |f| {
            self.services.iter().for_each(|(name, service)| f.dump_object(&name.to_lossy(), service));
        });
    }
}

impl Dump for PerfCounterType {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("path", &self.path);
        f.dump_string("description", &self.description);
        f.dump_string("nick", &self.nick);
        f.dump_unsigned("type", self.counter_type);
        f.dump_unsigned("priority", self.priority);
        f.dump_unsigned("unit", self.unit);
    }
}

/// `Option::type_to_str`
fn option_type(number: u8) -> &'static str {
    let names =
        ["uint", "int", "str", "float", "bool", "addr", "addrvec", "uuid", "size", "secs", "millisecs"];
    names.get(usize::from(number)).copied().unwrap_or("unknown")
}

/// `Option::level_to_str`
fn option_level(number: u8) -> &'static str {
    ["basic", "advanced", "dev", "unknown"].get(usize::from(number)).copied().unwrap_or("unknown")
}

impl Dump for ModuleOption {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_string("type", option_type(self.option_type));
        f.dump_string("level", option_level(self.level));
        f.dump_unsigned("flags", self.flags);
        f.dump_string("default_value", &self.default_value);
        f.dump_string("min", &self.min);
        f.dump_string("max", &self.max);
        dump_texts(f, "enum_allowed", &self.enum_allowed);
        f.dump_string("desc", &self.desc);
        f.dump_string("long_desc", &self.long_desc);
        dump_texts(f, "tags", &self.tags);
        dump_texts(f, "see_also", &self.see_also);
    }
}

impl Dump for ModuleInfo {
    fn dump(&self, f: &mut Formatter) {
        f.object("module", |f| {
            f.dump_string("name", &self.name);
            f.dump_bool("can_run", self.can_run);
            f.dump_string("error_string", &self.error_string);
            f.object("module_options", |f| {
                self.module_options.iter().for_each(|(name, option)| f.dump_object(&name.to_lossy(), option));
            });
        });
    }
}

fn dump_modules(f: &mut Formatter, modules: &[ModuleInfo]) {
    f.array("available_modules", |f| modules.iter().for_each(|module| module.dump(f)));
}

impl Dump for StandbyInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_unsigned("gid", self.gid.0);
        f.dump_string("name", &self.name);
        f.dump_unsigned("mgr_features", self.mgr_features.0);
        dump_modules(f, &self.available_modules);
    }
}

impl Dump for MgrMap {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("epoch", self.epoch.0);
        f.dump_int("flags", self.flags.cast_signed());
        f.dump_int("active_gid", self.active_gid.0.cast_signed());
        f.dump_string("active_name", &self.active_name);
        f.dump_object("active_addrs", &self.active_addrs);
        f.dump_stream("active_addr", LegacyStr::of(&self.active_addrs));
        f.dump_stream("active_change", Stamp(self.active_change));
        f.dump_unsigned("active_mgr_features", self.active_mgr_features.0);
        f.dump_bool("available", self.available);
        f.dump_objects("standbys", self.standbys.iter().map(|(_, standby)| standby));
        dump_texts(f, "modules", &self.modules);
        dump_modules(f, &self.available_modules);
        dump_text_map(f, "services", &self.services);
        f.object("always_on_modules", |f| {
            for (release, modules) in &self.always_on_modules {
                let release = u8::try_from(*release).map_or(Release::UNKNOWN, Release);
                dump_texts(f, release.name(), modules);
            }
        });
        // Since Tentacle.
        if !self.force_disabled_modules.is_empty() {
            let modules = self.force_disabled_modules.iter();
            f.object("force_disabled_modules", |f| modules.for_each(|name| f.dump_string("module", name)));
        }
        f.dump_int("last_failure_osd_epoch", self.last_failure_osd_epoch.0);
        f.array("active_clients", |f| {
            for (name, addrs) in &self.clients {
                f.object("client", |f| {
                    f.dump_string("name", name);
                    addrs.dump(f);
                });
            }
        });
    }
}
