//! The complete table of decisions, in French, as `docs/access/` has it.
//!
//! Every combination of what an action's row looks at is decided, then rows that come
//! to the same are put together. Set `ESPACE_WRITE_ACCESS_TABLES` to write it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use espace_domain::decision::{
    AccessMode, Action, Check, Decision, DocumentFacts, EmergencyChoices, Labels, MessagingFacts,
    Party, Practice, Reason, RuleEffect, Situation, SpaceStanding, Standing, Tell, decide,
};
use espace_domain::{DocumentType, MatrixGroup};
use proptest::prelude::*;

/// What is decided about.
#[derive(Debug, Clone, Copy)]
struct Case {
    party: Party,
    situation: Situation,
}

/// Something that may be so or otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dimension {
    Column,
    Writes,
    Space,
    Blocked,
    Regulator,
    Access,
    Consented,
    Present,
    BreakGlass,
    Regulation,
    Heirs,
    Minor,
    Type,
    Authored,
    OwnSide,
    Rule,
    Masked,
    Standing,
    ShowMasked,
    InvisiblePatient,
    InvisibleRepresentatives,
    TakesPart,
    Pharmacy,
    Secret,
    Ended,
}

use Dimension as D;

/// The column of most lines: reads some types and not others.
const GROUP: MatrixGroup = MatrixGroup::Infirmier;
/// The column of pharmacies, to which a person may write first.
const PHARMACY: MatrixGroup = MatrixGroup::PharmacienOfficinePui;

