//! A bed in a user namespace of this process's own; the proxy is told apart by its mark alone.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use nftdivert::demo::bed::{WORLD_V4, WORLD_V6};
use nftdivert::demo::{Bed, BedOptions, Dial, EchoServer, Proxy, ProxyOptions, User};
use nftdivert::net::userns::{enter_own, is_privileged};
use nftdivert_integration::shell::nft;

const MARK: u32 = 0x10000;
const RULES: &str = "table inet stand_in {
    chain output {
        type nat hook output priority -100;
        meta l4proto != tcp accept
        meta mark & 0x10000 == 0x10000 accept
        fib daddr type local accept
        meta l4proto tcp redirect to :15001
    }
}";

fn main() -> ExitCode {
    match show() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Result<(), Box<dyn Error>> {
    println!("privileged {}", is_privileged()?);
    enter_own()?;
    println!("privileged {}", is_privileged()?);
    let bed = Bed::new(BedOptions::default())?;
    nft(&bed.pod, RULES);
    let worlds: [SocketAddr; 2] = [(WORLD_V4, 80).into(), (WORLD_V6, 80).into()];
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &worlds)?;
    let options = ProxyOptions { member: User::ROOT.marked(MARK), ..ProxyOptions::default() };
    let proxy = Proxy::start(&bed.pod, options)?;
    for to in worlds {
        Dial::new(User::ROOT, to).open(&bed.pod)?.echo(b"through the proxy")?;
        println!("seen {}", proxy.seen().len());
        Dial::new(User::ROOT, to).marked(MARK).open(&bed.pod)?.echo(b"past it")?;
        println!("seen {}", proxy.seen().len());
    }
    let other = Dial::new(User::APP, worlds[0]).open(&bed.pod);
    println!("{}", other.err().map(|error| error.to_string()).unwrap_or_default());
    Ok(())
}
