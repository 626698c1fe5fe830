//! What is compressed on the wire.

use loligo_msgr::proto::compression::{Compression, CompressionMode, Compressor};
use loligo_wire::msgr2::CompressionAlgorithm;

use crate::{Conf, ConfError};

/// `ms_osd_compress_mode` and the options beside it as Ceph has them, and `ms_compress_all_peers`, which it has not.
pub(crate) fn compression(conf: &Conf) -> Result<Compression, ConfError> {
    let mut compression = Compression::default();
    if let Some(value) = conf.get("ms_osd_compress_mode") {
        let option = "ms_osd_compress_mode";
        compression.ms_osd_compress_mode = CompressionMode::from_name(value.trim())
            .ok_or(ConfError::BadValue { option, value, wanted: "none or force" })?;
    }
    if let Some(value) = conf.get("ms_osd_compression_algorithm") {
        compression.ms_osd_compression_algorithm = algorithms(&value);
    }
    let min_size = compression.ms_osd_compress_min_size;
    compression.ms_osd_compress_min_size = conf.number("ms_osd_compress_min_size", min_size)?;
    compression.ms_compress_secure = conf.flag("ms_compress_secure", compression.ms_compress_secure)?;
    compression.ms_compress_all_peers =
        conf.flag("ms_compress_all_peers", compression.ms_compress_all_peers)?;
    Ok(compression)
}

/// A list of algorithms, best first. Words that are none are passed over, as in Ceph, and so are those that are not there; none is
/// left then (`_parse_method_list`).
fn algorithms(value: &str) -> Vec<CompressionAlgorithm> {
    let words = value.split([';', ',', '=', ' ', '\t']).filter_map(CompressionAlgorithm::from_name);
    let list: Vec<_> = words.filter(|algorithm| Compressor::create(*algorithm).is_some()).collect();
    if list.is_empty() { vec![CompressionAlgorithm::NONE] } else { list }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &[(&str, &str)]) -> Result<Compression, ConfError> {
        let mut conf = Conf::new("client.admin").unwrap();
        for (option, value) in options {
            conf.set(option, *value);
        }
        compression(&conf)
    }

    #[test]
    fn nothing_is_compressed_by_default() {
        assert_eq!(of(&[]).unwrap(), Compression::default());
        assert_eq!(Compression::default().ms_osd_compress_mode, CompressionMode::None);
        assert_eq!(Compression::default().ms_osd_compress_min_size, 1024);
    }

    #[test]
    fn what_is_asked_for_is_compressed() {
        let options = [
            ("ms_osd_compress_mode", "force"),
            ("ms_osd_compression_algorithm", "zstd, lz4;snappy brotli gzip"),
            ("ms_osd_compress_min_size", "4096"),
            ("ms_compress_secure", "true"),
            ("ms_compress_all_peers", "yes"),
        ];
        let wanted = Compression {
            ms_osd_compress_mode: CompressionMode::Force,
            ms_osd_compression_algorithm: vec![
                CompressionAlgorithm::ZSTD,
                CompressionAlgorithm::LZ4,
                CompressionAlgorithm::SNAPPY,
            ],
            ms_osd_compress_min_size: 4096,
            ms_compress_secure: true,
            ms_compress_all_peers: true,
        };
        assert_eq!(of(&options).unwrap(), wanted);
    }

    #[test]
    fn what_cannot_be_had_is_passed_over_or_refused() {
        let none = of(&[("ms_osd_compression_algorithm", "brotli")]).unwrap();
        assert_eq!(none.ms_osd_compression_algorithm, [CompressionAlgorithm::NONE]);
        assert!(of(&[("ms_osd_compress_mode", "sometimes")]).is_err());
        assert!(of(&[("ms_osd_compress_min_size", "-1")]).is_err());
    }
}
