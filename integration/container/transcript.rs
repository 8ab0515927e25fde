//! What docs/init-container.md shows is what happens. `NFTDIVERT_BLESS=1` writes it anew.

use std::fmt::Write;
use std::fs;

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::Fixture;
use nftdivert_integration::ran::Ran;

use crate::pod::{Pod, istio};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/init-container.md");
const START: &str =
    "<!-- transcript: written by integration/container/transcript.rs -->\n```text\n";
const END: &str = "```\n<!-- end of transcript -->";

#[test]
fn the_documented_transcript() {
    let pod = Pod::new();
    let validation = istio(&["--run-validation", "--skip-rule-apply"]);
    let mut text = String::new();
    tell(&mut text, "init container: 65534, NET_ADMIN", &istio(&[]), &pod.init(&istio(&[])));
    tell(&mut text, "validation container: 1337, nothing", &validation, &pod.as_proxy(&validation));
    tell(&mut text, "another one: 1000, nothing", &["probe"], &pod.as_app(&["probe"]));
    let bare = Pod::new();
    tell(&mut text, "the same without the first", &validation, &bare.as_proxy(&validation));
    traffic(&mut text, &pod.start(""));

    let document = fs::read_to_string(FILE).unwrap();
    let (before, rest) = document.split_once(START).expect("the start of the transcript");
    let (written, after) = rest.split_once(END).expect("the end of the transcript");
    if std::env::var_os("NFTDIVERT_BLESS").is_some() {
        fs::write(FILE, format!("{before}{START}{text}{END}{after}")).unwrap();
    } else {
        assert_eq!(text, written, "NFTDIVERT_BLESS=1 writes it anew");
    }
}

fn tell(text: &mut String, container: &str, words: &[&str], ran: &Ran) {
    let quoted = words.iter().map(|word| match *word {
        "" | "*" => format!("'{word}'"),
        plain => plain.to_owned(),
    });
    let line = quoted.collect::<Vec<_>>().join(" ");
    writeln!(text, "# {container}\n$ nftdivert {line}\n{}{}", ran.out, ran.err).unwrap();
    writeln!(text, "(exit code {})\n", ran.code).unwrap();
}

/// Connections after the proxy and the app have started.
fn traffic(text: &mut String, fixture: &Fixture) {
    writeln!(text, "# then proxy and app start").unwrap();
    for (world, own) in
        at(["192.0.2.10", "2001:db8::10"], 80).into_iter().zip(at(["10.88.0.2", "fd88::2"], 8080))
    {
        fixture.captured_outbound(User::APP, world);
        fixture.captured_inbound(own);
        fixture.self_call(User::PROXY, own);
        fixture.direct(User::PROXY, world, "world");
        writeln!(text, "app -> {world}: answered through :15001, original destination {world}")
            .unwrap();
        writeln!(
            text,
            "client outside -> {own}: answered through :15006, original destination {own}"
        )
        .unwrap();
        writeln!(text, "proxy -> {own}, its own pod: answered through :15006").unwrap();
        writeln!(text, "proxy -> {world}: direct").unwrap();
    }
}
