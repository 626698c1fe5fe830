//! The tree as JSON, with fields in Ceph's order.

use loligo_wire::crush::CrushMap;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{OsdId, PoolId};
use serde_json::Value;

use super::super::text::fixed;
use super::status;
use super::walk::{Item, item_name, type_name};
use crate::output::general_to;

/// A value as Ceph's JSON formatter writes it: fields keep their order, and may be there twice.
pub(super) enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    /// Written as it is.
    Number(String),
    Text(String),
}

impl Json {
    pub(super) fn text(&self, pretty: bool) -> String {
        let mut text = String::new();
        self.write(&mut text, pretty.then_some(1));
        if pretty {
            text.push('\n');
        }
        text
    }

    /// `indent` is that of the lines within, where there are any.
    fn write(&self, text: &mut String, indent: Option<usize>) {
        match self {
            Self::Number(number) => text.push_str(number),
            Self::Text(content) => text.push_str(&quoted(content)),
            Self::Array(items) => {
                let items = items.iter().map(|item| (None, item));
                write_all(text, indent, ['[', ']'], items);
            }
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (Some(name.as_str()), value));
                write_all(text, indent, ['{', '}'], fields);
            }
        }
    }
}

fn write_all<'a>(
    text: &mut String,
    indent: Option<usize>,
    [open, close]: [char; 2],
    items: impl Iterator<Item = (Option<&'a str>, &'a Json)>,
) {
    text.push(open);
    let mut any = false;
    for (name, item) in items {
        if any {
            text.push(',');
        }
        any = true;
        new_line(text, indent);
        if let Some(name) = name {
            text.push_str(&quoted(name));
            text.push_str(if indent.is_some() { ": " } else { ":" });
        }
        item.write(text, indent.map(|indent| indent + 1));
    }
    if any {
        new_line(text, indent.map(|indent| indent - 1));
    }
    text.push(close);
}

fn new_line(text: &mut String, indent: Option<usize>) {
    if let Some(indent) = indent {
        text.push('\n');
        text.push_str(&"    ".repeat(indent));
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

pub(super) fn tree(map: &OSDMap, nodes: &[Item], stray: &[Item]) -> Json {
    let items = |items: &[Item]| Json::Array(items.iter().map(|item| describe(map, item)).collect());
    Json::Object(vec![("nodes".to_owned(), items(nodes)), ("stray".to_owned(), items(stray))])
}

struct Fields(Vec<(String, Json)>);

impl Fields {
    fn add(&mut self, name: &str, value: Json) {
        self.0.push((name.to_owned(), value));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.add(name, Json::Text(value.to_owned()));
    }

    fn number(&mut self, name: &str, value: impl ToString) {
        self.add(name, Json::Number(value.to_string()));
    }

    fn float(&mut self, name: &str, value: f32) {
        self.add(name, float(value));
    }
}

/// With as many digits as tell two numbers apart.
fn float(value: f32) -> Json {
    Json::Number(general_to(17, value.into()))
}

fn describe(map: &OSDMap, item: &Item) -> Json {
    let crush = &map.crush;
    let mut fields = Fields(Vec::new());
    fields.number("id", item.id);
    let class = crush.class_map.get(&item.id).and_then(|class| crush.class_name.get(class));
    if let Some(class) = class {
        fields.text("device_class", class);
    }
    if item.id < 0 {
        fields.text("name", item_name(crush, item.id));
        fields.text("type", type_name(crush, item.id));
        fields.number("type_id", crush.bucket(item.id).map_or(0, |bucket| bucket.bucket_type));
    } else {
        fields.text("name", &format!("osd.{}", item.id));
        fields.text("type", type_name(crush, item.id));
        fields.number("type_id", 0);
        fields.float("crush_weight", item.weight);
        fields.number("depth", item.depth);
    }
    if item.parent < 0 {
        fields.add("pool_weights", pool_weights(map, item));
    }
    if item.id < 0 {
        let children = item.children.iter().map(|child| Json::Number(child.to_string())).collect();
        fields.add("children", Json::Array(children));
    } else {
        let osd = OsdId(item.id);
        fields.number("exists", u8::from(map.exists(osd)));
        fields.text("status", status(map, osd));
        fields.float("reweight", fixed(map.get_weight(osd)));
        fields.float("primary_affinity", fixed(map.get_primary_affinity(osd)));
    }
    Json::Object(fields.0)
}

/// What the item weighs for pools that have weights of their own.
fn pool_weights(map: &OSDMap, item: &Item) -> Json {
    let mut fields = Fields(Vec::new());
    let items = map.crush.bucket(item.parent).map_or(&[][..], |bucket| &bucket.items);
    let place = items.iter().position(|other| *other == item.id).unwrap_or(usize::MAX);
    for (pool, args) in &map.crush.choose_args {
        let sets = args.get(item.parent).map_or(&[][..], |arg| &arg.weight_set);
        if sets.is_empty() {
            continue;
        }
        let name = match map.get_pool_name(PoolId(*pool)) {
            _ if *pool == CrushMap::DEFAULT_CHOOSE_ARGS => "(compat)".to_owned(),
            Some(name) => name.to_string(),
            None => pool.to_string(),
        };
        let weights = sets.iter().map(|set| float(fixed(set.get(place).copied().unwrap_or(0))));
        fields.add(&name, Json::Array(weights.collect()));
    }
    Json::Object(fields.0)
}
