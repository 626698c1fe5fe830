//! `loligo dencoder`: reads, prints and writes values in Ceph's encoding, with the words of `ceph-dencoder`.
//!
//! The words are carried out from left to right, each on what those before it left: a type, a value, bytes.

mod hexdump;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::{fs, io};

use bytes::Bytes;
use loligo_wire::dump::{self, Formatter, TypeEntry, Value};
use loligo_wire::samples;
use loligo_wire::{Decoder, Encoder, Features, Release};

use crate::fail::Fail;
use crate::files;

const HELP: &str = "\
usage: loligo dencoder WORD...

  version             print the version of this program
  list_types          print the types that are known
  type NAME           choose a type
  import FILE         read encoded bytes from a file, - for standard input
  export FILE         write the encoded bytes to a file
  skip N              skip N bytes before decoding
  decode              decode the bytes into a value
  encode              encode the value into bytes
  set_features F      encode for these features: a number, or a release from nautilus to tentacle
  get_features        print the features that are encoded for where nothing else is said
  dump_json           print the value as JSON
  hexdump             print the bytes in hexadecimal
  get_struct_v        print the version of the encoded value
  get_struct_compat   print the oldest version of a decoder that understands it
  count_tests         print how many values of the type come with this program
  select_test N       choose the Nth of them as the value, 0 for the last one
  copy, copy_ctor     nothing; a value is copied where one is needed
  is_deterministic    succeed, as every type here is always encoded alike; nothing behind it counts

Words are carried out from left to right, each on what those before it left: a value needs its type, encode and dump_json need
a value. The first word that fails ends the line, with status 1.
  loligo dencoder type osd_info_t import FILE decode dump_json
  loligo dencoder type MonMap import FILE decode set_features pacific encode export FILE
  loligo dencoder type MOSDOp select_test 1 dump_json encode hexdump
";

/// What the words so far left.
struct Dencoder<'a, W> {
    out: &'a mut W,
    chosen: Option<TypeEntry>,
    value: Option<Box<dyn Value>>,
    bytes: Bytes,
    features: Features,
    skip: usize,
}

/// Whether there is anything to do for the words that follow.
enum Next {
    Word,
    Nothing,
}

/// Carries out the words; a word that prints does so to standard output.
pub(crate) fn run(words: &[OsString]) -> Result<(), Fail> {
    run_to(words, &mut io::stdout().lock())
}

fn run_to(words: &[OsString], out: &mut impl Write) -> Result<(), Fail> {
    if words.is_empty() {
        return Err(Fail::Usage("dencoder: what? help tells the words".into()));
    }
    let mut dencoder = Dencoder {
        out,
        chosen: None,
        value: None,
        bytes: Bytes::new(),
        features: Features::TENTACLE,
        skip: 0,
    };
    let mut words = words.iter().map(OsString::as_os_str);
    while let Some(word) = words.next() {
        if let Next::Nothing = dencoder.carry_out(word, &mut words)? {
            break;
        }
    }
    Ok(dencoder.out.flush()?)
}

fn usage(what: impl Into<String>) -> Fail {
    Fail::Usage(what.into())
}

/// What a word goes with.
fn argument<'a>(words: &mut impl Iterator<Item = &'a OsStr>, what: &str) -> Result<&'a OsStr, Fail> {
    words.next().ok_or_else(|| usage(format!("expecting {what}")))
}

fn number<'a>(words: &mut impl Iterator<Item = &'a OsStr>, what: &str) -> Result<usize, Fail> {
    let text = argument(words, what)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| usage(format!("expecting {what}, not '{}'", text.display())))
}

/// The features of a number, decimal or hexadecimal, or of a release.
fn features(text: &OsStr) -> Option<Features> {
    let text = text.to_str()?;
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let of_release = || {
        let release = Release::from_name(text)?;
        Features::RELEASES.iter().find(|(known, _)| *known == release).map(|(_, features)| *features)
    };
    number.ok().map(Features).or_else(of_release)
}

