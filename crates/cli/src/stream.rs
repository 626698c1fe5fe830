//! Objects from and to files, in pieces, with several pieces under way at once.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use loligo::{Completion, Error, IoCtx};

use crate::context::Context;
use crate::fail::{self, About as _, Fail};
use crate::patience::wait;
use crate::progress::Progress;

/// The size of a piece: what `rados` takes.
const PIECE: usize = 4 << 20;
/// How many pieces are under way at once.
const PIECES: usize = 4;
/// How long the removal of half an object may take.
const TAKE_BACK: Duration = Duration::from_secs(2);
/// `osd_max_object_size` where the configuration does not say.
const MAX_OBJECT_SIZE: u64 = 128 << 20;

pub(crate) fn put(
    context: &Context,
    object: &str,
    mut source: Source,
    offset: Option<u64>,
) -> Result<(), Fail> {
    let io_ctx = context.io_ctx()?;
    let limit = context.conf.size("osd_max_object_size", MAX_OBJECT_SIZE).map_err(Error::from)?;
    let start = offset.unwrap_or(0);
    if let Some(size) = source.size.map(|size| size.saturating_add(start)).filter(|size| *size > limit) {
        let why = Error::TooLarge { what: "object", size, limit };
        return Err(Fail::About { what: fail::on("put", context.pool_name()?, object), why });
    }
    let replaces = start == 0;
    let mut written = 0;
    let sent = send_pieces(&mut source, start, &mut written, |at, piece| {
        if at > limit.saturating_sub(piece.len() as u64) {
            let size = at.saturating_add(piece.len() as u64);
            return Completion::failed(Error::TooLarge { what: "object", size, limit });
        }
        if replaces && at == 0 { io_ctx.write_full(object, piece) } else { io_ctx.write(object, at, piece) }
    });
    let Err(fail) = sent else { return Ok(()) };
    if replaces && written > 0 {
        take_back(&io_ctx, object, written, &fail);
    }
    Err(fail.about("put", context, object))
}

/// Half an object looks like a whole one to whoever reads it. It is removed where the cluster still answers; where it
/// does not, that is told.
fn take_back(io_ctx: &IoCtx, object: &str, written: u64, fail: &StreamFail) {
    let answers = !matches!(fail, StreamFail::Cluster(Error::OutcomeUnknown(_) | Error::Op(_)));
    let removed = answers && io_ctx.clone().with_timeout(TAKE_BACK).remove(object).wait().is_ok();
    if !removed {
        eprintln!("loligo: {object} has only its first {written} bytes");
    }
}

pub(crate) fn append(context: &Context, object: &str, mut source: Source) -> Result<(), Fail> {
    let io_ctx = context.io_ctx()?;
    let mut written = 0;
    send_pieces(&mut source, 0, &mut written, |_, piece| io_ctx.append(object, piece)).map_err(|fail| {
        if written > 0 {
            eprintln!("loligo: the first {written} bytes were appended");
        }
        fail.about("append", context, object)
    })
}

/// Why a stream ended.
enum StreamFail {
    Cluster(Error),
    Local(Fail),
}

impl StreamFail {
    fn about(self, verb: &str, context: &Context, object: &str) -> Fail {
        match self {
            Self::Cluster(why) => {
                let pool = context.pool_name().unwrap_or_default();
                Fail::About { what: fail::on(verb, pool, object), why }
            }
            Self::Local(fail) => fail,
        }
    }
}

/// Sends what comes from a file, piece by piece, in order. `written` counts the bytes that are surely there.
fn send_pieces(
    source: &mut Source,
    start: u64,
    written: &mut u64,
    mut send: impl FnMut(u64, Bytes) -> Completion<()>,
) -> Result<(), StreamFail> {
    let progress = Progress::bytes(source.size);
    let mut under_way: VecDeque<(u64, Completion<()>)> = VecDeque::new();
    let mut at = start;
    let mut is_first = true;
    loop {
        let piece = source.piece().map_err(StreamFail::Local)?;
        let length = piece.len() as u64;
        // An empty file is an empty object.
        if length == 0 && !is_first {
            break;
        }
        is_first = false;
        under_way.push_back((length, send(at, piece)));
        at = at.saturating_add(length);
        if under_way.len() >= PIECES {
            *written += finish_first(&mut under_way, &progress)?;
        }
    }
    while !under_way.is_empty() {
        *written += finish_first(&mut under_way, &progress)?;
    }
    Ok(())
}

fn finish_first(
    under_way: &mut VecDeque<(u64, Completion<()>)>,
    progress: &Progress,
) -> Result<u64, StreamFail> {
    let Some((length, completion)) = under_way.pop_front() else { return Ok(0) };
    wait(completion).map_err(StreamFail::Cluster)?;
    progress.advance(length);
    Ok(length)
}

