//! One way to do some work.

use crate::Apart;

/// What a contender is to the others of its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The least that the machine must do; the first contender of a case, to which the others
    /// are compared.
    Limit,
    /// What others offer.
    Peer,
    /// What INOS offers.
    Inos,
}

/// One way to do some work.
pub trait Contender {
    /// Its name in tables.
    fn name(&self) -> &str;

    /// What it is to the others.
    fn role(&self) -> Role;

    /// The ratio to the limit that it should reach.
    fn goal(&self) -> Option<f64> {
        None
    }

    /// Where it stands in a picture of growth.
    fn at(&self) -> Option<Amount> {
        None
    }

    /// Brings its partners to life. Not timed.
    fn start(&mut self) {}

    /// What must happen before each operation, and is not timed. Called where the case says so.
    fn prepare(&mut self) {}

    /// Does `count` operations; how many of them gave the right result.
    fn run(&mut self, count: u64) -> u64;

    /// Ends its partners. Not timed.
    fn stop(&mut self) {}

    /// What else there is to say about all its runs: retries, failures, waste.
    fn note(&self) -> String {
        String::new()
    }
}

/// How large something is that contenders differ in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Bytes.
    Bytes(f64),
    /// A number of things.
    Count(f64),
}

impl Amount {
    /// The number, of whatever it is.
    #[must_use]
    pub const fn number(self) -> f64 {
        match self {
            Self::Bytes(number) | Self::Count(number) => number,
        }
    }
}

/// A contender that needs no partner, or has one that does not concern the harness.
pub struct Solo<'a> {
    name: String,
    role: Role,
    goal: Option<f64>,
    at: Option<Amount>,
    prepare: Box<dyn FnMut() + 'a>,
    run: Box<dyn FnMut(u64) -> u64 + 'a>,
    note: Box<dyn Fn() -> String + 'a>,
}

impl<'a> Solo<'a> {
    fn new(role: Role, name: impl Into<String>, run: impl FnMut(u64) -> u64 + 'a) -> Self {
        let mut run = Apart::new(run);
        let run = Box::new(move |count| run.get_mut()(count));
        let prepare = Box::new(|| {});
        let note = Box::new(String::new);
        Self { name: name.into(), role, goal: None, at: None, prepare, run, note }
    }

    /// It should take at most so many times what the limit takes.
    #[must_use]
    pub fn reach(mut self, ratio: f64) -> Self {
        self.goal = Some(ratio);
        self
    }

    /// It stands here in a picture of growth.
    #[must_use]
    pub fn stand(mut self, at: Amount) -> Self {
        self.at = Some(at);
        self
    }

    /// What must happen before each operation, in cases that say so.
    #[must_use]
    pub fn preparing(mut self, prepare: impl FnMut() + 'a) -> Self {
        self.prepare = Box::new(prepare);
        self
    }

    /// What to say about all runs, after the last.
    #[must_use]
    pub fn noting(mut self, note: impl Fn() -> String + 'a) -> Self {
        self.note = Box::new(note);
        self
    }

    /// As the harness takes it.
    #[must_use]
    pub fn boxed(self) -> Box<dyn Contender + 'a> {
        Box::new(self)
    }
}

impl Contender for Solo<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn goal(&self) -> Option<f64> {
        self.goal
    }

    fn at(&self) -> Option<Amount> {
        self.at
    }

    fn prepare(&mut self) {
        (self.prepare)();
    }

    fn run(&mut self, count: u64) -> u64 {
        (self.run)(count)
    }

    fn note(&self) -> String {
        (self.note)()
    }
}

/// The least that the machine must do.
pub fn limit<'a>(name: impl Into<String>, run: impl FnMut(u64) -> u64 + 'a) -> Solo<'a> {
    Solo::new(Role::Limit, name, run)
}

/// What others offer.
pub fn peer<'a>(name: impl Into<String>, run: impl FnMut(u64) -> u64 + 'a) -> Solo<'a> {
    Solo::new(Role::Peer, name, run)
}

/// What INOS offers.
pub fn inos<'a>(name: impl Into<String>, run: impl FnMut(u64) -> u64 + 'a) -> Solo<'a> {
    Solo::new(Role::Inos, name, run)
}
