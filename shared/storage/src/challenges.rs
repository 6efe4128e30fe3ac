//! Pending second factors. Must not know what they open.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use espace_crypto::{BlindIndex, MacKey, MacPurpose};
use espace_domain::{
    AccountId, ChallengeId, ContactId, ONE_TIME_CODE_VALIDITY_S, OneTimeCode, Random, SessionId,
    SpaceId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::acts::Change;
use crate::table::{Item, SCHEMA, Table, b, item, n, s};
use crate::{Aws, Environment, StorageError};

/// Wrong tries of one one-time code before it is worthless.
pub const OTP_ATTEMPTS_MAX: u32 = 5;
/// Seconds after which a challenge is over, however often its code was sent again.
const CHALLENGE_LIFE_MAX_S: i64 = 1_800;

/// The table of challenges.
#[derive(Debug, Clone)]
pub struct Challenges {
    table: Table,
}

/// A pending login.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// Its name.
    pub challenge_id: ChallengeId,
    schema: u8,
    login: String,
    /// The account it was made for, and that account's epoch then: a login that was
    /// begun before a reset or a takeover opens nothing after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<ChallengedAccount>,
    /// The holder's space.
    pub space_id: SpaceId,
    /// What a right answer opens.
    pub purpose: ChallengePurpose,
    /// The session whose act it confirms; none for a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Where the code went; nowhere for an application or a passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// The keyed hash of the code, or the challenge that a passkey signs; gone once it
    /// is used.
    #[serde(default, with = "serde_bytes")]
    otp: Vec<u8>,
    tries: u32,
    /// Whether an application or a passkey proved it already, and `otp` are the digits
    /// by which the act says so.
    #[serde(default)]
    carried: bool,
    #[serde(default)]
    sent_at: i64,
    #[serde(default)]
    created_at: i64,
    expires_at: i64,
}

/// An account as it stood when a challenge was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengedAccount {
    /// Its name.
    pub account_id: AccountId,
    /// Its session epoch.
    pub session_epoch: u64,
    /// Whether its space is closed: the session may only reopen it or take it away.
    pub archived: bool,
}

/// A challenge to be made.
#[derive(Debug)]
pub struct NewChallenge<'a> {
    /// Its name.
    pub challenge_id: ChallengeId,
    /// The account, by the blind index of its login.
    pub login: &'a BlindIndex,
    /// The holder's space.
    pub space_id: &'a SpaceId,
    /// What a right answer opens.
    pub purpose: ChallengePurpose,
    /// The session whose act it confirms.
    pub session_id: Option<&'a SessionId>,
    /// The account that logs in.
    pub account: Option<ChallengedAccount>,
    /// Where the code goes.
    pub contact_id: &'a ContactId,
}

/// What a right answer opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChallengePurpose {
    /// A session.
    Login,
    /// A new password.
    PasswordReset,
    /// A new passkey.
    Passkey,
    /// A change of the second factors.
    Factors,
    /// A change of the addresses.
    Contacts,
    /// Closing the space.
    Closure,
    /// Closing it for a caller: in an agent's session.
    PhoneClosure,
    /// Reopening it.
    Reopening,
    /// Taking everything away.
    Export,
}

/// What a try of a one-time code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtpOutcome {
    /// It was right, and is used up.
    Right,
    /// It was wrong; another try is left.
    Wrong,
    /// Nothing can be tried any more: expired, used, or too many wrong tries.
    Over,
}

impl Challenge {
    /// A new challenge and the keyed hash of its code.
    pub fn new(new: NewChallenge<'_>, otp: &OneTimeCode, mac: &MacKey, now: Timestamp) -> Self {
        let parts = otp_parts(&new.challenge_id, otp);
        let tag = mac.tag(MacPurpose::OneTimeCode, &parts).to_vec();
        Self {
            challenge_id: new.challenge_id,
            schema: SCHEMA,
            login: new.login.as_str().to_owned(),
            account: new.account,
            space_id: new.space_id.clone(),
            purpose: new.purpose,
            session_id: new.session_id.cloned(),
            contact_id: Some(new.contact_id.clone()),
            otp: tag,
            tries: 0,
            carried: false,
            sent_at: now.as_second(),
            created_at: now.as_second(),
            expires_at: now.as_second() + ONE_TIME_CODE_VALIDITY_S,
        }
    }

