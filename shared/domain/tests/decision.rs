//! The decision held against the value sets, against its own promises, and against the
//! table in `docs/access/` that a lawyer reads.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop anywhere")]

mod decision_table;

use std::collections::HashMap;

use espace_domain::decision::{
    AccessMode, Action, Decision, DocumentFacts, EmergencyChoices, Labels, MessagingFacts, Party,
    Practice, RuleEffect, Situation, SpaceStanding, Standing, decide,
};
use espace_domain::{DocumentType, MatrixGroup};
use proptest::prelude::*;

type Row = HashMap<String, String>;

/// A file of the value sets, read here and by nobody else's code.
fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/data/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    csv::Reader::from_path(path).unwrap().deserialize().collect::<Result<_, _>>().unwrap()
}

/// A situation in which nothing but the matrix can refuse a professional.
fn permissive(document_type: DocumentType) -> Situation {
    Situation {
        space: SpaceStanding::Active,
        blocked: false,
        access: Some(AccessMode::Normal),
        consented: true,
        present: true,
        choices: EmergencyChoices::default(),
        minor: false,
        document: Some(DocumentFacts {
            document_type,
            labels: Labels::default(),
            authored: false,
            from_own_side: false,
            rule: None,
        }),
        thread: None,
    }
}

#[test]
fn an_independent_reading_of_the_value_sets_agrees() {
    let matrix = rows("matrix");
    let mut compared = 0;
    for profession in rows("professions") {
        let code = profession["code"].as_str();
        // What the files say, read as text: a column named, and a profession of care.
        let column = profession["matrix_group"].as_str();
        let is_care = ["health professional", "access mode"].contains(&profession["kind"].as_str());
        // A code that stands twice takes the row with a column.
        let named_elsewhere = column.is_empty()
            && rows("professions")
                .iter()
                .any(|r| r["code"] == code && !r["matrix_group"].is_empty());
        if named_elsewhere {
            continue;
        }
        let group = MatrixGroup::of(code, None);
        for line in &matrix {
            let cell = line.get(column).map(String::as_str);
            let expected = is_care && cell == Some("1");
            let practice = Practice { group, may_write: true, is_regulator: false, standing: None };
            let kind = DocumentType::parse(&line["type_code"]).unwrap();
            let decision =
                decide(Party::Professional(practice), Action::ReadDocument, &permissive(kind));
            assert_eq!(
                decision.is_allowed(),
                expected,
                "{code} ({column}) and {}: {decision:?}",
                line["type_code"]
            );
            compared += 1;
        }
    }
    assert!(compared > 90 * 100, "{compared} pairs only");
}

#[test]
fn each_column_has_as_many_types_as_the_official_file() {
    let counts: Vec<usize> = MatrixGroup::ALL
        .iter()
        .map(|group| DocumentType::all().filter(|kind| kind.is_readable_by(*group)).count())
        .collect();
    // `domain.md` B4, "Allowed counts by group".
    let official = [108, 78, 78, 74, 75, 78, 76, 70, 61, 49, 19, 12, 38, 34, 9, 5, 9, 26, 13];
    assert_eq!(counts, official);
    assert_eq!(DocumentType::all().count(), 115);
}

#[test]
fn occupational_physicians_and_unknown_professions_open_nothing() {
    for (profession, specialty) in [("10", Some("SM25")), ("99", None), ("", None)] {
        let group = MatrixGroup::of(profession, specialty);
        assert_eq!(group, None, "{profession} {specialty:?}");
        assert!(!MatrixGroup::may_write(profession, specialty), "{profession} {specialty:?}");
    }
    let practice = Practice { group: None, may_write: false, is_regulator: false, standing: None };
    let party = Party::Professional(practice);
    for kind in DocumentType::all() {
        for action in Action::ALL {
            assert!(!decide(party, *action, &permissive(kind)).is_allowed(), "{action:?}");
        }
    }
}

#[test]
fn insurers_read_nothing_even_with_consent() {
    for party in [Party::Insurer, Party::Application, Party::Support, Party::Stranger] {
        for action in [Action::ListDocuments, Action::ReadDocument, Action::ReadAccessLog] {
            for kind in DocumentType::all() {
                assert!(!decide(party, action, &permissive(kind)).is_allowed());
            }
        }
    }
}

fn any_party() -> impl Strategy<Value = Party> {
    let practice = (
        proptest::option::of(proptest::sample::select(MatrixGroup::ALL)),
        any::<[bool; 2]>(),
        proptest::option::of(proptest::sample::select(vec![
            Standing::TreatingDoctor,
            Standing::Administrator,
            Standing::ReferentMidwife,
            Standing::CorrespondentPharmacist,
        ])),
    )
        .prop_map(|(group, [is_regulator, may_write], standing)| {
            Party::Professional(Practice { group, may_write, is_regulator, standing })
        });
    prop_oneof![
        3 => practice,
        1 => proptest::sample::select(vec![
            Party::Holder, Party::Representative, Party::Caregiver, Party::Support,
            Party::Insurer, Party::Application, Party::Job, Party::Stranger, Party::Invited,
            Party::Mandated, Party::Heir,
        ]),
    ]
}

fn any_document() -> impl Strategy<Value = DocumentFacts> {
    let kinds: Vec<DocumentType> = DocumentType::all().collect();
    let rule = proptest::sample::select(vec![None, Some(RuleEffect::Show), Some(RuleEffect::Hide)]);
    (proptest::sample::select(kinds), any::<[bool; 5]>(), rule).prop_map(|(kind, bits, rule)| {
        DocumentFacts {
            document_type: kind,
            labels: Labels {
                masked: bits[0],
                invisible_patient: bits[1],
                invisible_representatives: bits[2],
            },
            authored: bits[3],
            from_own_side: bits[4],
            rule,
        }
    })
}

