//! Whether files of a folder can be opened with O_DIRECT, which bluestore asks for.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Tries it: tmpfs takes O_DIRECT since Linux 6.5, and a container may have no room or no right to write.
pub(crate) fn works_in(dir: &Path) -> bool {
    let file = dir.join(format!("xtask-direct-{}", std::process::id()));
    let works = write_block(&file).is_ok();
    // Nothing is there if it could not be made.
    let _ = fs::remove_file(&file);
    works
}

fn write_block(path: &Path) -> std::io::Result<()> {
    const BLOCK: usize = 4096;
    let flag = i32::try_from(OFlags::DIRECT.bits()).map_err(std::io::Error::other)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).custom_flags(flag).open(path)?;
    // O_DIRECT wants its memory aligned to the block.
    let memory = vec![0u8; 2 * BLOCK];
    let skip = memory.as_ptr().align_offset(BLOCK);
    let block = memory.get(skip..).and_then(|rest| rest.get(..BLOCK));
    file.write_all(block.unwrap_or_default())
}
