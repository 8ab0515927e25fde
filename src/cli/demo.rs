//! `nftdivert demo`.

use crate::demo::story::{POLICY, Step, Story, Way, tell};

use super::error::CliError;
use super::exit::Exit;
use super::output::{BAD, DIM, GOOD, Output};

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
    for step in &story.steps {
        output.line(&line(step));
    }
    let right = story.steps.iter().filter(|step| step.is_as_expected()).count();
    let yes = |is: bool| if is { "yes" } else { "no" };
    output.line(&format!(
        "\n{right} of {} as expected; rules verified: {}; removed without a trace: {}",
        story.steps.len(),
        yes(story.verified),
        yes(story.removed)
    ));
}

fn line(step: &Step) -> String {
    let (style, mark) = if step.is_as_expected() { (GOOD, "ok  ") } else { (BAD, "FAIL") };
    let title = step.title;
    let to = step.to.to_string();
    let way = match (step.took, &step.failure) {
        (Some(Way::Direct), _) => "direct".to_owned(),
        (Some(Way::Outbound), _) => "-> proxy :15001 ->".to_owned(),
        (Some(Way::Inbound), _) => "-> proxy :15006 ->".to_owned(),
        (None, failure) => format!("failed: {}", failure.as_deref().unwrap_or("no answer")),
    };
    let answered = step.answered.as_deref().unwrap_or("nobody");
    let client = step.client_seen.map(|ip| format!(", saw {ip}")).unwrap_or_default();
    let original = step
        .original
        .map(|original| format!(" {DIM}(original destination {original}){DIM:#}"))
        .unwrap_or_default();
    format!("{style}{mark}{style:#} {title:<32} {to:<24} {way:<19} {answered}{client}{original}")
}
