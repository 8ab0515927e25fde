//! `nftdivert trace`.

mod show;

use std::ops::ControlFlow;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::follow::{Filter, Transport};
use crate::trace::{Signals, Summary, Tables, Told, TraceOptions, Until, trace};
use crate::words::{Cidr, Port, Uid};

use super::error::CliError;
use super::exit::Exit;
use super::output::{DIM, NOTE, Output};
use super::target_args::TargetArgs;
use show::Shown;

/// Tracing costs every packet something: nobody shall forget one that runs.
const LONGEST: Duration = Duration::from_secs(600);

const HELP: &str = "\
Each packet comes with the rules that it met and that matched, in the order of the kernel, and at its \
end what became of it. What `nftdivert explain` says of a packet that you describe, this says of \
packets that pass. The kernel traces them (nftrace): a table of our own, nftdivert-trace, marks them, \
and ends with this command, however that ends (Linux 5.12). Nothing else is changed.

Rules of a nat chain see the first packet of a connection alone, so begin before the connection does. \
Rules of iptables-legacy are not traced. Without --netns, --pid or --host the namespace is the one \
this command runs in.

Ctrl-C and SIGTERM end it; the exit code is 0 then, too.

Examples:
  nftdivert trace --netns web --port 443             why is this connection not captured?
  nftdivert trace --pid 4711 --proto tcp --to 10.0.0.0/8 --count 1
  nftdivert trace --netns web --uid 1337 --for 5m    what becomes of what the proxy sends
  nftdivert trace --netns web --from 10.88.0.1 --all-tables
                                                     the rules of others, too
  nftdivert trace --netns web --output json | jq .verdict";

/// Which transport protocols are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TransportArg {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP and ICMPv6.
    Icmp,
    /// Every protocol; with a port TCP and UDP.
    All,
}

/// Flags of `trace`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct TraceArgs {
    /// The transport protocol.
    #[arg(long, value_enum, value_name = "PROTOCOL", default_value_t = TransportArg::All, help_heading = "Packets")]
    proto: TransportArg,
    /// Packets from this address, or from this range of addresses.
    #[arg(long, value_name = "CIDR", help_heading = "Packets")]
    from: Option<Cidr>,
    /// Packets to this address or range; where they were sent, before any rule rewrites that.
    #[arg(long, value_name = "CIDR", help_heading = "Packets")]
    to: Option<Cidr>,
    /// Packets to this port.
    #[arg(long, value_name = "PORT", help_heading = "Packets")]
    port: Option<Port>,
    /// Packets from this port; with the port of a server its answers.
    #[arg(long, value_name = "PORT", help_heading = "Packets")]
    sport: Option<Port>,
    /// Packets of sockets that this user made: what the pod sends alone.
    #[arg(long, value_name = "UID", help_heading = "Packets")]
    uid: Option<Uid>,
    /// End after so many packets.
    #[arg(
        long, value_name = "N", help_heading = "Options",
        value_parser = clap::value_parser!(u64).range(1..),
    )]
    count: Option<u64>,
    /// End after so long; at most 10m.
    #[arg(
        long = "for", value_name = "TIME", default_value = "30s", help_heading = "Options",
        value_parser = duration,
    )]
    limit: Duration,
    /// Show the rules of other tables too; nothing of ours need be applied.
    #[arg(long, help_heading = "Options")]
    all_tables: bool,
    #[command(flatten)]
    target: TargetArgs,
}

fn duration(text: &str) -> Result<Duration, String> {
    let limit = humantime::parse_duration(text)
        .map_err(|error| format!("{error} (write for example 30s)"))?;
    if limit > LONGEST { Err(String::from("must be at most 10m")) } else { Ok(limit) }
}

impl TraceArgs {
    fn options(&self) -> TraceOptions {
        TraceOptions {
            filter: Filter {
                transport: match self.proto {
                    TransportArg::Tcp => Transport::Tcp,
                    TransportArg::Udp => Transport::Udp,
                    TransportArg::Icmp => Transport::Icmp,
                    TransportArg::All => Transport::All,
                },
                from: self.from,
                to: self.to,
                source_port: self.sport,
                port: self.port,
                uid: self.uid.map(Uid::get),
            },
            tables: if self.all_tables { Tables::All } else { Tables::Ours },
            until: Until { limit: self.limit, packets: self.count },
        }
    }
}

pub(super) fn run(args: &TraceArgs, output: &Output) -> Result<Exit, CliError> {
    let options = args.options();
    let target = args.target.open()?;
    let signals = Signals::hold_back()?;
    let place = args.target.words();
    let summary = trace(&target, &options, &signals, &mut |told| match told {
        Told::Begun { is_applied } => {
            let time = humantime::format_duration(options.until.limit);
            output.complain(DIM, "trace", &format!("{place}, for {time}; ctrl-c ends it"));
            if !is_applied {
                output.complain(NOTE, "note", "nothing of ours is applied here");
            }
            ControlFlow::Continue(())
        }
        Told::Packet { followed, iif, oif } => {
            show::show(&Shown { followed, iif, oif, tables: options.tables }, output);
            if output.is_closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    })?;
    tell_end(summary, output);
    Ok(Exit::Done)
}

fn tell_end(summary: Summary, output: &Output) {
    let Summary { packets, lost } = summary;
    output.complain(DIM, "trace", &format!("packets: {packets}, events lost: {lost}"));
    if lost > 0 {
        output.complain(
            NOTE,
            "note",
            "the kernel tells faster than this command hears: packets, or rules that they met, are \
             missing above. Trace fewer, by --proto, --from, --to or --port",
        );
    }
}
