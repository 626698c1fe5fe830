//! The messages between clients, monitors and OSDs (`src/messages`), one file each.

pub mod msg_type;
