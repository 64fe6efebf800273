//! A producer's end of a ring of many.

use super::*;

/// Searches for a free ticket before a producer gives up: each was spoiled by others who moved
/// on by a whole lap meanwhile, or by words that make no sense.
const TRIES: u32 = 16;

/// Space that a producer owns until it commits or aborts. Made by [`ProducerCursor::claim`]
/// only, never cloned: holding one proves that nobody else may touch these granules, also
/// after the consumer has given up on it.
#[derive(Debug)]
#[must_use = "a claim that is not committed holds the ring up"]
pub struct Claim {
    ticket: u32,
    start: u32,
    count: u32,
}

impl Claim {
    /// Index of the first granule, below the capacity.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Granules claimed; contiguous.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }
}

/// What came of one look for a free ticket.
enum Search {
    Claimed(Claim),
    /// The words have moved on meanwhile.
    Again,
}

/// What a producer remembers: its seat, and the ticket that it holds.
#[derive(Debug)]
pub struct ProducerCursor {
    seat: u32,
    held: Option<u32>,
}

impl ProducerCursor {
    /// Sits down on a seat whose lease the caller holds; `None` while a ticket that the seat
    /// announces is unresolved: it was a dead party's, and is still to be taken from it.
    ///
    /// # Errors
    /// `NoSuchIndex`; `Corrupt` if the ring was found to be beyond repair.
    pub fn sit<M: Words>(words: &M, seat: u32) -> Result<Option<Self>, Error> {
        // Relaxed: it was so before anybody could sit down.
        if words.head_ticket().load(Ordering::Relaxed) > MASK {
            return Err(IMPOSSIBLE);
        }
        if let Some(ticket) = announced(words, seat)?
            && is_unresolved(words, ticket)?
        {
            return Ok(None);
        }
        let cursor = Self { seat, held: None };
        cursor.withdraw(words);
        Ok(Some(cursor))
    }

    /// The index of its seat.
    #[must_use]
    pub const fn seat(&self) -> u32 {
        self.seat
    }

    /// Claims `count` contiguous granules. A claim that was forgotten is aborted first.
    ///
    /// # Errors
    /// `TooLarge` over half the capacity (an empty ring always takes half); `Full`, also if all
    /// tickets are in use; `Contended`.
    #[inline]
    pub fn claim<M: Words>(&mut self, words: &M, count: u32) -> Result<Claim, Error> {
        self.settle(words)?;
        let max = max_count(words.capacity());
        if count == 0 || count > max {
            return Err(Error::TooLarge { len: count as usize, max: max as usize });
        }
        let outcome = self.try_claim(words, count);
        match &outcome {
            Ok(claim) => self.held = Some(claim.ticket),
            Err(_) => self.withdraw(words),
        }
        outcome
    }

    fn try_claim<M: Words>(&self, words: &M, count: u32) -> Result<Claim, Error> {
        for _ in 0..TRIES {
            if let Search::Claimed(claim) = self.search(words, count)? {
                return Ok(claim);
            }
        }
        Err(Error::Contended { tries: TRIES })
    }

    fn search<M: Words>(&self, words: &M, count: u32) -> Result<Search, Error> {
        let (capacity, tickets) = (words.capacity(), words.ticket_count());
        // Acquire: the ticket before this one is claimed, and whoever claimed it saw a head from
        // which its end is no further than the capacity, so a head loaded below can't be older by
        // a wrap; pairs with Release below.
        let hint = words.tail().load(ordering("mpsc: load of the tail", Ordering::Acquire)) & MASK;
        // Before anything is looked at that this claim is made from: while a producer sleeps on
        // what it saw, it must be known to. Which ticket it takes in the end does not matter for
        // that.
        if !is_planted("mpsc: claimed before announced") {
            self.announce(words, hint);
        }
        // Acquire: the ticket before it is the anchor; pairs with Release in
        // `ConsumerCursor::release`.
        let order = ordering("mpsc: load of the head ticket", Ordering::Acquire);
        let oldest = words.head_ticket().load(order) & MASK;
        // Relaxed: the extent before either was acquired with it.
        let end_before = |ticket: u32| {
            extent(words, moved(ticket, MASK)).map(|word| end_of(word.load(Ordering::Relaxed)))
        };
        let hinted = if distance(oldest, hint) < tickets { end_before(hint)? } else { None };
        let (mut ticket, mut before) = match hinted {
            Some(end) => (hint, end),
            // Nobody stored the hint that was due, or somebody stored nonsense.
            None => match end_before(oldest)? {
                Some(end) => (oldest, end),
                None => return Ok(Search::Again),
            },
        };
        for _ in 0..tickets {
            // Before the exchange of the extent, which is Release: whoever finds it claimed finds
            // the announcement, too.
            if !is_planted("mpsc: claimed before announced") {
                self.announce(words, ticket);
            }
            let (word, empty) = (extent(words, ticket)?, lap(words, ticket));
            // Acquire: the state of an empty one is open, or its exchange could fail on an older
            // value; pairs with Release in `ConsumerCursor::release`. A claimed one bounds the
            // age of the head, as the tail does.
            let found = word.load(ordering("mpsc: load of an extent", Ordering::Acquire));
            if let Some(end) = end_of(found) {
                let ahead = distance(before, end);
                if ahead == 0 || ahead >= capacity {
                    // Of the last lap: it was not recycled yet.
                    return Err(Error::Full);
                }
                (ticket, before) = (moved(ticket, 1), end);
                continue;
            }
            if found != empty {
                return Ok(Search::Again);
            }
            let place = Place::after(before, count, capacity);
            // Acquire because what the consumer has read is overwritten next; pairs with Release
            // in `ConsumerCursor::release`. Loaded each time: a remembered head could be older
            // by a whole wrap.
            let head = words.head().load(ordering("mpsc: load of the head", Ordering::Acquire));
            if distance(head, place.end) > capacity {
                // Either there is no room, or this ticket was claimed, read and recycled.
                if distance(head, before) <= capacity {
                    return Err(Error::Full);
                }
                return Ok(Search::Again);
            }
            // Release: publishes the announcement; pairs with Acquire in `is_unresolved`. If it
            // is lost, the next round finds who won.
            let order = ordering("mpsc: claim", Ordering::Release);
            if word.cas(empty, CLAIMED | place.end, order, Ordering::Relaxed).is_ok() {
                if is_planted("mpsc: claimed before announced") {
                    self.announce(words, ticket);
                }
                // Release: pairs with Acquire above. Others may store an older ticket later;
                // searching from there only takes longer.
                let order = ordering("mpsc: store of the tail", Ordering::Release);
                words.tail().store(moved(ticket, 1), order);
                let start = place.start & (capacity - 1);
                return Ok(Search::Claimed(Claim { ticket, start, count }));
            }
        }
        Ok(Search::Again)
    }

