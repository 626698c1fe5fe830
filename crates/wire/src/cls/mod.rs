//! What methods of object classes take and give (`src/cls`).

pub mod lock;