impl Dimension {
    /// What is looked at by a check, or decides what goes with an act.
    fn of(check: Check) -> &'static [Self] {
        match check {
            Check::IsOneOf(_) => &[],
            Check::SpaceStands
            | Check::SpaceInHand
            | Check::SpaceInHandOrClosed
            | Check::SpaceIsClosed
            | Check::SpaceIsArchived
            | Check::SpaceMayClose
            | Check::HolderDied => &[D::Space],
            Check::IsOfAge => &[D::Minor],
            Check::HeirsAllowed => &[D::Heirs],
            Check::NotBlocked => &[D::Blocked],
            Check::HasColumn => &[D::Column],
            Check::IsRegulator => &[D::Regulator],
            Check::IsAdministrator => &[D::Standing, D::Column],
            Check::PresentOrConsented => &[D::Present, D::Consented],
            Check::BreakGlassAllowed => &[D::BreakGlass],
            Check::RegulationAllowed => &[D::Regulation],
            Check::AccessStands => &[D::Access, D::Consented, D::BreakGlass, D::Regulation],
            Check::MatrixAllows => &[D::Column, D::Type, D::Authored],
            Check::IsVisible => &[
                D::Access,
                D::Authored,
                D::Rule,
                D::Masked,
                D::Standing,
                D::ShowMasked,
                D::InvisiblePatient,
                D::InvisibleRepresentatives,
            ],
            Check::IsTheirs => &[D::Authored, D::OwnSide],
            Check::MayDepositType => {
                &[D::Type, D::Minor, D::InvisiblePatient, D::InvisibleRepresentatives]
            }
            Check::MayWrite => &[D::Writes],
            Check::TakesPart => &[D::TakesPart, D::Pharmacy, D::Column, D::Secret],
            Check::ThreadIsVisible => &[D::Secret],
            Check::ThreadIsOpen => &[D::Ended],
            Check::IsAPharmacy => &[D::Pharmacy],
            Check::AccessStandsOrTheirs => {
                &[D::Access, D::Consented, D::BreakGlass, D::Regulation, D::Authored]
            }
            Check::IsVisibleInThread => {
                &[D::InvisiblePatient, D::InvisibleRepresentatives, D::Rule, D::Authored]
            }
        }
    }

    /// Everything an action's row looks at.
    fn of_action(action: Action) -> BTreeSet<Self> {
        let looked_at = action.checks().iter().flat_map(|check| Self::of(*check));
        looked_at.copied().collect()
    }

    fn name(self) -> &'static str {
        match self {
            D::Column => "colonne de la matrice",
            D::Writes => "secteur de la santé, médico-social ou social",
            D::TakesPart => "prend part à l’échange",
            D::Pharmacy => "échange avec une pharmacie",
            D::Secret => "échange secret d’un mineur",
            D::Ended => "échange clos",
            D::Space => "espace",
            D::Blocked => "bloqué par le titulaire",
            D::Regulator => "régulateur du SAMU",
            D::Standing => "rôle choisi",
            D::Access => "accès ouvert",
            D::Consented => "consentement",
            D::Present => "présence prouvée",
            D::BreakGlass => "bris de glace permis",
            D::Regulation => "régulation permise",
            D::Heirs => "transmission aux ayants droit permise",
            D::Minor => "titulaire mineur",
            D::Type => "type",
            D::Authored => "déposé par qui demande",
            D::OwnSide => "déposé côté titulaire",
            D::Rule => "choix pour ce professionnel",
            D::Masked => "masqué",
            D::ShowMasked => "masqués montrés en urgence",
            D::InvisiblePatient => "pas encore visible du patient",
            D::InvisibleRepresentatives => "caché aux représentants",
        }
    }

    /// Whether it is a fact about professionals only.
    fn is_of_professionals(self) -> bool {
        matches!(
            self,
            D::Column
                | D::Writes
                | D::TakesPart
                | D::Blocked
                | D::Regulator
                | D::Standing
                | D::Access
                | D::Consented
                | D::Present
                | D::BreakGlass
                | D::Regulation
                | D::Rule
                | D::Masked
                | D::ShowMasked
        )
    }

    fn values(self) -> &'static [&'static str] {
        match self {
            D::Column => &["aucune", "hors médecins et pharmaciens", "pharmaciens", "médecins"],
            D::Space => &["ouvert", "activé", "gelé", "titulaire décédé", "fermé", "absent"],
            D::Standing => &[
                "aucun",
                "médecin traitant",
                "médecin administrateur",
                "sage-femme référente",
                "pharmacien correspondant",
            ],
            D::Access => &["aucun", "normal", "bris de glace", "régulation"],
            D::Type => {
                &["lu par la colonne", "non lu par la colonne", "propre au patient", "volontés"]
            }
            D::Rule => &["aucun", "montrer", "cacher"],
            _ => &["non", "oui"],
        }
    }

    fn set(self, case: &mut Case, value: usize) {
        let yes = value == 1;
        let situation = &mut case.situation;
        if let Party::Professional(practice) = &mut case.party {
            match self {
                D::Column => {
                    practice.group =
                        [None, Some(GROUP), Some(PHARMACY), Some(MatrixGroup::Medecin)][value];
                }
                D::Writes => practice.may_write = yes,
                D::Regulator => practice.is_regulator = yes,
                D::Standing => {
                    practice.standing = [
                        None,
                        Some(Standing::TreatingDoctor),
                        Some(Standing::Administrator),
                        Some(Standing::ReferentMidwife),
                        Some(Standing::CorrespondentPharmacist),
                    ][value];
                }
                _ => {}
            }
        }
        match self {
            D::Space => situation.space = SpaceStanding::ALL[value],
            D::Blocked => situation.blocked = yes,
            D::Access => {
                situation.access = [
                    None,
                    Some(AccessMode::Normal),
                    Some(AccessMode::BreakGlass),
                    Some(AccessMode::Regulation),
                ][value];
            }
            D::Consented => situation.consented = yes,
            D::Present => situation.present = yes,
            D::BreakGlass => situation.choices.break_glass = yes,
            D::Regulation => situation.choices.regulation = yes,
            D::Heirs => situation.choices.heirs = yes,
            D::ShowMasked => situation.choices.show_masked = yes,
            D::Minor => situation.minor = yes,
            D::Column | D::Writes | D::Regulator | D::Standing => {}
            D::TakesPart | D::Pharmacy | D::Secret | D::Ended => {
                let thread = situation.thread.get_or_insert(THREAD);
                match self {
                    D::TakesPart => thread.takes_part = yes,
                    D::Pharmacy => thread.with_pharmacy = yes,
                    D::Secret => thread.secret = yes,
                    _ => thread.closed = yes,
                }
            }
            _ => {
                let document = situation.document.get_or_insert_with(document);
                match self {
                    D::Type => document.document_type = types()[value],
                    D::Authored => document.authored = yes,
                    D::OwnSide => document.from_own_side = yes,
                    D::Rule => {
                        document.rule =
                            [None, Some(RuleEffect::Show), Some(RuleEffect::Hide)][value];
                    }
                    D::Masked => document.labels.masked = yes,
                    D::InvisiblePatient => document.labels.invisible_patient = yes,
                    D::InvisibleRepresentatives => document.labels.invisible_representatives = yes,
                    _ => {}
                }
            }
        }
    }
}

