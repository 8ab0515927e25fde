//! Who the proxy is, and whose traffic is captured: users and groups, by number or by name.

use super::reader::{Reader, Said};
use crate::dialect::Flaw;
use crate::dialect::istio::lists;

/// The proxy's user where nobody names one and there is none of the usual name.
const USUAL: &str = "1337";

/// Says the proxy's users and groups, and the owner groups.
pub(super) fn say(reader: &mut Reader<'_>) {
    let mut users = reader.named("proxy-uid");
    if users.text.is_empty() {
        let name = reader.named("ENVOY_USER").text;
        users.text = match reader.accounts.user(&name) {
            Some(uid) => uid.to_string(),
            None => USUAL.to_owned(),
        };
    }
    let uids = user_numbers(reader, &users.text);
    let groups = reader.named("proxy-gid");
    let gids = match (groups.text.as_str(), &uids) {
        // What is wrong with the users is told once.
        ("", Err(_)) => Err(Vec::new()),
        ("", Ok(_)) => lists::gids(&same_groups(reader, &users.text)),
        (text, _) => group_numbers(reader, text, lists::gids),
    };
    reader.told.say_read("proxy-uid", &users.name, uids);
    reader.told.say_read("proxy-gid", &groups.name, gids);
    owner_groups(reader);
}

fn owner_groups(reader: &mut Reader<'_>) {
    let Said { name, text } = reader.named("ISTIO_OUTBOUND_OWNER_GROUPS");
    let read = group_numbers(reader, &text, lists::gids_or_all);
    reader.told.say_read("owner-groups", &name, read);
    let Said { name, text } = reader.named("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE");
    let read = group_numbers(reader, &text, lists::gids);
    reader.told.say_read("owner-groups-exclude", &name, read);
}

/// The groups of the same names as the users; a name that is no group's stands for the user's number.
fn same_groups(reader: &Reader<'_>, users: &str) -> String {
    let group = |user: &str| match (reader.accounts.group(user), reader.accounts.user(user)) {
        (Some(gid), _) if !is_number(user) => gid.to_string(),
        (_, Some(uid)) if !is_number(user) => uid.to_string(),
        (_, _) => user.to_owned(),
    };
    users.split(',').map(group).collect::<Vec<_>>().join(",")
}

/// Reads a list of numbers.
type Read = fn(&str) -> Result<String, Vec<Flaw>>;

fn user_numbers(reader: &Reader<'_>, text: &str) -> Result<String, Vec<Flaw>> {
    let number = |name: &str| reader.accounts.user(name).map(|uid| uid.to_string());
    numbers(text, "user in /etc/passwd", number, lists::uids)
}

fn group_numbers(reader: &Reader<'_>, text: &str, read: Read) -> Result<String, Vec<Flaw>> {
    let number = |name: &str| reader.accounts.group(name).map(|gid| gid.to_string());
    numbers(text, "group in /etc/group", number, read)
}

/// The list with numbers in place of names.
fn numbers(
    text: &str,
    kind: &str,
    number: impl Fn(&str) -> Option<String>,
    read: Read,
) -> Result<String, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let mut numbered = |item: &str| match number(item).filter(|_| !is_number(item)) {
        Some(number) => number,
        None if is_name(item) => {
            flaws.push(Flaw::new(item, format!("is neither a number nor a {kind}")));
            // Any number: the rest of the list is judged too.
            String::from("0")
        }
        None => item.to_owned(),
    };
    let items: Vec<String> = text.split(',').map(&mut numbered).collect();
    let read = read(&items.join(","));
    if flaws.is_empty() {
        return read;
    }
    flaws.extend(read.err().into_iter().flatten());
    Err(flaws)
}

fn is_number(item: &str) -> bool {
    item.starts_with(|first: char| first.is_ascii_digit())
}

/// Blanks and signs are judged where numbers are read.
fn is_name(item: &str) -> bool {
    item.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