    /// A new challenge that an application or a passkey answers: 256 random bits to
    /// sign.
    pub fn strong(
        challenge_id: ChallengeId,
        login: &BlindIndex,
        account: Option<ChallengedAccount>,
        space_id: &SpaceId,
        random: &dyn Random,
        now: Timestamp,
    ) -> Self {
        let mut nonce = [0; 32];
        random.fill(&mut nonce);
        Self {
            challenge_id,
            schema: SCHEMA,
            login: login.as_str().to_owned(),
            account,
            space_id: space_id.clone(),
            purpose: ChallengePurpose::Login,
            session_id: None,
            contact_id: None,
            otp: nonce.to_vec(),
            tries: 0,
            carried: false,
            sent_at: now.as_second(),
            created_at: now.as_second(),
            expires_at: now.as_second() + ONE_TIME_CODE_VALIDITY_S,
        }
    }

    /// The same for an act of a session: a new passkey, or a step-up.
    #[must_use]
    pub fn for_act(self, purpose: ChallengePurpose, session_id: &SessionId) -> Self {
        Self { purpose, session_id: Some(session_id.clone()), ..self }
    }

    /// A challenge that no code answers, kept under every reset that is asked for:
    /// whether a real one follows shows nowhere.
    pub fn decoy(
        challenge_id: ChallengeId,
        login: &BlindIndex,
        random: &dyn Random,
        now: Timestamp,
    ) -> Self {
        let nobody = SpaceId::generate(random);
        let strong = Self::strong(challenge_id, login, None, &nobody, random, now);
        Self { purpose: ChallengePurpose::PasswordReset, ..strong }
    }

    /// What a passkey signs.
    pub fn nonce(&self) -> &[u8] {
        &self.otp
    }

    /// The same challenge with a fresh code, sent elsewhere.
    #[must_use]
    pub fn sent_to(
        &self,
        contact_id: &ContactId,
        otp: &OneTimeCode,
        mac: &MacKey,
        now: Timestamp,
    ) -> Self {
        let parts = otp_parts(&self.challenge_id, otp);
        let tag = mac.tag(MacPurpose::OneTimeCode, &parts).to_vec();
        let contact_id = Some(contact_id.clone());
        let last = self.created_at + CHALLENGE_LIFE_MAX_S;
        let expires_at = (now.as_second() + ONE_TIME_CODE_VALIDITY_S).min(last);
        let sent_at = now.as_second();
        Self { contact_id, otp: tag, sent_at, expires_at, ..self.clone() }
    }

    /// Whether `otp` is the code that was sent, in constant time.
    pub fn is_code(&self, otp: &OneTimeCode, mac: &MacKey) -> bool {
        let parts = otp_parts(&self.challenge_id, otp);
        (self.contact_id.is_some() || self.carried)
            && mac.matches(MacPurpose::OneTimeCode, &parts, &self.otp)
    }

    /// Whether it confirms an act of that kind in that session.
    pub fn confirms(&self, purpose: ChallengePurpose, session_id: &SessionId) -> bool {
        self.purpose == purpose && self.session_id.as_ref() == Some(session_id)
    }

    /// The account that is logging in.
    pub fn login(&self) -> BlindIndex {
        BlindIndex::from_stored(self.login.clone())
    }
}

impl Challenges {
    /// Uses the table of `ESPACE_CHALLENGES_TABLE`.
    pub fn new(aws: &Aws, environment: &mut Environment) -> Self {
        Self { table: Table::new(aws, environment, "ESPACE_CHALLENGES_TABLE") }
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.table.client
    }

    /// The challenge of that name, while it is valid.
    pub async fn find(
        &self,
        challenge_id: &ChallengeId,
        now: Timestamp,
    ) -> Result<Option<Challenge>, StorageError> {
        let found: Option<Challenge> = self.table.find(key(challenge_id)).await?;
        let is_alive = |found: &Challenge| {
            now.as_second() < found.expires_at && found.tries < OTP_ATTEMPTS_MAX
        };
        Ok(found.filter(is_alive))
    }

    /// Counts a try before it is judged; `false` when none is left. For answers that
    /// tell more than right or wrong: of many at once no more than the limit are
    /// judged.
    pub async fn claim_try(&self, challenge: &Challenge) -> Result<bool, StorageError> {
        let values = item([
            (":one", n(1)),
            (":tag", b(challenge.otp.clone())),
            (":max", n(OTP_ATTEMPTS_MAX)),
        ]);
        let condition = "#otp = :tag AND #tries < :max";
        let key = key(&challenge.challenge_id);
        Ok(self.table.update(key, "ADD #tries :one", condition, values).await?.is_some())
    }

    /// Uses a challenge up after [`Self::claim_try`]; of two at once one.
    pub async fn use_up(
        &self,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let values = item([(":now", n(now.as_second())), (":tag", b(challenge.otp.clone()))]);
        let update = "REMOVE #otp SET #expiresAt = :now";
        let key = key(&challenge.challenge_id);
        Ok(self.table.update(key, update, "#otp = :tag", values).await?.is_some())
    }