/// One type of each kind that makes a difference.
fn types() -> [DocumentType; 4] {
    let professional = |reads| {
        DocumentType::all()
            .filter(|t| !t.is_deposited_by_patient() && t.is_readable_by(GROUP) == reads)
            .filter(|t| t.is_readable_by(PHARMACY) == reads)
            .find(|t| t.is_readable_by(MatrixGroup::Medecin) == reads)
            .unwrap()
    };
    let statement = DocumentType::parse("EXPPAT_3").unwrap();
    let own = DocumentType::all()
        .find(|t| t.is_deposited_by_patient() && !t.code().starts_with("EXPPAT_"))
        .or_else(|| DocumentType::parse("EXPPAT_2"))
        .unwrap();
    [professional(true), professional(false), own, statement]
}

/// A conversation of which nothing in particular is true.
const THREAD: MessagingFacts =
    MessagingFacts { takes_part: false, closed: false, secret: false, with_pharmacy: false };

fn document() -> DocumentFacts {
    DocumentFacts {
        document_type: types()[0],
        labels: Labels::default(),
        authored: false,
        from_own_side: false,
        rule: None,
    }
}

/// A case from which the dimensions of an action depart.
fn neutral(party: Party, action: Action) -> Case {
    let about_document =
        action.checks().iter().any(|check| Dimension::of(*check).contains(&D::InvisiblePatient))
            || action.checks().contains(&Check::IsTheirs);
    Case {
        party,
        situation: Situation {
            space: SpaceStanding::Active,
            blocked: false,
            access: None,
            consented: false,
            present: false,
            choices: EmergencyChoices::default(),
            minor: false,
            document: about_document.then(document),
            thread: None,
        },
    }
}

/// Conditions, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    conditions: Vec<(Dimension, Vec<usize>)>,
    decision: Decision,
}

/// The lines of a case over the dimensions left, values that come to the same together.
fn lines(action: Action, case: Case, left: &[Dimension]) -> Vec<Line> {
    let Some((dimension, rest)) = left.split_first() else {
        let decision = decide(case.party, action, &case.situation);
        return vec![Line { conditions: Vec::new(), decision }];
    };
    let mut kinds: Vec<(Vec<usize>, Vec<Line>)> = Vec::new();
    for value in 0..dimension.values().len() {
        let mut case = case;
        dimension.set(&mut case, value);
        let below = lines(action, case, rest);
        match kinds.iter_mut().find(|(_, same)| *same == below) {
            Some((values, _)) => values.push(value),
            None => kinds.push((vec![value], below)),
        }
    }
    if let [(_, only)] = kinds.as_mut_slice() {
        return std::mem::take(only);
    }
    let with = |(values, below): (Vec<usize>, Vec<Line>)| {
        below.into_iter().map(move |mut line| {
            line.conditions.insert(0, (*dimension, values.clone()));
            line
        })
    };
    kinds.into_iter().flat_map(with).collect()
}

