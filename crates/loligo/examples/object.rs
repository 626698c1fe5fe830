//! Puts an object into a pool and gets it back: `cargo run --example object -- POOL`, with `$CEPH_CONF`.

use loligo::{Cluster, Conf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = std::env::args().nth(1).ok_or("usage: object POOL")?;
    let cluster = Cluster::connect(&Conf::find("client.admin")?)?;
    let pool = cluster.io_ctx(&pool)?;
    let contents: Vec<u8> = (0..4 << 20).map(|n: u32| n.to_le_bytes()[1]).collect();
    pool.write_full("example", contents.clone()).wait()?;
    let read = pool.read("example", 0, 0).wait()?;
    println!("{} bytes, {}", read.len(), if read == contents { "equal" } else { "not equal" });
    println!("{:?}", pool.stat("example").wait()?);
    println!("{:?}", pool.map("example")?);
    for object in pool.list() {
        println!("{}", String::from_utf8_lossy(&object?.oid));
    }
    Ok(())
}