pub(crate) fn get(context: &Context, object: &str, file: &Path) -> Result<(), Fail> {
    let pool = context.pool_name()?;
    let io_ctx = context.io_ctx()?;
    let about = || fail::on("get", pool, object);
    // Before the first piece is here, nothing local is touched.
    let first = wait(io_ctx.read(object, 0, PIECE as u64)).about(about)?;
    let mut target = Target::open(file)?;
    if first.len() < PIECE {
        target.write(&first)?;
        return target.finish();
    }
    let size = wait(io_ctx.stat(object)).map(|stat| stat.size).ok();
    let progress = Progress::bytes(size);
    progress.advance(first.len() as u64);
    target.write(&first)?;
    receive_pieces(&io_ctx, object, |piece| {
        progress.advance(piece.len() as u64);
        target.write(piece)
    })
    .map_err(|fail| fail.about("get", context, object))?;
    target.finish()
}

/// Gets all pieces behind the first, in order.
fn receive_pieces(
    io_ctx: &IoCtx,
    object: &str,
    mut write: impl FnMut(&[u8]) -> Result<(), Fail>,
) -> Result<(), StreamFail> {
    let mut at = PIECE as u64;
    let mut under_way: VecDeque<Completion<Bytes>> = VecDeque::new();
    loop {
        while under_way.len() < PIECES {
            under_way.push_back(io_ctx.read(object, at, PIECE as u64));
            at = at.saturating_add(PIECE as u64);
        }
        let Some(completion) = under_way.pop_front() else { return Ok(()) };
        let piece = wait(completion).map_err(StreamFail::Cluster)?;
        write(&piece).map_err(StreamFail::Local)?;
        if piece.len() < PIECE {
            return Ok(());
        }
    }
}

/// Where a put comes from.
pub(crate) struct Source {
    path: PathBuf,
    reader: Box<dyn Read>,
    /// The size, where it is known before it is read.
    size: Option<u64>,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, Fail> {
        if path.as_os_str() == "-" {
            return Ok(Self {
                path: "standard input".into(),
                reader: Box::new(io::stdin().lock()),
                size: None,
            });
        }
        let fail = |why| Fail::file(path, why);
        let file = File::open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if metadata.is_dir() {
            return Err(fail(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let size = metadata.is_file().then_some(metadata.len());
        Ok(Self { path: path.to_owned(), reader: Box::new(file), size })
    }

    /// The next piece: a whole one, unless the end is near; nothing at the end.
    fn piece(&mut self) -> Result<Bytes, Fail> {
        let mut piece = Vec::new();
        let mut limited = (&mut self.reader).take(PIECE as u64);
        limited.read_to_end(&mut piece).map_err(|why| Fail::file(&self.path, why))?;
        Ok(piece.into())
    }
}

/// Where a get goes. A file is made under another name and gets its own when it is whole, so that a get that fails leaves
/// what was there.
enum Target {
    Output(io::StdoutLock<'static>),
    /// Something that is no plain file: a pipe, a device.
    Direct(PathBuf, File),
    File {
        path: PathBuf,
        temporary: Temporary,
        file: File,
    },
}

/// A file that is removed again, unless it was given its name.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is gone where it was renamed.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Target {
    fn open(path: &Path) -> Result<Self, Fail> {
        if path.as_os_str() == "-" {
            return Ok(Self::Output(io::stdout().lock()));
        }
        let fail = |why| Fail::file(path, why);
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let file = File::options().write(true).open(path).map_err(fail)?;
            return Ok(Self::Direct(path.to_owned(), file));
        }
        // What a link names is replaced, not the link.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".loligo-{}", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::options().write(true).create_new(true).open(&temporary).map_err(fail)?;
        let temporary = Temporary(temporary);
        if let Ok(before) = path.metadata() {
            file.set_permissions(before.permissions()).map_err(fail)?;
        }
        Ok(Self::File { path, temporary, file })
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), Fail> {
        match self {
            Self::Output(out) => Ok(out.write_all(piece)?),
            Self::Direct(path, file) | Self::File { path, file, .. } => {
                file.write_all(piece).map_err(|why| Fail::file(path, why))
            }
        }
    }

    fn finish(self) -> Result<(), Fail> {
        match self {
            Self::Output(mut out) => Ok(out.flush()?),
            Self::Direct(..) => Ok(()),
            Self::File { path, temporary, file } => {
                // A full disk may show only here.
                file.sync_all().map_err(|why| Fail::file(&path, why))?;
                std::fs::rename(&temporary.0, &path).map_err(|why| Fail::file(&path, why))
            }
        }
    }
}
