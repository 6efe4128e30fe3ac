//! What the template tells a function. Must not know what the values are for.

use std::collections::HashMap;

/// The variables of a process, read once in `main`. Missing ones are reported
/// together, so that a broken deployment is understood at the first look.
#[derive(Debug, Clone)]
pub struct Environment {
    values: HashMap<String, String>,
    missing: Vec<&'static str>,
}

/// Variables that the template should have set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("missing or unreadable environment variables: {}", .0.join(", "))]
pub struct MissingVariables(pub Vec<&'static str>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self::from_values(std::env::vars().collect())
    }

    /// Given variables: those of a deployed function, read by a test.
    pub fn from_values(values: HashMap<String, String>) -> Self {
        Self { values, missing: Vec::new() }
    }

    /// The value of `name`, which must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        self.missing.push(name);
        String::new()
    }

    /// The value of `name`, where the template sets it for this function.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    /// The number under `name`, which must be there.
    pub fn required_number(&mut self, name: &'static str) -> u32 {
        if let Some(number) = self.values.get(name).and_then(|value| value.parse().ok()) {
            return number;
        }
        self.missing.push(name);
        0
    }

    /// Ends the reading: an error when anything was missing.
    pub fn finish(self) -> Result<(), MissingVariables> {
        if self.missing.is_empty() { Ok(()) } else { Err(MissingVariables(self.missing)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let mut environment =
            Environment::from_values(HashMap::from([("C".into(), "many".into())]));
        environment.required("A");
        environment.required("B");
        environment.required_number("C");
        assert_eq!(environment.finish(), Err(MissingVariables(vec!["A", "B", "C"])));
    }
}