    /// The same as part of an act: where the act is not done, the code can serve again.
    pub fn used_up(&self, challenge: &Challenge, now: Timestamp) -> Result<Change, StorageError> {
        let values = item([(":now", n(now.as_second())), (":tag", b(challenge.otp.clone()))]);
        let part = self.table.update_in_transaction(
            key(&challenge.challenge_id),
            "REMOVE #otp SET #expiresAt = :now",
            "#otp = :tag",
            values,
        )?;
        Ok(Change::new("challenge", part))
    }

    /// Gives a challenge that was proven by an application or a passkey the digits by
    /// which an act carries the proof; `false` when it was used meanwhile.
    pub async fn carry(
        &self,
        challenge: &Challenge,
        otp: &OneTimeCode,
        mac: &MacKey,
    ) -> Result<bool, StorageError> {
        let parts = otp_parts(&challenge.challenge_id, otp);
        let tag = mac.tag(MacPurpose::OneTimeCode, &parts).to_vec();
        let values = item([
            (":otp", b(tag)),
            (":yes", AttributeValue::Bool(true)),
            (":tag", b(challenge.otp.clone())),
            (":max", n(OTP_ATTEMPTS_MAX)),
        ]);
        let update = "SET #otp = :otp, #carried = :yes";
        let condition = "#otp = :tag AND #tries < :max";
        let key = key(&challenge.challenge_id);
        Ok(self.table.update(key, update, condition, values).await?.is_some())
    }

    /// Tries a code. A right one uses the challenge up; a wrong one is counted.
    pub async fn answer(
        &self,
        challenge: &Challenge,
        otp: &OneTimeCode,
        mac: &MacKey,
        now: Timestamp,
    ) -> Result<OtpOutcome, StorageError> {
        let right = challenge.is_code(otp, mac);
        self.settle(challenge, right, now).await
    }

    /// Settles a try that was judged: a right one uses the challenge up, of two at
    /// once one; a wrong one is counted.
    pub async fn settle(
        &self,
        challenge: &Challenge,
        right: bool,
        now: Timestamp,
    ) -> Result<OtpOutcome, StorageError> {
        let (update, amount, done) = if right {
            ("REMOVE #otp SET #expiresAt = :amount", now.as_second(), OtpOutcome::Right)
        } else {
            ("ADD #tries :amount", 1, OtpOutcome::Wrong)
        };
        let values = item([
            (":amount", n(amount)),
            (":tag", b(challenge.otp.clone())),
            (":max", n(OTP_ATTEMPTS_MAX)),
        ]);
        let condition = "#otp = :tag AND #tries < :max";
        let settled =
            self.table.update(key(&challenge.challenge_id), update, condition, values).await?;
        Ok(if settled.is_some() { done } else { OtpOutcome::Over })
    }

    /// Keeps a challenge that no message carries.
    pub async fn keep(&self, challenge: &Challenge) -> Result<(), StorageError> {
        self.table.put(challenge, "attribute_not_exists(#challengeId)").await.map(|_| ())
    }

    /// The write of a new challenge.
    pub(crate) fn put_in_transaction(
        &self,
        challenge: &Challenge,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.put_in_transaction(challenge, "attribute_not_exists(#challengeId)")
    }

    /// The write that puts a real challenge in a decoy's place, refused where that was
    /// done already.
    pub(crate) fn reveal_in_transaction(
        &self,
        challenge: &Challenge,
    ) -> Result<TransactWriteItem, StorageError> {
        let condition = "attribute_exists(#challengeId) AND attribute_not_exists(#contactId)";
        self.table.put_in_transaction(challenge, condition)
    }

    /// The write of a challenge sent elsewhere, refused where it was answered, or
    /// sent less than `delay_s` ago. Wrong tries go on counting.
    pub(crate) fn resend_in_transaction(
        &self,
        before: &Challenge,
        after: &Challenge,
        delay_s: i64,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.update_in_transaction(
            key(&after.challenge_id),
            "SET #otp = :otp, #contactId = :contact, #sentAt = :sent, #expiresAt = :expires",
            "#otp = :seen AND #sentAt <= :latest",
            item([
                (":otp", b(after.otp.clone())),
                (":contact", s(after.contact_id.as_ref().map_or("", ContactId::as_str))),
                (":sent", n(after.sent_at)),
                (":expires", n(after.expires_at)),
                (":seen", b(before.otp.clone())),
                (":latest", n(after.sent_at - delay_s)),
            ]),
        )
    }
}

fn key(challenge_id: &ChallengeId) -> Item {
    item([("challengeId", s(challenge_id.as_str()))])
}

fn otp_parts<'a>(challenge_id: &'a ChallengeId, otp: &'a OneTimeCode) -> [&'a [u8]; 3] {
    [b"challenge", challenge_id.as_str().as_bytes(), otp.expose().as_bytes()]
}
