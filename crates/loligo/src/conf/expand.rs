//! Metavariables in values: `$name` and `${name}` (`md_config_t::_expand_meta`).

/// How many bytes of values may be put in place of variables. Ceph sets no limit, and a few lines that name one another could
/// ask for more than there is memory.
const BYTES_MAX: usize = 1 << 20;

/// How long a chain of options that lead to one another may be.
const DEPTH_MAX: usize = 100;

/// What a variable stands for.
pub(super) enum Variable {
    /// This.
    Text(String),
    /// The value of another option, which may have variables itself.
    Option(String),
}

/// Replaces each variable in the value of `option` that `lookup` knows; others stay as they are. A value that leads back to
/// an option which is being expanded is replaced by that option's name with a `$`, as Ceph does.
pub(super) fn expand(option: &str, value: &str, lookup: &dyn Fn(&str) -> Option<Variable>) -> String {
    Expansion { lookup, stack: vec![option.to_owned()], left: BYTES_MAX }.value(value)
}

struct Expansion<'a> {
    lookup: &'a dyn Fn(&str) -> Option<Variable>,
    /// The options that are being expanded, the innermost last.
    stack: Vec<String>,
    left: usize,
}

impl Expansion<'_> {
    fn value(&mut self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some((before, tail)) = rest.split_once('$') {
            out.push_str(before);
            let (name, written, after) = variable(tail);
            rest = after;
            if name.is_empty() {
                out.push('$');
            } else if self.stack.iter().any(|above| above == name) {
                return format!("${name}");
            } else {
                match self.variable(name) {
                    Some(found) => out.push_str(&found),
                    None => out.extend(["$", written]),
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// What stands for a variable. One too many is taken for unknown.
    fn variable(&mut self, name: &str) -> Option<String> {
        if self.stack.len() > DEPTH_MAX {
            return None;
        }
        let found = (self.lookup)(name)?;
        let (Variable::Text(text) | Variable::Option(text)) = &found;
        self.left = self.left.checked_sub(text.len() + 1)?;
        match found {
            Variable::Text(text) => Some(text),
            Variable::Option(value) => {
                self.stack.push(name.to_owned());
                let text = self.value(&value);
                self.stack.pop();
                Some(text)
            }
        }
    }
}

/// The name of the variable behind a `$`, empty where there is none; how it is written; and what follows. A brace that is not
/// closed is lost with the name behind it, as in Ceph.
fn variable(text: &str) -> (&str, &str, &str) {
    let is_other = |c: char| !c.is_ascii_lowercase() && c != '_';
    let braced = text.strip_prefix('{');
    let body = braced.unwrap_or(text);
    let (name, after) = body.split_at(body.find(is_other).unwrap_or(body.len()));
    let (name, after) = match (braced, after.strip_prefix('}')) {
        (None, _) => (name, after),
        (Some(_), Some(after)) => (name, after),
        (Some(_), None) => ("", after),
    };
    (name, text.strip_suffix(after).unwrap_or_default(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<Variable> {
        match name {
            "id" => Some(Variable::Text("admin".into())),
            "run_dir" => Some(Variable::Option("/run/$id".into())),
            "here" => Some(Variable::Option("$there/h".into())),
            "there" => Some(Variable::Option("$here/t".into())),
            _ => None,
        }
    }

    /// What `ceph-conf --show-config-value` of 16.2.15 says of such values.
    #[test]
    fn as_ceph_does() {
        for (value, wanted) in [
            ("a.$id.b", "a.admin.b"),
            ("${id}x", "adminx"),
            ("$idx", "$idx"),
            ("$id2", "admin2"),
            ("$Id", "$Id"),
            ("${id", "$"),
            ("${id/x", "$/x"),
            ("${id2}", "$2}"),
            ("$", "$"),
            ("$$id", "$admin"),
            ("$run_dir/x", "/run/admin/x"),
            ("${other}-$id", "${other}-admin"),
        ] {
            assert_eq!(expand("log_file", value, &lookup), wanted, "{value}");
        }
    }

    #[test]
    fn a_loop_ends_at_the_option_that_comes_again() {
        assert_eq!(expand("log_file", "$log_file/y", &lookup), "$log_file");
        assert_eq!(expand("log_file", "a/$here/b", &lookup), "a/$here/h/b");
    }

    #[test]
    fn what_would_grow_without_end_stays_unexpanded() {
        // Each letter is ten times the one behind it: 10^19 in all.
        let lookup = |name: &str| {
            let next = char::from(name.bytes().next()? + 1);
            (next <= 't').then(|| Variable::Option(format!("${next}").repeat(10)))
        };
        let expanded = expand("keyring", "$a", &lookup);
        assert!(expanded.len() < 4 * BYTES_MAX, "{} bytes", expanded.len());
        assert!(expanded.contains("$t"));
    }

    #[test]
    fn a_long_chain_ends() {
        let lookup = |name: &str| Some(Variable::Option(format!("${name}a")));
        assert_eq!(expand("log_file", "$a", &lookup), format!("${}", "a".repeat(DEPTH_MAX + 1)));
    }
}
