//! The client that flies the flock: it makes the calls of a script, and step after step.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use inos::units::boids::{ResizeParams, StepParams};
use inos::{Cooperative, Error, Sections};

use crate::breeder::{Breeder, Nest, adopt};
use crate::caller::{Caller, Method};
use crate::problem::Problem;
use crate::script::{Act, Call, End, Scribe, Script};
use crate::world::FRAMES;

/// Steps under way at once: while one runs, the next is waiting for it.
const DEPTH: u32 = 2;

/// What the person at the keys wants.
pub(crate) enum Order {
    /// Stand still, or fly on.
    Pause(bool),
    /// Other rules from the next step on.
    Rules(StepParams),
    /// More boids, or fewer.
    Count(u32),
    /// Begin anew.
    Reset,
}

/// How long and how fast to fly.
pub(crate) struct Plan {
    /// What to do, and when.
    pub(crate) script: Script,
    /// 0: until told to stop.
    pub(crate) steps: u64,
    /// Steps a second at most; 0: no limit.
    pub(crate) rate: u32,
    /// Where better rules come from.
    pub(crate) evolution: Evolution,
}

/// Who breeds rules for a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evolution {
    /// Nobody.
    None,
    /// Somebody else, while the flock flies.
    Beside,
    /// The pilot, so many generations spread over the plan's steps: the same flight whatever the
    /// machine.
    Spread(u64),
}

/// What came of it.
pub(crate) struct Flown {
    pub(crate) steps: u64,
    pub(crate) seconds: f64,
}

/// A client of the units.
pub(crate) struct Pilot<'m> {
    caller: Caller<'m>,
    init: Method,
    scene: Method,
    resize: Method,
    step: Method,
    breeder: Option<Breeder<'m>>,
    nest: Nest<'m>,
    scribe: Option<Scribe>,
    /// Parameters of the next step, and the same as JSON.
    rules: StepParams,
    json: String,
    submitted: u64,
    answered: u64,
}

impl<'m> Pilot<'m> {
    /// Takes a lane and resolves the methods. What is done is told to `scribe`; `breeder` breeds
    /// when the pilot says so.
    ///
    /// # Errors
    /// `NoSeat` if all lanes are taken; `NoUnit` or `NoMethod` if the kernel serves no such method.
    pub(crate) fn new(
        sections: &Sections<'m, Cooperative>,
        breeder: Option<Breeder<'m>>,
        scribe: Option<Scribe>,
    ) -> Result<Self, Error> {
        let caller = Caller::new(sections)?;
        let method = |act: Act| caller.method("boids", act.name());
        Ok(Self {
            init: method(Act::Init)?,
            scene: method(Act::Scene)?,
            resize: method(Act::Resize)?,
            step: method(Act::Rules)?,
            caller,
            breeder,
            nest: Nest::new(sections)?,
            scribe,
            rules: StepParams::default(),
            json: String::new(),
            submitted: 0,
            answered: 0,
        })
    }