impl<W: Write> Dencoder<'_, W> {
    fn carry_out<'a>(
        &mut self,
        word: &OsStr,
        words: &mut impl Iterator<Item = &'a OsStr>,
    ) -> Result<Next, Fail> {
        match word.to_str().unwrap_or_default() {
            "help" | "-h" | "--help" => return self.last(HELP.trim_end()),
            "version" => writeln!(self.out, "loligo version {}", env!("CARGO_PKG_VERSION"))?,
            "list_types" => return self.list_types(),
            "get_features" => return self.last(Features::TENTACLE.0),
            "set_features" => {
                let text = argument(words, "features")?;
                self.features =
                    features(text).ok_or_else(|| usage(format!("no features: '{}'", text.display())))?;
            }
            "type" => self.choose(argument(words, "type")?)?,
            "skip" => self.skip = number(words, "byte count")?,
            "import" => self.import(Path::new(argument(words, "filename")?))?,
            "export" => self.export(Path::new(argument(words, "filename")?))?,
            "decode" => self.decode()?,
            "encode" => self.encode()?,
            "dump_json" => self.dump_json()?,
            "hexdump" => hexdump::write(self.out, &self.bytes)?,
            "get_struct_v" => self.print_byte(0)?,
            "get_struct_compat" => self.print_byte(1)?,
            "count_tests" => {
                let count = self.tests()?.len();
                writeln!(self.out, "{count}")?;
            }
            "select_test" => self.select_test(number(words, "instance number")?)?,
            "copy" | "copy_ctor" => drop(self.value()?),
            // All types here are. What follows it does not count, as in Ceph.
            "is_deterministic" => return self.chosen().map(|_| Next::Nothing),
            _ => return Err(usage(format!("unknown option '{}'", word.display()))),
        }
        Ok(Next::Word)
    }

    /// Prints that; the words behind it do not count.
    fn last(&mut self, what: impl std::fmt::Display) -> Result<Next, Fail> {
        writeln!(self.out, "{what}")?;
        Ok(Next::Nothing)
    }

    fn list_types(&mut self) -> Result<Next, Fail> {
        let messages = dump::messages().iter().map(|entry| entry.name);
        let mut names: Vec<&str> = dump::types().iter().map(|entry| entry.name).chain(messages).collect();
        names.sort_unstable();
        for name in names {
            writeln!(self.out, "{name}")?;
        }
        Ok(Next::Nothing)
    }

    fn chosen(&self) -> Result<TypeEntry, Fail> {
        self.chosen.ok_or_else(|| usage("must first select type with 'type <name>'"))
    }

    fn value(&self) -> Result<&dyn Value, Fail> {
        let entry = self.chosen()?;
        let missing = || usage(format!("no {} yet: 'decode' or 'select_test' it first", entry.name));
        self.value.as_deref().ok_or_else(missing)
    }

    fn choose(&mut self, name: &OsStr) -> Result<(), Fail> {
        let entry = name.to_str().and_then(dump::find);
        self.chosen = Some(entry.ok_or_else(|| usage(format!("class '{}' unknown", name.display())))?);
        self.value = None;
        Ok(())
    }

    fn import(&mut self, path: &Path) -> Result<(), Fail> {
        self.bytes = files::read_or_stdin(path)?.into();
        Ok(())
    }

    fn export(&self, path: &Path) -> Result<(), Fail> {
        fs::write(path, &self.bytes).map_err(|why| Fail::file(path, why))
    }

    fn decode(&mut self) -> Result<(), Fail> {
        let entry = self.chosen()?;
        let bytes = self.bytes.get(self.skip..).map(|rest| self.bytes.slice_ref(rest)).unwrap_or_default();
        let mut d = Decoder::of(&bytes);
        let value = (entry.decode)(&mut d).map_err(|why| Fail::Decode { type_name: entry.name, why })?;
        if !d.is_empty() {
            let offset = self.bytes.len() - d.left();
            return Err(usage(format!("error: stray data at end of buffer, offset {offset}")));
        }
        self.value = Some(value);
        Ok(())
    }

    fn encode(&mut self) -> Result<(), Fail> {
        let mut e = Encoder::new(self.features);
        self.value()?.encode(&mut e);
        self.bytes = e.finish();
        Ok(())
    }

    fn dump_json(&mut self) -> Result<(), Fail> {
        let text = Formatter::pretty().dump(self.value()?);
        // With an empty line, as in Ceph.
        writeln!(self.out, "{text}\n")?;
        Ok(())
    }

    fn print_byte(&mut self, at: usize) -> Result<(), Fail> {
        let missing = || usage("nothing is encoded yet: 'import' or 'encode' it first");
        let byte = *self.bytes.get(at).ok_or_else(missing)?;
        Ok(writeln!(self.out, "{byte}")?)
    }

    fn tests(&self) -> Result<Vec<Bytes>, Fail> {
        let name = self.chosen()?.name;
        let values = samples::cases().into_iter().filter(|case| case.type_name == name);
        let messages = samples::message_cases().into_iter().filter(|case| case.type_name == name);
        Ok(values.map(|case| case.bytes).chain(messages.map(|case| case.to_file())).collect())
    }

    /// They count from 1; 0 is the last one, as in Ceph.
    fn select_test(&mut self, number: usize) -> Result<(), Fail> {
        let entry = self.chosen()?;
        let tests = self.tests()?;
        let case = if number == 0 { tests.last() } else { tests.get(number - 1) };
        let bytes = case.ok_or_else(|| usage("error: invalid id for generated object"))?;
        let decoded = (entry.decode)(&mut Decoder::of(bytes));
        self.value = Some(decoded.map_err(|why| Fail::Decode { type_name: entry.name, why })?);
        Ok(())
    }
}
