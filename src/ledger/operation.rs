//! What can be done to a ledger, and how it is written down.
#![forbid(unsafe_code)]

/// A holder of credits. Number 0 is the treasury.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub u64);

impl AccountId {
    /// Where credits are minted and burned. It is always open.
    pub const TREASURY: Self = Self(0);
}

/// The name of one operation, chosen by who asks for it: below 2^127, and never used for another
/// one. What is asked for again under its name has been done once.
///
/// A name from 2^127 on is the ledger's own: [`Ledger::record`](super::Ledger::record).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub u128);

/// The bit of the ledger's own names; the others say the operation's number.
const OWN: u128 = 1 << 127;

impl OpId {
    pub(super) const fn own(sequence: u64) -> Self {
        Self(OWN | sequence as u128)
    }

    pub(super) const fn is_own(self) -> bool {
        self.0 & OWN != 0
    }
}

/// One change, made as a whole or not at all. Amounts are in credits, of which 0 are allowed, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Opens an account, without credits.
    Open {
        /// The new account.
        account: AccountId,
    },
    /// Closes an account that has no credits and is party to no reservation.
    Close {
        /// The account.
        account: AccountId,
    },
    /// Makes credits, in the treasury.
    Mint {
        /// How many.
        amount: u64,
    },
    /// Destroys credits of the treasury.
    Burn {
        /// How many.
        amount: u64,
    },
    /// Moves credits.
    Transfer {
        /// Who pays.
        from: AccountId,
        /// Who is paid.
        to: AccountId,
        /// How many.
        amount: u64,
    },
    /// Sets credits aside, in escrow, until [`Settle`](Self::Settle) names this operation.
    Reserve {
        /// Who may have to pay.
        from: AccountId,
        /// Who may be paid.
        to: AccountId,
        /// The most that can be paid.
        amount: u64,
    },
    /// Ends a reservation: a part of it is paid, and the rest goes back.
    Settle {
        /// The operation that reserved.
        reservation: OpId,
        /// What is paid; 0 refunds all of it.
        paid: u64,
    },
}

/// Bytes of an operation and its name: a number of its kind, 16 bytes of name, and three fields, all
/// little-endian: two accounts and an amount, or 16 bytes of a reservation's name and an amount.
pub(super) const OP_LEN: usize = 48;

const OPEN: u64 = 1;
const CLOSE: u64 = 2;
const MINT: u64 = 3;
const BURN: u64 = 4;
const TRANSFER: u64 = 5;
const RESERVE: u64 = 6;
const SETTLE: u64 = 7;

impl Operation {
    pub(super) fn encode(&self, id: OpId) -> [u8; OP_LEN] {
        let (kind, first, second, amount) = match *self {
            Self::Open { account } => (OPEN, account.0, 0, 0),
            Self::Close { account } => (CLOSE, account.0, 0, 0),
            Self::Mint { amount } => (MINT, 0, 0, amount),
            Self::Burn { amount } => (BURN, 0, 0, amount),
            Self::Transfer { from, to, amount } => (TRANSFER, from.0, to.0, amount),
            Self::Reserve { from, to, amount } => (RESERVE, from.0, to.0, amount),
            Self::Settle { reservation: OpId(of), paid } => {
                (SETTLE, of as u64, (of >> 64) as u64, paid)
            }
        };
        let mut bytes = [0; OP_LEN];
        let words = [kind, id.0 as u64, (id.0 >> 64) as u64, first, second, amount];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// None if the bytes are not what [`encode`](Self::encode) makes.
    pub(super) fn decode(bytes: &[u8; OP_LEN]) -> Option<(OpId, Self)> {
        let mut words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next();
        let kind = next()?;
        let id = OpId(wide(next()?, next()?));
        let (first, second, amount) = (next()?, next()?, next()?);
        let [from, to] = [first, second].map(AccountId);
        let operation = match kind {
            OPEN => Self::Open { account: from },
            CLOSE => Self::Close { account: from },
            MINT => Self::Mint { amount },
            BURN => Self::Burn { amount },
            TRANSFER => Self::Transfer { from, to, amount },
            RESERVE => Self::Reserve { from, to, amount },
            SETTLE => Self::Settle { reservation: OpId(wide(first, second)), paid: amount },
            _ => return None,
        };
        // Fields that a kind has no use for are 0.
        (operation.encode(id) == *bytes).then_some((id, operation))
    }
}

pub(super) const fn wide(low: u64, high: u64) -> u128 {
    low as u128 | (high as u128) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_its_bytes() {
        let (from, to, amount) = (AccountId(0x0102), AccountId(u64::MAX), 0x0a0b_0c0d);
        let id = OpId(7 | 8 << 64);
        let all = [
            Operation::Open { account: from },
            Operation::Close { account: to },
            Operation::Mint { amount },
            Operation::Burn { amount },
            Operation::Transfer { from, to, amount },
            Operation::Reserve { from, to, amount },
            Operation::Settle { reservation: OpId(9 | 10 << 64), paid: amount },
        ];
        for (kind, operation) in all.into_iter().enumerate() {
            let bytes = operation.encode(id);
            assert_eq!(bytes[..8], (kind as u64 + 1).to_le_bytes());
            assert_eq!((bytes[8], bytes[16]), (7, 8));
            assert_eq!(Operation::decode(&bytes), Some((id, operation)));
        }
        let settled = all[6].encode(id);
        assert_eq!((settled[24], settled[32], settled[40]), (9, 10, 0x0d));
        let mut odd = all[2].encode(id);
        odd[24] = 1;
        assert_eq!(Operation::decode(&odd), None, "minted for somebody");
        assert_eq!(Operation::decode(&[0; OP_LEN]), None);
        assert_eq!(Operation::decode(&[8; OP_LEN]), None);
    }
}