    /// Publishes the first `used` granules of a claim.
    ///
    /// # Errors
    /// `Fenced` if the consumer has given up on it: it will never be read.
    #[inline]
    pub fn commit<M: Words>(&mut self, words: &M, claim: Claim, used: u32) -> Result<(), Error> {
        self.resolve(words, claim.ticket, COMMITTED | used.min(claim.count))
    }

    /// Gives a claim up. Nobody reads it.
    pub fn abort<M: Words>(&mut self, words: &M, claim: Claim) {
        // Whether the consumer has given up on it before makes no difference any more.
        let _ = self.resolve(words, claim.ticket, RELEASED | lap(words, claim.ticket));
    }

    /// Aborts the claim that is held still, if any: one that was forgotten.
    ///
    /// # Errors
    /// `NoSuchIndex`, if this was another ring's.
    pub fn settle<M: Words>(&mut self, words: &M) -> Result<(), Error> {
        match self.held {
            Some(ticket) => match self.resolve(words, ticket, RELEASED | lap(words, ticket)) {
                Err(Error::Fenced) => Ok(()),
                other => other,
            },
            None => Ok(()),
        }
    }

    /// Changes the state of the ticket that is held from OPEN.
    fn resolve<M: Words>(&mut self, words: &M, ticket: u32, to: u32) -> Result<(), Error> {
        if self.held != Some(ticket) {
            // It was taken for forgotten.
            return Err(Error::Fenced);
        }
        self.held = None;
        let (word, lap) = (state(words, ticket)?, lap(words, ticket));
        if is_planted("mpsc: withdrawn before resolved") {
            self.withdraw(words);
        }
        // Release because the state announces the record, or that its space may be used again;
        // pairs with Acquire in `ConsumerCursor`.
        let order = ordering("mpsc: commit", Ordering::Release);
        let outcome = match word.cas(OPEN | lap, to, order, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => {
                // Release because the space may be used again, with all that was written there;
                // pairs with Acquire in `ConsumerCursor::release`. If the state is another
                // still, somebody took us for dead: there is nothing left to do.
                let order = ordering("mpsc: acknowledge", Ordering::Release);
                let _ = word.cas(ABANDONED | lap, RELEASED | lap, order, Ordering::Relaxed);
                Err(Error::Fenced)
            }
        };
        self.withdraw(words);
        outcome
    }

    /// Says which ticket it is about to look at. The exchange of the extent publishes it.
    #[inline]
    fn announce<M: Words>(&self, words: &M, ticket: u32) {
        if let Some(intent) = words.intent(self.seat) {
            // Release for the tickets that it does not announce any more, as in `withdraw`: a
            // Relaxed store over a Release store releases nothing.
            let order = ordering("mpsc: announce", Ordering::Release);
            intent.store(ANNOUNCED | ticket, order);
        }
    }

    /// Says that it holds no ticket.
    #[inline]
    fn withdraw<M: Words>(&self, words: &M) {
        if let Some(intent) = words.intent(self.seat) {
            // Release: whoever finds the ticket unannounced finds it resolved; pairs with Acquire
            // in `announcer`, where it says why no model sees it.
            intent.store(0, ordering("mpsc: withdraw", Ordering::Release));
        }
    }
}
