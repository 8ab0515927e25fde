//! Yes or no, as Istio reads it.

use crate::dialect::Flaw;

/// Reads what Istio's agents take for a truth value: `true` and `false`, `t` and `f`, small, large or
/// with a capital, `1` and `0`.
///
/// # Errors
/// Everything else, such as `yes`, which Istio takes for no and says nothing.
pub fn truth(text: &str) -> Result<bool, Flaw> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        text => Err(Flaw::new(text, "must be true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_each_side_and_nothing_else() {
        assert_eq!((truth("1"), truth("True")), (Ok(true), Ok(true)));
        assert_eq!((truth("F"), truth("false")), (Ok(false), Ok(false)));
        for text in ["", "yes", "tRUE", " true", "2"] {
            assert_eq!(truth(text), Err(Flaw::new(text, "must be true or false")));
        }
    }
}
