//! Client against monitor and service, in memory: what goes right, and what hostile peers try.

mod aes256k;
mod golden;
mod hostile;
mod login;
mod world;
