//! A unit whose methods do what units should not.

use std::panic;
use std::thread;
use std::time::Duration;

use inos::units::{Method, Output, UnitInfo, Version};
use inos::{Budget, Call, Dispatcher, Unit, UnitError};

use super::GRACE;

/// Until its time is over, or it is cancelled.
pub(crate) const WAIT: u16 = 0;
pub(crate) const PANIC: u16 = 1;
/// Longer than anybody waits for it.
pub(crate) const LATE: u16 = 2;

static INFO: UnitInfo = UnitInfo {
    name: "rogue",
    version: Version { major: 1, minor: 0, patch: 0 },
    summary: "",
    methods: &[Method::named("wait"), Method::named("panic"), Method::named("late")],
};

struct Rogue;

impl Unit for Rogue {
    fn info(&self) -> &'static UnitInfo {
        &INFO
    }

    fn execute(
        &self,
        method: u16,
        _: Call<'_>,
        _: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        match method {
            WAIT => loop {
                budget.check()?;
                thread::sleep(Duration::from_micros(200));
            },
            PANIC => panic!("a bug in a unit"),
            _ => {
                thread::sleep(4 * GRACE);
                Ok(0)
            }
        }
    }

    fn bound(&self, _: u16, _: Call<'_>) -> Result<usize, UnitError> {
        Ok(0)
    }
}

/// The usual ones, and this.
pub(crate) fn units() -> Dispatcher {
    let mut units = Dispatcher::standard();
    units.register(Box::new(Rogue)).unwrap();
    units
}

/// Its panics, hundreds of them, are not told.
pub(crate) fn hush() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref() != Some(&"a bug in a unit") {
            tell(info);
        }
    }));
}
