//! docs/settings.md has a section for every setting, whose first line is what the table says, and whose
//! examples are policies: the one in YAML and the one in flags say the same, and not the default.
//!
//! `NFTDIVERT_BLESS=1 cargo test --test settings_doc` writes the overview and the first lines anew, and adds
//! sections that are missing; what they say is written by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::policy::{CapturePolicy, CellCount, Override, SETTINGS, Setting, Shape};

const BEGIN: &str = "<!-- begin: made from the table of settings -->\n";
const END: &str = "<!-- end -->\n";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md")
}

fn heading(setting: &Setting) -> String {
    format!("\n### `{}`\n\n", setting.path)
}

fn shape(setting: &Setting) -> String {
    match setting.shape {
        Shape::Scalar => "one value".to_owned(),
        Shape::List => "a list".to_owned(),
        Shape::ListOr(word) => format!("`{word}` or a list"),
        Shape::Rows(cells) => {
            let cell = |cell: &nftdivert::policy::Cell| match cell.count {
                CellCount::One => format!("{}: ...", cell.key),
                CellCount::Many => format!("{}: [...]", cell.key),
                CellCount::Optional => format!("{}: [...] (optional)", cell.key),
            };
            let cells: Vec<String> = cells.iter().map(cell).collect();
            format!("a list of `{{{}}}`", cells.join(", "))
        }
    }
}

fn default(setting: &Setting) -> String {
    match (setting.default, setting.shape) {
        ("", Shape::Scalar) => "none".to_owned(),
        ("", _) => "`[]`".to_owned(),
        (words, _) if words.contains(' ') => words.to_owned(),
        (list, Shape::List) => format!("`[{}]`", list.replace(',', ", ")),
        (value, _) => format!("`{value}`"),
    }
}

/// The first line of a setting's section.
fn first_line(setting: &Setting) -> String {
    format!(
        "`--{} {}` · {} · default: {} · {}.",
        setting.flag,
        setting.value_name,
        shape(setting),
        default(setting),
        setting.help
    )
}

fn overview() -> String {
    let row = |setting: &Setting| {
        let anchor = setting.path.replace('.', "").to_ascii_lowercase();
        let (path, flag, default) = (setting.path, setting.flag, default(setting));
        format!("| [`{path}`](#{anchor}) | `--{flag}` | {default} |\n")
    };
    let rows: String = SETTINGS.iter().map(row).collect();
    format!("{BEGIN}\n| key | flag | default |\n|---|---|---|\n{rows}\n{END}")
}

/// The document as the table wants it, with the words of the one that is there.
fn wanted(found: &str) -> String {
    let (before, rest) = found.split_once(BEGIN).unwrap();
    let after = rest.split_once(END).unwrap().1;
    let mut text = format!("{before}{}{after}", overview());
    for setting in SETTINGS {
        let heading = heading(setting);
        if !text.contains(&heading) {
            text.push_str(&format!("{heading}`--`\n"));
        }
        let (before, after) = text.split_once(&heading).unwrap();
        let (_, after) = after.split_once('\n').unwrap();
        text = format!("{before}{heading}{}\n{after}", first_line(setting));
    }
    text
}

/// The section of a setting, without its heading.
fn section<'a>(text: &'a str, setting: &Setting) -> &'a str {
    let after = text.split_once(&heading(setting)).unwrap().1;
    let end = ["\n### ", "\n## "].iter().filter_map(|next| after.find(next)).min();
    &after[..end.unwrap_or(after.len())]
}

fn example<'a>(section: &'a str, language: &str) -> Option<&'a str> {
    Some(section.split_once(&format!("```{language}\n"))?.1.split_once("```")?.0)
}

fn from_flags(line: &str) -> Result<CapturePolicy, String> {
    let words = line.trim().strip_prefix("nftdivert apply ").ok_or("not nftdivert apply")?;
    let words: Vec<&str> = words.split(' ').collect();
    let given = |pair: &[&str]| {
        let [flag, value] = pair else { return Err(format!("no value for {pair:?}")) };
        let flag = flag.strip_prefix("--").and_then(Setting::by_flag).ok_or(*flag)?.flag;
        Ok(Override { flag, values: vec![value.trim_matches('\'').to_owned()] })
    };
    let overrides = words.chunks(2).map(given).collect::<Result<Vec<Override>, String>>()?;
    CapturePolicy::load(None, "flags", &overrides).map_err(|error| error.to_string())
}

#[test]
fn every_setting_has_its_section() {
    let found = fs::read_to_string(path()).unwrap();
    let wanted = wanted(&found);
    if std::env::var_os("NFTDIVERT_BLESS").is_some() {
        fs::write(path(), &wanted).unwrap();
    }
    let found = fs::read_to_string(path()).unwrap();
    for (found, wanted) in found.lines().zip(wanted.lines()) {
        assert_eq!(found, wanted);
    }
    assert_eq!(found, wanted);
    let headings: Vec<&str> =
        found.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let paths: Vec<&str> = SETTINGS.iter().map(|setting| setting.path).collect();
    assert_eq!(headings, paths, "sections stand in the order of the table, once each");
}

#[test]
fn examples_are_policies() {
    let text = fs::read_to_string(path()).unwrap();
    for setting in SETTINGS {
        let (section, path) = (section(&text, setting), setting.path);
        let yaml = example(section, "yaml").unwrap_or_else(|| panic!("{path} has no YAML"));
        let flags = example(section, "sh").unwrap_or_else(|| panic!("{path} has no flags"));
        let from_yaml = CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{yaml}"));
        let from_yaml = from_yaml.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(from_flags(flags), Ok(from_yaml.clone()), "{path}");
        assert_ne!(from_yaml, CapturePolicy::default(), "{path}: the example changes nothing");
        assert!(flags.contains(&format!("--{} ", setting.flag)), "{path}: {flags}");
        let key = path.rsplit('.').next().unwrap();
        assert!(yaml.contains(&format!("{key}:")), "{path}: {yaml}");
        assert!(section.contains("\n- Istio: "), "{path} does not say what Istio calls it");
    }
}
