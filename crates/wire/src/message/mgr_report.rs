//! What the manager wants to be told, and what it is told.

use alloc::vec::Vec;

use bytes::Bytes;

use super::payload::at_least;
use super::{Message, msg_type};
use crate::codec::{OpaqueStruct, versioned_struct};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Features, Text, TextMap};

/// Of what kind a metric is, and the metric as it came: `MetricConfigMessage`, `MetricReportMessage`.
type Metric = (u32, OpaqueStruct);

/// How often and how much the manager wants to be told: `MMgrConfigure`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrConfigure {
    /// Seconds between reports.
    pub stats_period: u32,
    /// The least priority of a counter that is worth telling.
    pub stats_threshold: u32,
    /// What an OSD is to measure, and the limits of each answer; nothing for others.
    pub osd_perf_metric_queries: Vec<(OpaqueStruct, Vec<OpaqueStruct>)>,
    /// What a metadata server is to measure.
    pub metric_config_message: Option<Metric>,
}

impl Message for MMgrConfigure {
    const TYPE: u16 = msg_type::MGR_CONFIGURE;
    const NAME: &'static str = "MMgrConfigure";
    const HEAD_VERSION: u16 = 4;

    fn versions(features: Features) -> (u16, u16) {
        (if features.has(Features::SERVER_PACIFIC) { 4 } else { 3 }, 1)
    }

    fn encode_front(&self, e: &mut Encoder) {
        self.stats_period.encode(e);
        self.stats_threshold.encode(e);
        self.osd_perf_metric_queries.encode(e);
        if Self::versions(e.features()).0 >= 4 {
            self.metric_config_message.encode(e);
        }
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 3)?;
        Ok(Self {
            stats_period: u32::decode(d)?,
            stats_threshold: u32::decode(d)?,
            osd_perf_metric_queries: Vec::decode(d)?,
            metric_config_message: if version >= 4 { Option::decode(d)? } else { None },
        })
    }
}

versioned_struct! {
    /// What a counter counts: `PerfCounterType`.
    PerfCounterType, "PerfCounterType", version 3, compat 1 {
        /// The name of its group and its own, with a point between them.
        path: Text,
        /// What it counts.
        description: Text,
        /// Its name in a narrow table.
        nick: Text,
        /// How it counts (`perfcounter_type_d`).
        counter_type: u8,
        /// How much it matters.
        priority: u8,
        /// What it counts in (`unit_t`).
        unit: u8,
    }
}

/// What a daemon or a service tells the manager: `MMgrReport`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrReport {
    /// The name of the daemon.
    pub daemon_name: Text,
    /// Counters that the manager has not been told of in this session.
    pub declare_types: Vec<PerfCounterType>,
    /// The values of all counters, in the order of their declaration.
    pub packed: Bytes,
    /// Counters that there are no more.
    pub undeclare_types: Vec<Text>,
    /// The service that it is of; empty for Ceph's own daemons.
    pub service_name: Text,
    /// How a service does.
    pub daemon_status: Option<TextMap>,
    /// What an OSD or a monitor complains of.
    pub daemon_health_metrics: Vec<OpaqueStruct>,
    /// Its options, encoded, where they changed.
    pub config_bl: Bytes,
    /// What an OSD measured: the query, and the answer.
    pub osd_perf_metric_reports: Vec<(OpaqueStruct, OpaqueStruct)>,
    /// How the tasks of a service do.
    pub task_status: Option<TextMap>,
    /// What a metadata server measured.
    pub metric_report_message: Option<Metric>,
}

impl Message for MMgrReport {
    const TYPE: u16 = msg_type::MGR_REPORT;
    const NAME: &'static str = "MMgrReport";
    const HEAD_VERSION: u16 = 9;

    fn versions(features: Features) -> (u16, u16) {
        (if features.has(Features::SERVER_PACIFIC) { 9 } else { 8 }, 1)
    }

    fn encode_front(&self, e: &mut Encoder) {
        let (version, _) = Self::versions(e.features());
        self.daemon_name.encode(e);
        self.declare_types.encode(e);
        self.packed.encode(e);
        self.undeclare_types.encode(e);
        self.service_name.encode(e);
        self.daemon_status.encode(e);
        self.daemon_health_metrics.encode(e);
        self.config_bl.encode(e);
        self.osd_perf_metric_reports.encode(e);
        self.task_status.encode(e);
        if version >= 9 {
            self.metric_report_message.encode(e);
        }
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 7)?;
        Ok(Self {
            daemon_name: Text::decode(d)?,
            declare_types: Vec::decode(d)?,
            packed: Bytes::decode(d)?,
            undeclare_types: Vec::decode(d)?,
            service_name: Text::decode(d)?,
            daemon_status: Option::decode(d)?,
            daemon_health_metrics: Vec::decode(d)?,
            config_bl: Bytes::decode(d)?,
            osd_perf_metric_reports: Vec::decode(d)?,
            task_status: if version >= 8 { Option::decode(d)? } else { None },
            metric_report_message: if version >= 9 { Option::decode(d)? } else { None },
        })
    }
}