/// The parties, with their French names.
fn parties() -> [(Party, &'static str); 12] {
    let practice =
        Practice { group: Some(GROUP), may_write: true, is_regulator: false, standing: None };
    [
        (Party::Holder, "Titulaire"),
        (Party::Representative, "Représentant légal"),
        (Party::Caregiver, "Aidant"),
        (Party::Invited, "Invité à aider"),
        (Party::Mandated, "Agent aidant (France Services)"),
        (Party::Heir, "Ayant droit d’une personne décédée"),
        (Party::Professional(practice), "Professionnel"),
        (Party::Support, "Assistance"),
        (Party::Insurer, "Assurance maladie"),
        (Party::Application, "Application du catalogue"),
        (Party::Job, "Tâche planifiée"),
        (Party::Stranger, "Autre personne"),
    ]
}

fn written(decision: Decision) -> String {
    match decision {
        Decision::Deny(reason) => format!("refusé : {}", french(reason)),
        Decision::Allow(duties) => {
            let trace = match duties.trace.map(espace_domain::decision::Chain::name) {
                None => "sans trace",
                Some("ordinary") => "tracé",
                Some("secret") => "tracé dans la chaîne secrète",
                Some("pending") => "tracé dans la chaîne en attente",
                Some(_) => "tracé dans la chaîne secrète en attente",
            };
            let told = match duties.tell {
                Tell::Nobody => "",
                Tell::Holder => ", le titulaire est prévenu",
                Tell::HolderAndTreatingDoctor => ", titulaire et médecin traitant sont prévenus",
                Tell::Correspondents => ", les professionnels de l’échange sont prévenus",
            };
            format!("**permis**, {trace}{told}")
        }
    }
}

fn french(reason: Reason) -> &'static str {
    match reason {
        Reason::NotForThisParty => "pas pour cet acteur",
        Reason::NoSpace => "comme si l’espace n’existait pas",
        Reason::SpaceClosed => "espace fermé",
        Reason::SpaceFrozen => "espace gelé",
        Reason::NotActivated => "espace non activé",
        Reason::NotClosed => "espace non fermé",
        Reason::Blocked => "bloqué, comme si l’espace n’existait pas",
        Reason::NoColumn => "profession sans colonne",
        Reason::NoAccess => "aucun accès ouvert",
        Reason::NoConsent => "consentement retiré ou échu",
        Reason::PresenceRequired => "présence à prouver",
        Reason::NotRegulator => "réservé au SAMU",
        Reason::EmergencyObjected => "opposition du titulaire",
        Reason::MatrixForbids => "type non lu par la colonne",
        Reason::Masked => "document masqué",
        Reason::HiddenByRule => "caché à ce professionnel",
        Reason::NotYetVisible => "attend la consultation d’annonce",
        Reason::HiddenFromRepresentatives => "soins secrets d’un mineur",
        Reason::NotTheirs => "déposé par quelqu’un d’autre",
        Reason::TypeNotDepositable => "type ou étiquette que cet acteur ne dépose pas",
        Reason::MinorsHaveNone => "pas de directives pour un mineur",
        Reason::NotAdministrator => "réservé au médecin administrateur",
        Reason::NotInThread => "comme si l’échange n’existait pas",
        Reason::ThreadClosed => "échange clos",
        Reason::NotAPharmacy => "on n’écrit en premier qu’à une pharmacie",
        Reason::HolderLives => "aucun décès signalé",
        Reason::HeirsObjected => "opposition du titulaire, avant son décès",
        Reason::RepresentativesClose => "fermé par ses représentants",
    }
}

fn decisions() -> String {
    let mut text = String::from(
        "# Qui peut faire quoi\n\n\
         Écrite par un test à partir du code qui décide (`shared/domain/src/decision`) ; elle \
         n’est pas modifiable à la main. Toute combinaison de ce qu’une règle regarde a été \
         décidée ; les lignes qui reviennent au même sont réunies. Ce qu’une ligne ne nomme pas \
         n’y change rien. Ce qui n’est pas permis est refusé.\n",
    );
    for action in Action::ALL {
        let checks: Vec<String> =
            action.checks().iter().map(|check| format!("`{}`", name(*check))).collect();
        write!(text, "\n## `{}`\n\nDans l’ordre : {}.\n\n", action.name(), checks.join(" → "))
            .unwrap();
        text.push_str("| Acteur | Conditions | Décision |\n|---|---|---|\n");
        let mut excluded = Vec::new();
        for (party, french) in parties() {
            let dimensions: Vec<Dimension> = Dimension::of_action(*action)
                .into_iter()
                .filter(|d| matches!(party, Party::Professional(_)) || !d.is_of_professionals())
                .collect();
            let lines = lines(*action, neutral(party, *action), &dimensions);
            if let [line] = lines.as_slice()
                && line.decision == Decision::Deny(Reason::NotForThisParty)
            {
                excluded.push(french);
                continue;
            }
            for line in lines {
                let conditions: Vec<String> = line
                    .conditions
                    .iter()
                    .map(|(dimension, values)| {
                        let values: Vec<_> =
                            values.iter().map(|value| dimension.values()[*value]).collect();
                        format!("{} : {}", dimension.name(), values.join(" ou "))
                    })
                    .collect();
                let conditions =
                    if conditions.is_empty() { "toujours".into() } else { conditions.join(" ; ") };
                writeln!(text, "| {french} | {conditions} | {} |", written(line.decision)).unwrap();
            }
        }
        if !excluded.is_empty() {
            writeln!(text, "| {} | toujours | refusé : pas pour cet acteur |", excluded.join(", "))
                .unwrap();
        }
    }
    text
}