prop_compose! {
    fn any_situation()(
        space in proptest::sample::select(SpaceStanding::ALL.to_vec()),
        access in proptest::sample::select(vec![
            None,
            Some(AccessMode::Normal),
            Some(AccessMode::BreakGlass),
            Some(AccessMode::Regulation),
        ]),
        bits in any::<[bool; 8]>(),
        document in proptest::option::of(any_document()),
        thread in proptest::option::of(any::<[bool; 4]>()),
    ) -> Situation {
        Situation {
            space,
            blocked: bits[0],
            access,
            consented: bits[1],
            present: bits[2],
            choices: EmergencyChoices {
                regulation: bits[3], break_glass: bits[4], show_masked: bits[5], heirs: bits[7],
            },
            minor: bits[6],
            document,
            thread: thread.map(|[takes_part, closed, secret, with_pharmacy]| MessagingFacts {
                takes_part, closed, secret, with_pharmacy,
            }),
        }
    }
}

fn any_action() -> impl Strategy<Value = Action> {
    proptest::sample::select(Action::ALL.to_vec())
}

/// Whether everything allowed before is still allowed.
fn allows_no_more(before: Decision, after: Decision) -> bool {
    before.is_allowed() || !after.is_allowed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn blocking_never_grants(
        party in any_party(), action in any_action(), situation in any_situation()
    ) {
        let free = Situation { blocked: false, ..situation };
        let blocked = Situation { blocked: true, ..situation };
        prop_assert!(allows_no_more(decide(party, action, &free), decide(party, action, &blocked)));
        if matches!(party, Party::Professional(_)) {
            prop_assert!(!decide(party, action, &blocked).is_allowed());
        }
    }

    #[test]
    fn a_label_never_reveals_what_was_hidden(
        party in any_party(), action in any_action(), situation in any_situation(), which in 0..4
    ) {
        let Some(document) = situation.document else { return Ok(()) };
        let (mut plain, mut labelled) = (document, document);
        match which {
            0 => (plain.labels.masked, labelled.labels.masked) = (false, true),
            1 => {
                (plain.labels.invisible_patient, labelled.labels.invisible_patient) = (false, true);
            }
            2 => {
                plain.labels.invisible_representatives = false;
                labelled.labels.invisible_representatives = true;
            }
            _ => (plain.rule, labelled.rule) = (None, Some(RuleEffect::Hide)),
        }
        let plain = Situation { document: Some(plain), ..situation };
        let labelled = Situation { document: Some(labelled), ..situation };
        // Who deposits chooses the labels of what they deposit.
        if !matches!(action, Action::DepositDocument) {
            let before = decide(party, action, &plain);
            prop_assert!(allows_no_more(before, decide(party, action, &labelled)));
        }
    }

    #[test]
    fn closing_denies_all_that_is_not_coming_back_or_leaving(
        party in any_party(), action in any_action(), situation in any_situation()
    ) {
        let closed = Situation { space: SpaceStanding::Closed, ..situation };
        let left = matches!(
            action,
            Action::ReadSpace
                | Action::ReopenSpace
                | Action::ExportSpace
                | Action::ReadExport
                | Action::EraseExpired
        );
        prop_assert!(left || !decide(party, action, &closed).is_allowed());
        let gone = Situation { space: SpaceStanding::Absent, ..situation };
        prop_assert!(!decide(party, action, &gone).is_allowed());
    }

    #[test]
    fn consenting_never_takes_away(
        party in any_party(), action in any_action(), situation in any_situation()
    ) {
        let without = Situation { consented: false, ..situation };
        let with = Situation { consented: true, ..situation };
        prop_assert!(allows_no_more(decide(party, action, &with), decide(party, action, &without)));
    }

    #[test]
    fn objecting_to_emergencies_never_grants(
        party in any_party(), action in any_action(), situation in any_situation(), which in 0..3
    ) {
        let (mut open, mut objected) = (situation.choices, situation.choices);
        match which {
            0 => (open.regulation, objected.regulation) = (true, false),
            1 => (open.break_glass, objected.break_glass) = (true, false),
            _ => (open.show_masked, objected.show_masked) = (true, false),
        }
        let open = Situation { choices: open, ..situation };
        let objected = Situation { choices: objected, ..situation };
        let before = decide(party, action, &open);
        prop_assert!(allows_no_more(before, decide(party, action, &objected)));
    }

    #[test]
    fn who_takes_no_part_learns_nothing_and_a_secret_stays_the_holders(
        party in any_party(), action in any_action(), situation in any_situation()
    ) {
        let Some(thread) = situation.thread else { return Ok(()) };
        let about_a_thread = matches!(
            action,
            Action::ReadThread | Action::AnswerThread | Action::KeepThread | Action::CloseThread
                | Action::ReadAttachment
        );
        let apart = MessagingFacts { takes_part: false, ..thread };
        let apart = Situation { thread: Some(apart), ..situation };
        if about_a_thread && matches!(party, Party::Professional(_)) {
            prop_assert!(!decide(party, action, &apart).is_allowed());
        }
        let secret = Situation { thread: Some(MessagingFacts { secret: true, ..thread }), ..situation };
        if about_a_thread && matches!(party, Party::Representative | Party::Caregiver) {
            prop_assert!(!decide(party, action, &secret).is_allowed());
        }
    }

    #[test]
    fn only_what_a_row_names_can_matter(
        party in any_party(), action in any_action(),
        situation in any_situation(), other in any_situation()
    ) {
        decision_table::ignores_the_rest(party, action, &situation, &other)?;
    }
}

#[test]
fn the_table_a_lawyer_reads_is_the_code() {
    decision_table::compare_or_write();
}
