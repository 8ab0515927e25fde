//! A change of a file as a unified diff of one hunk: what is the same at both ends is left out.

use super::folder::{Folder, Node, file};
use super::step::Step;

/// How many lines stand around what differs.
const CONTEXT: usize = 3;

/// What the steps change in the folder of the configuration, and what they do besides.
#[must_use]
pub fn diff(node: &Node, steps: &[Step]) -> String {
    let after = node.after(steps);
    let mut text = String::new();
    for step in steps {
        match step {
            Step::PutBinary => text.push_str("binary nftdivert comes, or is replaced\n"),
            Step::RemoveBinary => text.push_str("binary nftdivert goes\n"),
            Step::RemoveLeftover { name } => text.push_str(&format!("leftover {name} goes\n")),
            Step::Put { name, .. } | Step::Remove { name } => {
                text.push_str(&of_file(name, &node.conf, &after.conf));
            }
        }
    }
    text
}

fn of_file(name: &str, before: &Folder, after: &Folder) -> String {
    let text = |folder| {
        let bytes = file(folder, name).map(|file| file.bytes.clone());
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let (before, after) = (text(before), text(after));
    let side = |text: &Option<String>| if text.is_some() { name } else { "/dev/null" }.to_owned();
    let head = format!("--- {}\n+++ {}\n", side(&before), side(&after));
    head + &hunk(&before.unwrap_or_default(), &after.unwrap_or_default())
}

fn hunk(before: &str, after: &str) -> String {
    let [old, new] = [before, after].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same..], &new[same..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let start = same.saturating_sub(CONTEXT);
    let shown_tail = tail.min(CONTEXT);
    let lines = |sign: char, lines: &[&str]| -> String {
        lines.iter().map(|line| format!("{sign}{}", ended(line))).collect()
    };
    let [old_end, new_end] = [old.len() - tail, new.len() - tail];
    let range = |end: usize| {
        let count = end + shown_tail - start;
        format!("{},{count}", if count == 0 { 0 } else { start + 1 })
    };
    format!("@@ -{} +{} @@\n", range(old_end), range(new_end))
        + &lines(' ', &old[start..same])
        + &lines('-', &old[same..old_end])
        + &lines('+', &new[same..new_end])
        + &lines(' ', &old[old_end..old_end + shown_tail])
}

fn ended(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(_) => line.to_owned(),
        None => format!("{line}\n\\ No newline at end of file\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hunk_with_its_surroundings() {
        let found = hunk("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\nx\ny\n6\n7\n8\n9");
        let wanted = "@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+x\n+y\n 6\n 7\n 8\n";
        assert_eq!(found, wanted);
        assert_eq!(hunk("", "a\nb"), "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n");
        assert_eq!(hunk("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
    }
}