    /// Flies until the plan's last step, or until the sender of `orders` is gone.
    ///
    /// # Errors
    /// The first call that was refused.
    pub(crate) fn fly(&mut self, plan: &Plan, orders: &Receiver<Order>) -> Result<Flown, Problem> {
        let mut script = plan.script.calls.iter().peekable();
        while let Some(call) = script.next_if(|call| call.at == 0) {
            self.act(call.act, &call.params)?;
        }
        let pace = (plan.rate > 0).then(|| Duration::from_secs(1) / plan.rate);
        let begin = Instant::now();
        let (mut due, mut paused) = (begin, false);
        loop {
            let left = plan.steps == 0 || self.submitted < plan.steps;
            if !left && self.caller.under_way() == 0 {
                // What a recording says was done after the last step.
                while let Some(call) = script.next_if(|call| call.at <= self.submitted) {
                    self.act(call.act, &call.params)?;
                }
                break;
            }
            let now = Instant::now();
            let flying = left && !paused && now >= due && self.caller.under_way() < DEPTH;
            if flying {
                while let Some(call) = script.next_if(|call| call.at <= self.submitted) {
                    self.act(call.act, &call.params)?;
                }
                self.evolve(plan)?;
                self.take_off()?;
                // After a pause or a slow step time is not made up for.
                due = pace.map_or(now, |pace| (due + pace).max(now));
            }
            let idle = self.caller.under_way() == 0;
            let order = if idle && left {
                let wait = if paused { Duration::from_secs(1) } else { due - now.min(due) };
                orders.recv_timeout(wait)
            } else {
                orders.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            };
            match order {
                Ok(Order::Pause(now)) => paused = now,
                Ok(Order::Rules(rules)) => self.act(Act::Rules, &rules.to_json())?,
                Ok(Order::Count(count)) => {
                    let params = ResizeParams { count, ..ResizeParams::default() };
                    self.act(Act::Resize, &params.to_json())?;
                }
                Ok(Order::Reset) => {
                    let first = plan.script.calls.iter().take_while(|call| call.at == 0);
                    for call in first.filter(|call| call.act != Act::Rules) {
                        self.act(call.act, &call.params)?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let under_way = self.caller.under_way();
            if under_way >= DEPTH || (under_way > 0 && !flying) {
                self.land()?;
            }
        }
        self.settle()?;
        Ok(Flown { steps: self.answered, seconds: begin.elapsed().as_secs_f64() })
    }

    /// Tells the scribe how the flight ended. Returns BLAKE3 of the newest frame, in hexadecimal.
    ///
    /// # Errors
    /// If the call was refused; what the file system says.
    pub(crate) fn end(&mut self) -> Result<String, Problem> {
        let digest = self.caller.digest(FRAMES)?;
        let end = End { steps: self.answered, digest };
        if let Some(scribe) = &mut self.scribe {
            scribe.end(&end)?;
        }
        Ok(end.digest)
    }

    /// Makes a call of a script, now.
    fn act(&mut self, act: Act, params: &str) -> Result<(), Problem> {
        if let Some(scribe) = &mut self.scribe {
            scribe.call(&Call { at: self.submitted, act, params: params.to_owned() })?;
        }
        if act == Act::Rules {
            self.rules = StepParams::decode(params.as_bytes())?;
            params.clone_into(&mut self.json);
            return Ok(());
        }
        self.settle()?;
        self.caller.submit(self.method(act), params, FRAMES, act != Act::Init)?;
        self.caller.answer(act.name()).map(|_| ())
    }

    /// Flies by the best rules that there are.
    fn evolve(&mut self, plan: &Plan) -> Result<(), Problem> {
        match (plan.evolution, &mut self.breeder) {
            (Evolution::None, _) => return Ok(()),
            (Evolution::Spread(generations), Some(breeder)) => {
                let due = due(generations, self.submitted, plan.steps);
                while breeder.bred() < due {
                    breeder.breed()?;
                }
            }
            _ => {}
        }
        if !self.nest.look()? {
            return Ok(());
        }
        let Some(bred) = self.nest.newest().map(|newest| adopt(&self.rules, newest)) else {
            return Ok(());
        };
        if bred == self.rules { Ok(()) } else { self.act(Act::Rules, &bred.to_json()) }
    }

    /// Submits a step.
    fn take_off(&mut self) -> Result<(), Problem> {
        self.caller.submit(self.step, &self.json, FRAMES, true)?;
        self.submitted += 1;
        Ok(())
    }

    /// Reads the answer of a step.
    fn land(&mut self) -> Result<(), Problem> {
        self.caller.answer("step")?;
        self.answered += 1;
        Ok(())
    }

    /// Reads the answers of all steps under way.
    fn settle(&mut self) -> Result<(), Problem> {
        while self.caller.under_way() > 0 {
            self.land()?;
        }
        Ok(())
    }

    fn method(&self, act: Act) -> Method {
        match act {
            Act::Init => self.init,
            Act::Scene => self.scene,
            Act::Resize => self.resize,
            Act::Rules => self.step,
        }
    }
}

/// How many of the generations are bred before the step of this number: the first before the
/// first step, all before the last one.
fn due(generations: u64, step: u64, steps: u64) -> u64 {
    let share = (u128::from(step) + 1) * u128::from(generations);
    let due = share.div_ceil(u128::from(steps).max(1));
    u64::try_from(due).unwrap_or(u64::MAX).min(generations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_spread_over_the_steps() {
        let spread = |generations, steps| -> Vec<u64> {
            (0..steps).map(|step| due(generations, step, steps)).collect()
        };
        assert_eq!(spread(2, 7), [1, 1, 1, 2, 2, 2, 2]);
        assert_eq!(spread(3, 3), [1, 2, 3]);
        assert_eq!(spread(5, 2), [3, 5]);
        assert_eq!(spread(4, 40)[9..11], [1, 2]);
        assert_eq!(due(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
    }
}
