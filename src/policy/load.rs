//! The doors: YAML text, flags, or both, to a policy.

use super::draft::Draft;
use super::fault::{Fault, Faults};
use super::settings::Setting;
use super::{CapturePolicy, Override, PolicyError, SETTINGS, document, flags, resolve, yaml};

/// One text of a policy that several say together.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'t> {
    /// What faults put in front of a setting's name; empty for nothing.
    pub name: &'t str,
    /// The text, in the YAML form of a policy.
    pub text: &'t str,
}

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
        let layers = text.map(|text| Layer { name: "", text });
        read(layers.as_slice(), overrides).map_err(|faults| {
            let origin = if text.is_some() { source.to_owned() } else { String::new() };
            PolicyError { origin, faults }
        })
    }

    /// Reads a policy from texts that lie over each other: what a later one says holds in place of
    /// what an earlier one says, setting by setting; flags override them all. Contradictions are
    /// judged on the result, and name the layer of each side.
    ///
    /// # Errors
    /// Everything that is wrong with the texts and the flags, at once.
    pub fn layered(
        layers: &[Layer<'_>],
        overrides: &[Override],
    ) -> Result<CapturePolicy, PolicyError> {
        read(layers, overrides).map_err(|faults| PolicyError { origin: String::new(), faults })
    }
}

impl Layer<'_> {
    /// The settings that the text gives, in the order of the table; those with `null` it does not.
    ///
    /// # Errors
    /// Everything that is wrong with the text itself, at once. Contradictions are not looked for.
    pub fn settings(&self) -> Result<Vec<&'static Setting>, PolicyError> {
        let (mut draft, mut faults) = (Draft::default(), Faults::default());
        self.apply(&mut draft, &mut faults);
        let faults = faults.into_vec();
        if !faults.is_empty() {
            return Err(PolicyError { origin: String::new(), faults });
        }
        Ok(SETTINGS.iter().filter(|setting| draft.given(setting.path)).collect())
    }

    /// Lays the text over what the draft holds.
    fn apply(&self, draft: &mut Draft, faults: &mut Faults) -> Readable {
        let mut own = Faults::default();
        let below = draft.take_places();
        let root = yaml::read(self.text, &mut own);
        if let Some(root) = &root {
            document::apply(root, draft, &mut own);
        }
        draft.put_places(below, self.name);
        faults.take(own, self.name);
        if root.is_some() { Readable::Yes } else { Readable::No }
    }
}

/// Whether a text could be read to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readable {
    Yes,
    No,
}

fn read(layers: &[Layer<'_>], overrides: &[Override]) -> Result<CapturePolicy, Vec<Fault>> {
    let (mut draft, mut faults) = (Draft::default(), Faults::default());
    let mut readable = Readable::Yes;
    for layer in layers {
        if layer.apply(&mut draft, &mut faults) == Readable::No {
            readable = Readable::No;
        }
    }
    flags::apply(overrides, &mut draft, &mut faults);
    let policy = match readable {
        // What an unreadable text would have said is not known, so nothing contradicts it.
        Readable::No => None,
        Readable::Yes => resolve::resolve(draft, &mut faults),
    };
    let faults = faults.into_vec();
    policy.filter(|_| faults.is_empty()).ok_or(faults)
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

    #[test]
    fn layers_lie_over_each_other_setting_by_setting() {
        let lower = format!("{HEAD}proxy: {{uids: [7]}}\ninbound: {{ports: [80]}}\n");
        let upper = format!("{HEAD}inbound: {{ports: [90]}}\ndns: {{capture: null}}\n");
        let layers = [Layer { name: "a", text: &lower }, Layer { name: "b", text: &upper }];
        let paths = layers.map(|layer| {
            let settings = layer.settings().unwrap();
            settings.iter().map(|setting| setting.path).collect::<Vec<_>>()
        });
        assert_eq!(paths, [vec!["proxy.uids", "inbound.ports"], vec!["inbound.ports"]]);
        let policy = CapturePolicy::layered(&layers, &[]).unwrap();
        let wanted = format!("{HEAD}proxy: {{uids: [7]}}\ninbound: {{ports: [90]}}\n");
        assert_eq!(Ok(policy), CapturePolicy::from_yaml(&wanted));
    }

    #[test]
    fn faults_of_layers_name_the_layer_of_each_side() {
        let lower = format!("{HEAD}inbound: {{excludePorts: [80]}}\n");
        let upper = format!("{HEAD}inbound: {{ports: [80]}}\n");
        let layers = [Layer { name: "a", text: &lower }, Layer { name: "b", text: &upper }];
        let said = CapturePolicy::layered(&layers, &[]).unwrap_err().to_string();
        assert!(
            said.contains("b.inbound.ports (line 2): 80: shares ports with a.inbound.ex"),
            "{said}"
        );
        let layers = [Layer { name: "a", text: "[" }, Layer { name: "b", text: "x: 1" }];
        let said = CapturePolicy::layered(&layers, &[]).unwrap_err().to_string();
        assert!(said.contains("\n  a (line 2): is not valid YAML"), "{said}");
        assert!(said.contains("\n  b.apiVersion: is missing"), "{said}");
        assert!(layers[1].settings().unwrap_err().to_string().contains("b.x (line 1)"));
    }
}
