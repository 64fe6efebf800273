//! The consumer's end of a ring of many producers.

use super::*;

/// Fruitless looks after which the consumer asks whether it waits for an orphan; a power of two.
const PATIENCE: u32 = 64;

/// Granules that were published and not yet read: the consumer's.
#[derive(Debug)]
pub struct Available {
    start: u32,
    count: u32,
}

impl Available {
    /// Index of the first granule, below the capacity.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Granules that one producer published from there on, together; contiguous.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }
}

/// What the consumer remembers. The words in memory that it alone writes are never believed
/// again.
#[derive(Debug)]
pub struct ConsumerCursor {
    /// The ticket that is being read, or the next one.
    ticket: u32,
    /// Where the space of the ticket before ends.
    before: u32,
    /// How far everything is read; inside of the ticket if part of it is.
    read: u32,
    /// Where the published part of the ticket, and its space, ends; if it is being read.
    open: Option<(u32, u32)>,
    /// The oldest ticket that was not recycled.
    oldest: u32,
    /// Where its space begins.
    head: u32,
    /// Looks that found nothing since the last one that did.
    fruitless: u32,
}

impl ConsumerCursor {
    /// Continues from the words in memory. The caller holds the consumer's role. What the last
    /// holder left undone, if it died, is done.
    ///
    /// # Errors
    /// `Corrupt` if the words are impossible.
    pub fn resume<M: Words>(words: &M) -> Result<Self, Error> {
        // Relaxed: stored by the last holder of the role that this one was acquired from.
        let oldest = words.head_ticket().load(Ordering::Relaxed);
        let read = words.read().load(Ordering::Relaxed);
        if oldest > MASK || read > MASK {
            return Err(IMPOSSIBLE);
        }
        let head = extent(words, moved(oldest, MASK))?.load(Ordering::Relaxed);
        let head = end_of(head).ok_or(IMPOSSIBLE)?;
        let mut cursor =
            Self { ticket: oldest, before: head, read, open: None, oldest, head, fruitless: 0 };
        cursor.finish_recycling(words)?;
        // Not yet stored if the last holder died just before. Release as in `release_some`.
        words.head().store(head, ordering("mpsc: store of the head", Ordering::Release));
        if distance(head, read) > words.capacity() {
            return Err(IMPOSSIBLE);
        }
        for _ in 0..words.ticket_count() {
            let left = distance(cursor.before, read);
            if left == 0 {
                return Ok(cursor);
            }
            // Relaxed: the last holder of the role saw it claimed.
            let end = end_of(extent(words, cursor.ticket)?.load(Ordering::Relaxed));
            let place = end.and_then(|end| Place::between(cursor.before, end, words.capacity()));
            let place = place.ok_or(IMPOSSIBLE)?;
            if left < distance(cursor.before, place.end) {
                return Ok(cursor);
            }
            (cursor.ticket, cursor.before) = (moved(cursor.ticket, 1), place.end);
        }
        Err(IMPOSSIBLE)
    }

    /// Empties the extents that a dead consumer had still to empty: those that end before the
    /// head. One that is claimed in this lap ends behind it.
    fn finish_recycling<M: Words>(&self, words: &M) -> Result<(), Error> {
        let capacity = words.capacity();
        for step in 1..words.ticket_count() {
            let ticket = moved(self.oldest, step - 1);
            let (word, empty) = (extent(words, ticket)?, lap(words, ticket));
            // Relaxed: what the last holder of the role emptied is seen so; whether one that it
            // left to the producers is claimed does not matter.
            let found = word.load(Ordering::Relaxed);
            match end_of(found) {
                Some(end) if (1..=capacity).contains(&distance(self.head, end)) => {}
                Some(end) if (1..capacity).contains(&distance(end, self.head)) => {
                    state(words, ticket)?.store(OPEN | empty, Ordering::Relaxed);
                    // Release as in `release_some`.
                    word.store(empty, ordering("mpsc: recycle", Ordering::Release));
                }
                None if found == empty => {}
                _ => return Err(IMPOSSIBLE),
            }
        }
        Ok(())
    }

    /// The next ticket to read, or the one that is being read.
    pub(super) const fn ticket(&self) -> u32 {
        self.ticket
    }

    /// The oldest ticket that was not recycled, and where its space begins.
    pub(super) const fn oldest(&self) -> (u32, u32) {
        (self.oldest, self.head)
    }

    /// What can be read now: what is left of one ticket.
    ///
    /// # Errors
    /// `Empty`; all that was read is free for the producers then. `Corrupt` once if a producer
    /// says that it used more than it had claimed, and what it wrote is passed by; again and again
    /// if a claim is impossible, since nothing after it can be found.
    #[inline]
    pub fn available<M: Words>(&mut self, words: &M) -> Result<Available, Error> {
        // So many tickets can be passed by; then it is time to return.
        for _ in 0..words.ticket_count() {
            if let Some((until, _)) = self.open {
                let count = distance(self.read, until);
                if count != 0 {
                    let start = self.read & (words.capacity() - 1);
                    return Ok(Available { start, count });
                }
                self.pass();
            }
            if !self.look(words)? {
                self.wait(words)?;
                return Err(Error::Empty);
            }
        }
        Err(Error::Empty)
    }

