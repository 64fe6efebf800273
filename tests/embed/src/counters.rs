//! Named counters.

use inos_core::{Counter, CounterId, Counters, Error, Reading, SectionId, Sections, Trust};

use crate::{Input, used};

/// Allocates, counts, looks.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let counters = Counters::open(sections, SectionId(input.number()))?;
    used(Counters::capacity(&counters));
    let counter = Counters::allocate(&counters, input.text(), input.number(), input.number())?;
    Counter::add(&counter, input.number());
    used((Counter::id(&counter), Counter::value(&counter)));
    let id = CounterId { index: input.number(), generation: input.number() };
    used(Counters::add(&counters, id, input.number()));
    Counters::iter(&counters).for_each(|reading| used(Reading::label(&reading)));
    used(Counters::find(&counters, input.text()));
    Counters::get(&counters, id).map(used)
}
