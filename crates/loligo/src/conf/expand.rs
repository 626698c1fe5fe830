//! Metavariables in values: `$name` and `${name}`.

/// How often a value may lead to another one. Ceph stops at the first repetition; the outcome for sane files is
/// the same.
const DEPTH_LIMIT: u8 = 8;

/// Replaces each `$name` and `${name}` that `lookup` knows; others stay as they are.
pub(super) fn expand(value: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    expand_to(value, lookup, DEPTH_LIMIT)
}

fn expand_to(value: &str, lookup: &dyn Fn(&str) -> Option<String>, depth: u8) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (name, length) = variable(tail);
        match lookup(name).filter(|_| !name.is_empty() && depth > 0) {
            Some(found) => out.push_str(&expand_to(&found, lookup, depth - 1)),
            None => out.push_str(tail.get(..length).unwrap_or(tail)),
        }
        rest = tail.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The name of the variable that `text` starts with (empty where it is none) and how much of the text it takes.
fn variable(text: &str) -> (&str, usize) {
    let body = text.get(1..).unwrap_or_default();
    if let Some(inner) = body.strip_prefix('{') {
        return inner.split_once('}').map_or(("", 1), |(name, _)| (name, name.len() + 3));
    }
    let length = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
    (body.get(..length).unwrap_or_default(), length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_and_what_is_none() {
        let lookup = |name: &str| (name == "id").then(|| "admin".to_owned());
        for (value, wanted) in [
            ("a.$id.b", "a.admin.b"),
            ("${id}x", "adminx"),
            ("$idx", "$idx"),
            ("${id", "${id"),
            ("$", "$"),
            ("$$id", "$admin"),
        ] {
            assert_eq!(expand(value, &lookup), wanted);
        }
    }
}