    /// Whether the next ticket can be claimed at all: if none was recycled for a whole lap, its
    /// entry is the anchor's still.
    #[inline]
    fn has_next<M: Words>(&self, words: &M) -> bool {
        distance(self.oldest, self.ticket) < words.ticket_count().wrapping_sub(1)
    }

    /// Opens the next ticket, or passes it by; `false` if it is not resolved yet.
    #[inline]
    fn look<M: Words>(&mut self, words: &M) -> Result<bool, Error> {
        if !self.has_next(words) {
            return Ok(false);
        }
        // Acquire because the record is read next; pairs with Release in
        // `ProducerCursor::resolve`.
        let order = ordering("mpsc: look", Ordering::Acquire);
        let found = state(words, self.ticket)?.load(order);
        if found == OPEN | lap(words, self.ticket) {
            return Ok(false);
        }
        // Relaxed: its producer claimed it before it changed the state, or this consumer saw it
        // claimed.
        let end = end_of(extent(words, self.ticket)?.load(Ordering::Relaxed));
        let place = end.and_then(|end| Place::between(self.before, end, words.capacity()));
        let place = place.filter(|place| distance(self.head, place.end) <= words.capacity());
        let Some(place) = place else {
            return Err(Error::Corrupt { what: "a claim in a shared ring" });
        };
        self.fruitless = 0;
        // Part of it may have been read by the last holder of the role.
        let used = if found & KIND == COMMITTED { found & VALUE } else { 0 };
        self.open = Some((moved(place.start, used), place.end));
        if distance(place.start, self.read) > used {
            self.read = place.start;
        }
        if used > place.count {
            self.pass();
            return Err(Error::Corrupt { what: "more used than claimed in a shared ring" });
        }
        Ok(true)
    }

    /// Marks `count` granules of what is available as read.
    #[inline]
    pub fn advance(&mut self, count: u32) {
        if let Some((until, _)) = self.open {
            self.read = moved(self.read, count.min(distance(self.read, until)));
        }
    }

    /// Goes on to the next ticket, with what is left of this one unread.
    pub fn pass(&mut self) {
        if let Some((_, end)) = self.open.take() {
            (self.ticket, self.before, self.read) = (moved(self.ticket, 1), end, end);
        }
    }

