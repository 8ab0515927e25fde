//! The doors: YAML text, flags, or both, to a policy.

use super::draft::Draft;
use super::fault::Faults;
use super::{CapturePolicy, Override, PolicyError, document, flags, resolve, yaml};

impl CapturePolicy {
    /// Reads a policy from its YAML form.
    ///
    /// # Errors
    /// Everything that is wrong with the text, at once.
    pub fn from_yaml(text: &str) -> Result<CapturePolicy, PolicyError> {
        CapturePolicy::load(Some(text), "", &[])
    }

    /// Reads a policy from its YAML form, if there is one, and from flags, which override it.
    /// `source` is what messages call the text, such as its file name. Contradictions are judged on
    /// the result.
    ///
    /// # Errors
    /// Everything that is wrong with the text and the flags, at once.
    pub fn load(
        text: Option<&str>,
        source: &str,
        overrides: &[Override],
    ) -> Result<CapturePolicy, PolicyError> {
        let (mut draft, mut faults) = (Draft::default(), Faults::default());
        let root = text.map(|text| yaml::read(text, &mut faults));
        if let Some(Some(root)) = &root {
            document::apply(root, &mut draft, &mut faults);
        }
        flags::apply(overrides, &mut draft, &mut faults);
        let policy = match root {
            // What an unreadable text would have said is not known, so nothing contradicts it.
            Some(None) => None,
            Some(Some(_)) | None => resolve::resolve(draft, &mut faults),
        };
        let faults = faults.into_vec();
        match policy {
            Some(policy) if faults.is_empty() => Ok(policy),
            Some(_) | None => {
                let origin = if text.is_some() { source.to_owned() } else { String::new() };
                Err(PolicyError { origin, faults })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InboundPorts, Setting};
    use super::*;

    const HEAD: &str = "apiVersion: nftdivert/v1\n";

    fn flag(flag: &str, values: &[&str]) -> Override {
        let flag = Setting::by_flag(flag).unwrap().flag;
        Override { flag, values: values.iter().map(ToString::to_string).collect() }
    }

    fn faults(text: &str, overrides: &[Override]) -> String {
        let text = format!("{HEAD}{text}");
        CapturePolicy::load(Some(&text), "pod.yaml", overrides).unwrap_err().to_string()
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(CapturePolicy::load(None, "", &[]), Ok(CapturePolicy::default()));
        assert_eq!(CapturePolicy::from_yaml(HEAD), Ok(CapturePolicy::default()));
    }

    #[test]
    fn flags_override_the_file() {
        let text = format!("{HEAD}inbound: {{ports: [80]}}\nproxy: {{ports: {{tunnel: 15001}}}}\n");
        let flags = [flag("inbound-ports", &["90,91", "", "92"]), flag("outbound-port", &["0x10"])];
        let policy = CapturePolicy::load(Some(&text), "", &flags).unwrap();
        assert_eq!(policy.proxy.ports.outbound.get(), 16);
        let InboundPorts::Only(ports) = policy.inbound.ports else { panic!("not a list") };
        assert_eq!(ports.to_string(), "90-92");
    }

    #[test]
    fn an_empty_flag_is_the_empty_list() {
        let policy = CapturePolicy::load(None, "", &[flag("inbound-ports", &[""])]).unwrap();
        assert_eq!(policy.inbound.ports, InboundPorts::Only(Default::default()));
    }

    #[test]
    fn faults_of_flags_name_the_flag() {
        let flags = [
            flag("inbound-exclude-ports", &["80,,70000"]),
            flag("outbound-ranges", &["*"]),
            flag("outbound-port", &["1", "2"]),
            flag("ipv6", &[""]),
        ];
        assert_eq!(
            faults("", &flags),
            "the policy in pod.yaml has 5 faults:\n  \
             --inbound-exclude-ports: \"\": must be a port, 1-65535, not empty\n  \
             --inbound-exclude-ports: 70000: must be a port, 1-65535\n  \
             --outbound-ranges: *: is not a word of ours; write \"all\"\n  \
             --outbound-port: 1 2: is given more than once\n  \
             --ipv6: \"\": must be capture, bypass or reject"
        );
    }

    #[test]
    fn contradictions_name_where_each_side_was_said() {
        let text = "inbound: {ports: [80]}\nproxy: {gids: []}\n";
        let flags = [flag("inbound-exclude-ports", &["1-99"]), flag("proxy-uid", &[""])];
        let said = faults(text, &flags);
        assert!(said.contains("--proxy-uid: []: is empty, and so is proxy.gids:"), "{said}");
        let shared = "inbound.ports (line 2): 80: shares ports with --inbound-exclude-ports;";
        assert!(said.contains(shared), "{said}");
    }

    #[test]
    fn nothing_is_concluded_from_what_could_not_be_read() {
        let said = faults("proxy: {gids: [1338]\n", &[flag("proxy-uid", &[""])]);
        assert!(said.contains("1 fault:") && said.contains("not valid YAML"), "{said}");
        let said = faults("proxy: {uids: [], gids: [x]}\n", &[]);
        assert!(said.contains("1 fault:") && said.contains("proxy.gids[0]"), "{said}");
    }

    #[test]
    fn texts_that_are_too_much() {
        let said = faults(&"#".repeat(8 * 1024 * 1024), &[]);
        assert!(said.contains("is longer than 8 MiB"), "{said}");
        let said = faults(&format!("a: [{}]\n", "1,".repeat(1_000_000)), &[]);
        assert!(said.contains("holds more than 1000000 keys and values"), "{said}");
    }
}
