//! The table of Istio's flags and variables, of its recent releases and of older ones.

mod capture;
mod ignored;
mod outbound;
mod rest;

use super::flag::Flag;
use crate::words::joined;
use capture::CAPTURE;
use ignored::IGNORED;
use outbound::OUTBOUND;
use rest::REST;

const COUNT: usize = CAPTURE.len() + OUTBOUND.len() + REST.len() + IGNORED.len();

/// Every flag of Istio's command, and every variable that it reads: help, parsing and documentation
/// are made from this.
pub static FLAGS: &[Flag] = &joined::<_, 4, COUNT>([CAPTURE, OUTBOUND, REST, IGNORED]);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::flag::Becomes;
    use super::*;
    use crate::policy::Setting;

    fn unique<T: Ord>(names: impl Iterator<Item = T> + Clone) -> bool {
        names.clone().collect::<BTreeSet<_>>().len() == names.count()
    }

    #[test]
    fn each_name_is_one_flags() {
        assert!(unique(FLAGS.iter().map(|flag| flag.long).filter(|long| !long.is_empty())));
        assert!(unique(FLAGS.iter().filter_map(|flag| flag.short)));
        assert!(unique(FLAGS.iter().flat_map(|flag| flag.variables)));
        assert!(FLAGS.iter().all(|flag| !flag.long.is_empty() || !flag.variables.is_empty()));
    }

    #[test]
    fn variables_are_the_long_names_in_upper_case() {
        let named = FLAGS.iter().filter(|flag| !flag.long.is_empty());
        for flag in named.filter(|flag| !flag.variables.is_empty()) {
            let upper = flag.long.replace('-', "_").to_uppercase();
            assert_eq!(flag.variables[0], upper, "--{}", flag.long);
        }
    }

    #[test]
    fn settings_are_ours_and_defaults_are_read() {
        for flag in FLAGS {
            if let Becomes::Setting { flag: ours, read } = flag.becomes {
                assert!(Setting::by_flag(ours).is_some(), "{ours}");
                assert!(read(flag.default).is_ok(), "{}", flag.name());
            }
        }
    }
}
