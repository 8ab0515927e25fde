//! `nftdivert demo`.

use crate::demo::story::{Family, POLICY, Story, tell};

use super::drawing::{heading, lines};
use super::error::CliError;
use super::exit::Exit;
use super::output::{Characters, DIM, Output};

pub(super) fn run(output: &Output) -> Result<Exit, CliError> {
    output.line("A pod and its world, in two network namespaces made for this. The policy:\n");
    output.line(&format!("{DIM}{}{DIM:#}\n", POLICY.trim_end()));
    let story = tell()?;
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