    /// Makes known how far everything is read, and gives the space back to the producers if that
    /// is an eighth of the ring.
    ///
    /// # Errors
    /// `Corrupt`, as in [`release`](Self::release).
    #[inline]
    pub fn settle<M: Words>(&mut self, words: &M) -> Result<(), Error> {
        if let Some((until, _)) = self.open
            && self.read == until
        {
            self.pass();
        }
        if distance(self.head, self.before) >= words.capacity() / 8
            || distance(self.oldest, self.ticket) >= words.ticket_count() / 8
        {
            return self.release(words);
        }
        // Relaxed: for the next holder of the role.
        words.read().store(self.read, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the space of all tickets that were passed by back to the producers, up to one that
    /// was abandoned by the consumer and not yet by its producer.
    ///
    /// # Errors
    /// `Corrupt` if a word that nobody should have written has changed.
    pub fn release<M: Words>(&mut self, words: &M) -> Result<(), Error> {
        // Relaxed: for the next holder of the role. Before anything is recycled, so that whoever
        // continues from here does not ask whether it was read.
        words.read().store(self.read, Ordering::Relaxed);
        for _ in 0..words.ticket_count() {
            if !self.release_some(words)? {
                break;
            }
        }
        Ok(())
    }

    /// Recycles tickets of less than a whole ring; so an extent that ends before the new head
    /// was claimed before it, and can't be one of those to come. Whether there may be more.
    fn release_some<M: Words>(&mut self, words: &M) -> Result<bool, Error> {
        let (mut oldest, mut head) = (self.oldest, self.head);
        while oldest != self.ticket {
            // Acquire because the space is used again, with all that its holder wrote there
            // before it acknowledged; pairs with Release in `ProducerCursor::resolve`.
            let order = ordering("mpsc: look at the oldest", Ordering::Acquire);
            let found = state(words, oldest)?.load(order);
            if found & KIND == ABANDONED
                && !is_planted("mpsc: recycled on suspicion")
                && !adopt(words, oldest)?
            {
                break;
            }
            if oldest & (LONG_AGO - 1) == 0 && is_haunted(words, oldest) {
                break;
            }
            // Relaxed: seen when it was passed by.
            let end = end_of(extent(words, oldest)?.load(Ordering::Relaxed)).ok_or(IMPOSSIBLE)?;
            let total = distance(self.head, end);
            if total > words.capacity() {
                return Err(IMPOSSIBLE);
            }
            if total == words.capacity() {
                break;
            }
            (oldest, head) = (moved(oldest, 1), end);
        }
        if oldest == self.oldest {
            return Ok(false);
        }
        // From the old anchor up to the new one, which stays as it is.
        let (first, last) = (moved(self.oldest, MASK), moved(oldest, MASK));
        let mut ticket = first;
        while ticket != last {
            // Relaxed: before the extent is empty nobody looks at it.
            let next = moved(ticket, words.ticket_count());
            state(words, ticket)?.store(OPEN | lap(words, next), Ordering::Relaxed);
            ticket = moved(ticket, 1);
        }
        // Release: the anchor before it is claimed; pairs with Acquire in
        // `ProducerCursor::claim`.
        let order = ordering("mpsc: store of the head ticket", Ordering::Release);
        words.head_ticket().store(oldest, order);
        // Release because the producers may overwrite what was read; pairs with Acquire in
        // `ProducerCursor::claim`.
        words.head().store(head, ordering("mpsc: store of the head", Ordering::Release));
        let mut ticket = first;
        while ticket != last {
            let next = moved(ticket, words.ticket_count());
            // Release because its state is open now; pairs with Acquire in
            // `ProducerCursor::claim`.
            let order = ordering("mpsc: recycle", Ordering::Release);
            extent(words, ticket)?.store(lap(words, next), order);
            ticket = moved(ticket, 1);
        }
        (self.oldest, self.head) = (oldest, head);
        Ok(true)
    }

    /// There is nothing to read: lets the producers have all the space, and asks now and then
    /// whether this waits for an orphan.
    fn wait<M: Words>(&mut self, words: &M) -> Result<(), Error> {
        self.fruitless = self.fruitless.wrapping_add(1);
        if self.fruitless.is_multiple_of(PATIENCE) {
            self.adopt(words)?;
        }
        if self.oldest != self.ticket {
            self.release(words)?;
        }
        Ok(())
    }

    /// Passes the next ticket by if it is an orphan; whether it was.
    /// [`available`](Self::available) does so when it has waited for a while.
    ///
    /// # Errors
    /// `Corrupt` if a claim is impossible.
    pub fn adopt<M: Words>(&mut self, words: &M) -> Result<bool, Error> {
        if self.open.is_some() || !self.has_next(words) {
            return Ok(false);
        }
        if !adopt(words, self.ticket)? || !self.look(words)? {
            return Ok(false);
        }
        self.pass();
        Ok(true)
    }

    /// A seat that announces the next ticket, if that is claimed and not committed. Most likely
    /// its holder has claimed it.
    #[must_use]
    pub fn waits_for<M: Words>(&self, words: &M) -> Option<u32> {
        let waits = self.open.is_none() && self.has_next(words);
        // Relaxed: its extent is looked at next, as `is_unresolved` says.
        let found = state(words, self.ticket).ok()?.load(Ordering::Relaxed);
        let open = found == OPEN | lap(words, self.ticket);
        if waits && open && is_unresolved(words, self.ticket).ok()? {
            announcer(words, self.ticket)
        } else {
            None
        }
    }

    /// Gives up on what the holder of a seat has claimed and not committed; whether there was
    /// such a ticket. The next look passes it by.
    ///
    /// # Errors
    /// `NoSuchIndex`.
    pub fn suspect<M: Words>(&self, words: &M, seat: u32) -> Result<bool, Error> {
        let Some(ticket) = announced(words, seat)? else { return Ok(false) };
        let next = if self.open.is_some() { moved(self.ticket, 1) } else { self.ticket };
        let ahead = distance(self.oldest, ticket);
        if ahead < distance(self.oldest, next) || ahead >= words.ticket_count().wrapping_sub(1) {
            return Ok(false);
        }
        // One that is not claimed yet must stay open for whoever claims it. Relaxed: nothing but
        // this word is read for it, and the next look at it does not see an older value.
        if end_of(extent(words, ticket)?.load(Ordering::Relaxed)).is_none() {
            return Ok(false);
        }
        let lap = lap(words, ticket);
        // Relaxed: it says nothing about any bytes.
        let relaxed = Ordering::Relaxed;
        Ok(state(words, ticket)?.cas(OPEN | lap, ABANDONED | lap, relaxed, relaxed).is_ok())
    }
}

/// Releases the ticket, one of the consumer's, if it is an orphan; whether it did.
fn adopt<M: Words>(words: &M, ticket: u32) -> Result<bool, Error> {
    if !is_unresolved(words, ticket)? {
        return Ok(false);
    }
    if announcer(words, ticket).is_some() && !is_planted("mpsc: orphans by guess") {
        return Ok(false);
    }
    let (word, lap) = (state(words, ticket)?, lap(words, ticket));
    // Relaxed: only this consumer acts on it, and what the dead wrote was acquired with their
    // lease. Only the consumer abandons, so the state does not go from OPEN to ABANDONED here.
    let relaxed = Ordering::Relaxed;
    Ok([OPEN, ABANDONED]
        .iter()
        .any(|from| word.cas(from | lap, RELEASED | lap, relaxed, relaxed).is_ok()))
}
