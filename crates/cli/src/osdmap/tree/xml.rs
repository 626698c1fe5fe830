//! The tree as XML: `XMLFormatter`.

use std::fmt::Write as _;

use super::json::Json;

/// The text, with a line for each value where it is to be `pretty`.
pub(super) fn text(tree: &Json, pretty: bool) -> String {
    let mut text = String::new();
    write(&mut text, "tree", tree, pretty.then_some(0));
    if pretty {
        text.push('\n');
    }
    text
}

/// The items of a list have the names that Ceph gives them there, which its JSON does not show.
fn item_name(list: &str) -> &'static str {
    match list {
        "nodes" | "stray" => "item",
        "children" => "child",
        _ => "weight",
    }
}

/// `depth` is how many others it is in, where there are lines.
fn write(text: &mut String, name: &str, value: &Json, depth: Option<usize>) {
    let (spaces, end) = depth.map_or((0, ""), |depth| (depth, "\n"));
    let within = depth.map(|depth| depth + 1);
    let name = name.replace(' ', "_");
    // A String takes everything.
    let _ = match value {
        Json::Number(number) => write!(text, "{:spaces$}<{name}>{number}</{name}>{end}", ""),
        Json::Text(content) => write!(text, "{:spaces$}<{name}>{}</{name}>{end}", "", escaped(content)),
        Json::Array(items) => {
            let _ = write!(text, "{:spaces$}<{name}>{end}", "");
            items.iter().for_each(|item| write(text, item_name(&name), item, within));
            write!(text, "{:spaces$}</{name}>{end}", "")
        }
        Json::Object(fields) => {
            let _ = write!(text, "{:spaces$}<{name}>{end}", "");
            fields.iter().for_each(|(name, field)| write(text, name, field, within));
            write!(text, "{:spaces$}</{name}>{end}", "")
        }
    };
}

fn escaped(content: &str) -> String {
    let mut text = String::new();
    for c in content.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\'' => text.push_str("&apos;"),
            '"' => text.push_str("&quot;"),
            '\t' | '\n' => text.push(c),
            c if c.is_ascii_control() => {
                // A String takes everything.
                let _ = write!(text, "&#x{:02x};", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}
