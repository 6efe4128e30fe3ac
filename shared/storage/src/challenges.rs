//! Pending second factors. Must not know what they open.

use aws_sdk_dynamodb::types::TransactWriteItem;
use espace_crypto::{BlindIndex, MacKey, MacPurpose};
use espace_domain::{ChallengeId, ContactId, ONE_TIME_CODE_VALIDITY_S, OneTimeCode, SpaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{Item, SCHEMA, Table, b, item, n, s};
use crate::{Aws, Environment, StorageError};

/// Wrong tries of one one-time code before it is worthless.
pub const OTP_ATTEMPTS_MAX: u32 = 5;

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
    /// The holder's space.
    pub space_id: SpaceId,
    /// Where the code went.
    pub contact_id: ContactId,
    /// The keyed hash of the code; gone once it is used.
    #[serde(default, with = "serde_bytes")]
    otp: Vec<u8>,
    tries: u32,
    expires_at: i64,
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
    pub fn new(
        challenge_id: ChallengeId,
        login: &BlindIndex,
        space_id: SpaceId,
        contact_id: ContactId,
        otp: &OneTimeCode,
        mac: &MacKey,
        now: Timestamp,
    ) -> Self {
        let tag = mac.tag(MacPurpose::OneTimeCode, &otp_parts(&challenge_id, otp)).to_vec();
        Self {
            challenge_id,
            schema: SCHEMA,
            login: login.as_str().to_owned(),
            space_id,
            contact_id,
            otp: tag,
            tries: 0,
            expires_at: now.as_second() + ONE_TIME_CODE_VALIDITY_S,
        }
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
        Ok(found.filter(|found| now.as_second() < found.expires_at))
    }

    /// Tries a code. A right one uses the challenge up; a wrong one is counted.
    pub async fn answer(
        &self,
        challenge: &Challenge,
        otp: &OneTimeCode,
        mac: &MacKey,
        now: Timestamp,
    ) -> Result<OtpOutcome, StorageError> {
        let key = key(&challenge.challenge_id);
        let parts = otp_parts(&challenge.challenge_id, otp);
        if !mac.matches(MacPurpose::OneTimeCode, &parts, &challenge.otp) {
            let counted = self
                .table
                .update(
                    key,
                    "ADD #tries :one",
                    "#otp = :tag AND #tries < :max",
                    item([
                        (":one", n(1)),
                        (":tag", b(challenge.otp.clone())),
                        (":max", n(OTP_ATTEMPTS_MAX)),
                    ]),
                )
                .await?;
            return Ok(if counted.is_some() { OtpOutcome::Wrong } else { OtpOutcome::Over });
        }
        let used = self
            .table
            .update(
                key,
                "REMOVE #otp SET #expiresAt = :now",
                "#otp = :tag AND #tries < :max",
                item([
                    (":now", n(now.as_second())),
                    (":tag", b(challenge.otp.clone())),
                    (":max", n(OTP_ATTEMPTS_MAX)),
                ]),
            )
            .await?;
        Ok(if used.is_some() { OtpOutcome::Right } else { OtpOutcome::Over })
    }

    /// The write of a new challenge.
    pub(crate) fn put_in_transaction(
        &self,
        challenge: &Challenge,
    ) -> Result<TransactWriteItem, StorageError> {
        self.table.put_in_transaction(challenge, "attribute_not_exists(#challengeId)")
    }
}

fn key(challenge_id: &ChallengeId) -> Item {
    item([("challengeId", s(challenge_id.as_str()))])
}

fn otp_parts<'a>(challenge_id: &'a ChallengeId, otp: &'a OneTimeCode) -> [&'a [u8]; 3] {
    [b"challenge", challenge_id.as_str().as_bytes(), otp.expose().as_bytes()]
}
