//! The formats of a map or its tree: `Formatter::create`.

use crate::fail::Fail;

/// How a map or its tree is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MapFormat {
    Plain,
    Json,
    JsonPretty,
    Xml,
    XmlPretty,
}

impl MapFormat {
    /// The format that goes with an option; JSON for what is none.
    pub(super) fn of(option: &str, name: &str) -> Result<Self, Fail> {
        Ok(match name {
            "plain" | "" => Self::Plain,
            "json-pretty" => Self::JsonPretty,
            "xml" => Self::Xml,
            "xml-pretty" => Self::XmlPretty,
            "table" | "table-kv" | "html" | "html-pretty" => return Err(not_there(option, name)),
            _ => Self::Json,
        })
    }
}

pub(super) fn not_there(option: &str, name: &str) -> Fail {
    Fail::Usage(format!("{option} does not know the format {name}; there are plain, json and json-pretty"))
}
