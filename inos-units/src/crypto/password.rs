//! Argon2id.

use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};
use zeroize::Zeroizing;

use super::{CheckParams, PasswordParams};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::schema::Bytes;

/// KiB times passes at most: some two seconds, in which the budget is not looked at.
const MAX_WORK: u64 = 2_097_152;

/// Credits for a KiB and a pass.
const CREDITS_PER_KIB: u64 = 1_000;

/// `argon2id_hash`.
pub(super) fn hash(
    params: &PasswordParams,
    password: &[u8],
    budget: &Budget,
) -> Result<Zeroizing<Vec<u8>>, UnitError> {
    let PasswordParams { salt, memory, passes, lanes, length, secret, associated } = params;
    let bad = |name, expected| UnitError::BadParam { name, expected };
    if u64::from(*memory) < 8 * u64::from(*lanes) {
        return Err(bad("memory", "at least 8 KiB for each lane"));
    }
    let work = u64::from(*memory) * u64::from(*passes);
    if work > MAX_WORK {
        return Err(bad("passes", "no more than 2097152 with the memory"));
    }
    budget.check()?;
    budget.spend(work * CREDITS_PER_KIB)?;
    let refused = || bad("memory", "parameters of Argon2id");
    let built = ParamsBuilder::new()
        .m_cost(*memory)
        .t_cost(*passes)
        .p_cost(*lanes)
        .output_len(*length as usize)
        .data(AssociatedData::new(associated.as_slice()).map_err(|_| refused())?)
        .build()
        .map_err(|_| refused())?;
    let (version, algorithm) = (Version::V0x13, Algorithm::Argon2id);
    let count = built.block_count();
    let argon = match secret.as_slice() {
        [] => Argon2::new(algorithm, version, built),
        secret => Argon2::new_with_secret(secret, algorithm, version, built)
            .map_err(|_| bad("secret", "a shorter secret"))?,
    };
    let mut blocks = Vec::new();
    let len = count.saturating_mul(size_of::<Block>());
    blocks.try_reserve_exact(count).map_err(|_| UnitError::OutOfMemory { len })?;
    blocks.resize(count, Block::new());
    let mut digest = Zeroizing::new(vec![0; *length as usize]);
    argon
        .hash_password_into_with_memory(password, salt.as_slice(), &mut digest, &mut blocks)
        .map_err(|_| refused())?;
    Ok(digest)
}

/// `argon2id_verify`.
pub(super) fn verify(
    params: &CheckParams,
    password: &[u8],
    budget: &Budget,
) -> Result<(), UnitError> {
    let CheckParams { hash: expected, salt, memory, passes, lanes, secret, associated } = params;
    let params = PasswordParams {
        salt: salt.clone(),
        memory: *memory,
        passes: *passes,
        lanes: *lanes,
        length: expected.as_slice().len() as u32,
        secret: secret.clone(),
        associated: associated.clone(),
    };
    let got = Bytes::from(hash(&params, password, budget)?.as_slice());
    // In constant time: `Bytes` compares so.
    if got == *expected { Ok(()) } else { Err(UnitError::Refused { what: "the password" }) }
}
