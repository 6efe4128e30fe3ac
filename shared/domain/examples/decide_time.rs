//! What a decision costs on this machine, for `docs/scale.md`:
//! `cargo xtask bench decision`. Must not know what is decided about.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use espace_domain::decision::{
    AccessMode, Action, DocumentFacts, EmergencyChoices, Labels, Party, Practice, Situation,
    SpaceStanding, decide,
};
use espace_domain::{DocumentType, MatrixGroup};

/// Decisions measured.
const DECISIONS: u32 = 10_000_000;

#[expect(clippy::disallowed_methods, reason = "a measure of durations")]
fn main() {
    let types: Vec<DocumentType> = DocumentType::all().collect();
    let groups = MatrixGroup::ALL;
    let started = Instant::now();
    let mut allowed = 0_u32;
    for (n, (kind, group)) in (0..DECISIONS).zip(types.iter().cycle().zip(groups.iter().cycle())) {
        let practice =
            Practice { group: Some(*group), may_write: true, is_regulator: false, standing: None };
        let situation = Situation {
            space: SpaceStanding::Active,
            blocked: false,
            access: Some(AccessMode::Normal),
            consented: true,
            present: false,
            choices: EmergencyChoices::default(),
            minor: n % 5 == 0,
            document: Some(DocumentFacts {
                document_type: *kind,
                labels: Labels { masked: n % 7 == 0, ..Labels::default() },
                authored: false,
                from_own_side: false,
                rule: None,
            }),
            thread: None,
        };
        let party = Party::Professional(practice);
        let decided = decide(black_box(party), Action::ReadDocument, black_box(&situation));
        allowed += u32::from(decided.is_allowed());
    }
    let each = started.elapsed().as_secs_f64() * 1e9 / f64::from(DECISIONS);
    let share = f64::from(allowed) / f64::from(DECISIONS);
    let line = format!("reading one document: {each:.0} ns a decision, {share:.2} allowed");
    let _written = writeln!(std::io::stdout(), "{line}");
}