fn name(check: Check) -> String {
    let text = format!("{check:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}

fn matrix() -> String {
    let mut text = String::from(
        "# Quels types de documents chaque profession peut lire\n\n\
         Écrite par un test à partir des jeux de valeurs compilés dans le code \
         (`shared/domain/data`), d’après la « matrice d’habilitations » du 25 septembre 2024. La \
         lecture demande aussi tout ce que dit `decisions.md`. ● : peut lire.\n\nColonnes :\n\n",
    );
    for (number, group) in MatrixGroup::ALL.iter().enumerate() {
        writeln!(text, "{}. {}", number + 1, group.heading()).unwrap();
    }
    text.push_str("\n| Type | Intitulé |");
    for number in 1..=MatrixGroup::ALL.len() {
        write!(text, " {number} |").unwrap();
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(MatrixGroup::ALL.len()));
    text.push('\n');
    for kind in DocumentType::all() {
        write!(text, "| {} | {} |", kind.code(), kind.display().replace('|', "/")).unwrap();
        for group in MatrixGroup::ALL {
            text.push_str(if kind.is_readable_by(*group) { " ● |" } else { "  |" });
        }
        text.push('\n');
    }
    text
}

/// Compares both tables with the committed ones, or writes them.
pub(crate) fn compare_or_write() {
    let folder = format!("{}/../../docs/access", env!("CARGO_MANIFEST_DIR"));
    for (name, text) in [("decisions.md", decisions()), ("matrix.md", matrix())] {
        let path = format!("{folder}/{name}");
        if std::env::var_os("ESPACE_WRITE_ACCESS_TABLES").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "docs/access/{name} is not what the code decides: run this test with \
             ESPACE_WRITE_ACCESS_TABLES=1 and read the difference"
        );
    }
}

/// What no dimension of an action names changes nothing in its decision.
pub(crate) fn ignores_the_rest(
    party: Party,
    action: Action,
    situation: &Situation,
    other: &Situation,
) -> Result<(), TestCaseError> {
    let named = Dimension::of_action(action);
    let has = |dimension| named.contains(&dimension);
    let pick = |dimension, mine: bool, theirs: bool| if has(dimension) { mine } else { theirs };
    let mixed = Situation {
        space: if has(D::Space) { situation.space } else { other.space },
        blocked: pick(D::Blocked, situation.blocked, other.blocked),
        access: if has(D::Access) { situation.access } else { other.access },
        consented: pick(D::Consented, situation.consented, other.consented),
        present: pick(D::Present, situation.present, other.present),
        choices: EmergencyChoices {
            regulation: pick(D::Regulation, situation.choices.regulation, other.choices.regulation),
            break_glass: pick(
                D::BreakGlass,
                situation.choices.break_glass,
                other.choices.break_glass,
            ),
            show_masked: pick(
                D::ShowMasked,
                situation.choices.show_masked,
                other.choices.show_masked,
            ),
            heirs: pick(D::Heirs, situation.choices.heirs, other.choices.heirs),
        },
        minor: pick(D::Minor, situation.minor, other.minor),
        document: match (situation.document, other.document) {
            (Some(mine), Some(theirs)) => Some(DocumentFacts {
                document_type: if has(D::Type) { mine.document_type } else { theirs.document_type },
                labels: Labels {
                    masked: pick(D::Masked, mine.labels.masked, theirs.labels.masked),
                    ..mine.labels
                },
                authored: pick(D::Authored, mine.authored, theirs.authored),
                from_own_side: pick(D::OwnSide, mine.from_own_side, theirs.from_own_side),
                rule: if has(D::Rule) { mine.rule } else { theirs.rule },
            }),
            _ => situation.document,
        },
        thread: match (situation.thread, other.thread) {
            (Some(mine), Some(theirs)) => Some(MessagingFacts {
                takes_part: pick(D::TakesPart, mine.takes_part, theirs.takes_part),
                closed: pick(D::Ended, mine.closed, theirs.closed),
                // It chooses the chain of every trace.
                secret: mine.secret,
                with_pharmacy: pick(D::Pharmacy, mine.with_pharmacy, theirs.with_pharmacy),
            }),
            _ => situation.thread,
        },
    };
    let (before, after) = (decide(party, action, situation), decide(party, action, &mixed));
    prop_assert_eq!(before, after);
    Ok(())
}
