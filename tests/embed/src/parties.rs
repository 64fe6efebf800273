//! Parties that join, leave and die.

use core::hint::black_box;

use inos_core::{Error, Liveness, Parties, Party, PartyInfo, SectionId, Sections, Spin, Trust};

use crate::{Input, used};

/// A host that can say anything.
struct Oracle;

// SAFETY: nobody joins twice in these programs, and nobody is ever said to be dead; the
// compiler does not know.
unsafe impl Liveness for Oracle {
    type Guard = ();

    const SCHEME: u32 = 0;
    const EXCLUSIVE: bool = true;

    fn covers(&self, _: *const u8) -> bool {
        black_box(true)
    }

    fn enter(&self, _: u16) -> Result<Option<()>, Error> {
        black_box(Ok(Some(())))
    }

    fn is_dead(&self, _: u16) -> bool {
        black_box(false)
    }
}

/// Joins, looks around, reaps, leaves.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let (id, number) = (SectionId(input.number()), input.number());
    let parties = Parties::open(sections, id)?;
    used(Parties::config(&parties));
    used(Sections::join(sections, id, &Oracle, input.text())?);
    let party = Sections::join_as(sections, id, &Oracle, input.text(), number)?;
    used((Party::number(&party), Sections::party(&Party::sections(&party))));
    used(Party::heartbeat(&party)?.advance(&Spin { polls: number }));
    used(Parties::heartbeat_watcher(&parties, number as u16));
    Parties::iter(&parties).for_each(|info| used(PartyInfo::label(&info)));
    used(Parties::info(&parties, number as u16)?);
    Party::reap(&party, &Oracle).map(used)
}
