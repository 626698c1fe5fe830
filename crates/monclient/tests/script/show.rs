//! How a scenario shows what comes out.

use loligo_monclient::{Output, Reply, ToMon};

pub(crate) fn output(output: Output<String>) -> String {
    match output {
        Output::Open { session, name, addrs } => format!("open s{} {name} {addrs}", session.0),
        Output::Close { session } => format!("close s{}", session.0),
        Output::Send { session, tid, message } => {
            format!("send s{} {}", session.0, message_to(tid.0, &message))
        }
        Output::Keepalive { session } => format!("keepalive s{}", session.0),
        Output::LoggedIn { session, global_id } => format!("logged in s{} client.{global_id}", session.0),
        Output::IdentityChanged { old, new } => format!("identity changed client.{old} -> client.{new}"),
        Output::LoginFailed(error) => format!("login failed: {error}"),
        Output::NothingInCommon => "nothing in common".into(),
        Output::NewTickets => "new tickets".into(),
        Output::MonMap(map) => format!("monmap e{}", map.epoch),
        Output::Config(_) => "config".into(),
        Output::Done { done, result: Ok(reply) } => format!("done {done}: {}", show_reply(&reply)),
        Output::Done { done, result: Err(error) } => format!("done {done}: error: {error}"),
    }
}

fn message_to(tid: u64, message: &ToMon) -> String {
    match message {
        ToMon::Auth(auth) => {
            format!(
                "auth(protocol {}, monmap e{}, {} bytes)",
                auth.protocol,
                auth.monmap_epoch,
                auth.auth_payload.len()
            )
        }
        ToMon::Subscribe(sub) => {
            let items = sub.what.iter().map(|(what, item)| {
                format!("{what}={}{}", item.start, if item.onetime { " once" } else { "" })
            });
            format!("subscribe({})", items.collect::<Vec<_>>().join(", "))
        }
        ToMon::GetVersion(get) => format!("get_version({}, {})", get.handle, get.what),
        ToMon::Command(command) => {
            format!("tid {tid} command({}, fsid {})", command.cmd.join(" "), command.fsid)
        }
        ToMon::Statfs(_) => format!("tid {tid} statfs"),
        ToMon::GetPoolStats(_) => format!("tid {tid} get_pool_stats"),
    }
}

fn show_reply(reply: &Reply) -> String {
    match reply {
        Reply::Version { newest, oldest } => format!("versions {oldest}..={newest}"),
        Reply::Command { retcode, outs, outbl } => format!("{} {outs}, {} bytes", retcode.0, outbl.len()),
        Reply::StatFs(_) => "statfs".into(),
        Reply::PoolStats(_) => "pool stats".into(),
    }
}
