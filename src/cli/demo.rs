//! `nftdivert demo`.

use clap::Args;

use crate::demo::stage::{Rights, Stage, Variant};
use crate::demo::story::{Family, Story, tell};

use super::drawing::{heading, lines};
use super::error::CliError;
use super::exit::Exit;
use super::output::{Characters, DIM, Output};

/// Which way of capture is shown: redirection, unless one of these is given.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct DemoArgs {
    /// Show TPROXY: the app sees its client's own address.
    #[arg(long)]
    tproxy: bool,
    /// Show questions to name servers, over UDP and TCP, that go through the proxy.
    #[arg(long)]
    dns: bool,
    /// Show a proxy that is told apart by its cgroup (version 2); needs root.
    #[arg(long)]
    cgroup: bool,
}

impl DemoArgs {
    const fn variant(&self) -> Variant {
        match self {
            Self { tproxy: true, .. } => Variant::Tproxy,
            Self { dns: true, .. } => Variant::Dns,
            Self { cgroup: true, .. } => Variant::Cgroup,
            Self { .. } => Variant::Redirect,
        }
    }
}

pub(super) fn run(args: &DemoArgs, output: &Output) -> Result<Exit, CliError> {
    let stage = Stage::new(args.variant())?;
    let place = match stage.cast.rights {
        Rights::Full => "made for this",
        Rights::UserNamespace => "made for this in a user namespace",
    };
    output.line(&format!("A pod and its world, in two network namespaces {place}. The policy:\n"));
    output.line(&format!("{DIM}{}{DIM:#}\n", stage.cast.policy().trim_end()));
    let story = tell(&stage)?;
    show(&story, output);
    output.json(&story);
    Ok(if story.is_as_expected() { Exit::Done } else { Exit::Failed })
}

fn show(story: &Story, output: &Output) {
    output.line(&format!("{} rules, written in one netlink transaction.\n", story.rules));
    for (family, name) in [(Family::Ipv4, "IPv4"), (Family::Ipv6, "IPv6")] {
        show_family(story, (family, name), output);
    }
    let right = story.steps.iter().filter(|step| step.is_as_expected()).count();
    let yes = |is: bool| if is { "yes" } else { "no" };
    output.line(&format!(
        "{right} of {} as expected; rules verified: {}; removed without a trace: {}",
        story.steps.len(),
        yes(story.verified),
        yes(story.removed)
    ));
}

fn show_family(story: &Story, (family, name): (Family, &str), output: &Output) {
    if family == Family::Ipv6 && !story.ipv6_available {
        return output.line(&format!("{name}: not available here\n"));
    }
    output.line(&heading(name));
    let characters = Characters::of_locale();
    for step in story.steps.iter().filter(|step| step.family == family) {
        lines(step, characters).iter().for_each(|line| output.line(line));
    }
    output.line("");
}
