//! The client that flies the flock: it submits calls and reads their answers.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use inos::units::boids::{InitParams, ResizeParams, StepParams, frame_len};
use inos::{
    CallId, Client, Completion, Cooperative, Error, Futex, Lanes, PayloadRef, Sections, Submission,
    UnitId, UnitRegistry,
};

use crate::problem::Problem;
use crate::world::{BUFFER_LEN, FRAMES, LANES, UNITS};

/// Steps under way at once: while one runs, the next is waiting for it.
const DEPTH: u32 = 2;
/// Parts of the lane's buffer that calls take in turn; more than are ever under way.
const AREAS: u32 = 4;
const AREA_LEN: u32 = BUFFER_LEN / AREAS;
/// Where in its area a call's result goes, behind the parameters.
const RESULT_AT: u32 = AREA_LEN - 256;
/// A call that takes longer than this is not waited for: the kernel must be gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the person at the keys wants.
pub(crate) enum Order {
    /// Stand still, or fly on.
    Pause(bool),
    /// Other weights from the next step on.
    Params(StepParams),
    /// More boids, or fewer.
    Count(u32),
    /// Begin anew.
    Reset,
}

/// How long and how fast to fly.
pub(crate) struct Plan {
    pub(crate) first: InitParams,
    /// 0: until told to stop.
    pub(crate) steps: u64,
    /// Steps a second at most; 0: no limit.
    pub(crate) rate: u32,
}

/// What came of it.
pub(crate) struct Flown {
    pub(crate) steps: u64,
    pub(crate) seconds: f64,
}

/// A call's unit and method, resolved once.
#[derive(Clone, Copy)]
struct Method {
    unit: UnitId,
    index: u16,
    name: &'static str,
}

/// A client of the units.
pub(crate) struct Pilot<'m> {
    client: Client<'m, Cooperative>,
    init: Method,
    step: Method,
    resize: Method,
    blake3: Method,
    next_call: u32,
    under_way: u32,
}

impl<'m> Pilot<'m> {
    /// Takes a lane and resolves the methods.
    ///
    /// # Errors
    /// `NoSeat` if all lanes are taken; `NoUnit` or `NoMethod` if the kernel serves no such method.
    pub(crate) fn new(sections: &Sections<'m, Cooperative>) -> Result<Self, Error> {
        let units = UnitRegistry::open(sections, UNITS)?;
        let method = |unit, name| {
            let unit = units.find(unit)?;
            Ok::<_, Error>(Method { unit, index: units.method(unit, name)?, name })
        };
        Ok(Self {
            client: Lanes::open(sections, LANES)?.client()?,
            init: method("boids", "init")?,
            step: method("boids", "step")?,
            resize: method("boids", "resize")?,
            blake3: method("hash", "blake3")?,
            next_call: 0,
            under_way: 0,
        })
    }

    /// Flies until the plan's last step, or until the sender of `orders` is gone.
    ///
    /// # Errors
    /// The first call that was refused.
    pub(crate) fn fly(&mut self, plan: &Plan, orders: &Receiver<Order>) -> Result<Flown, Problem> {
        self.submit(self.init, &plan.first.to_json(), false)?;
        self.answer("init")?;
        let mut json = StepParams::default().to_json();
        let pace = (plan.rate > 0).then(|| Duration::from_secs(1) / plan.rate);
        let begin = Instant::now();
        let (mut due, mut paused) = (begin, false);
        let (mut submitted, mut answered) = (0, 0);
        loop {
            let left = plan.steps == 0 || submitted < plan.steps;
            if !left && self.under_way == 0 {
                break;
            }
            let now = Instant::now();
            let flying = left && !paused && now >= due && self.under_way < DEPTH;
            if flying {
                self.submit(self.step, &json, true)?;
                submitted += 1;
                // After a pause or a slow step time is not made up for.
                due = pace.map_or(now, |pace| (due + pace).max(now));
            }
            let idle = self.under_way == 0;
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
                Ok(Order::Params(params)) => json = params.to_json(),
                Ok(Order::Count(count)) => {
                    self.settle(&mut answered)?;
                    let json = ResizeParams { count, ..ResizeParams::default() }.to_json();
                    self.submit(self.resize, &json, true)?;
                    self.answer("resize")?;
                }
                Ok(Order::Reset) => {
                    self.settle(&mut answered)?;
                    self.submit(self.init, &plan.first.to_json(), false)?;
                    self.answer("init")?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.under_way >= DEPTH || (self.under_way > 0 && !flying) {
                self.answer("step")?;
                answered += 1;
            }
        }
        self.settle(&mut answered)?;
        Ok(Flown { steps: answered, seconds: begin.elapsed().as_secs_f64() })
    }

    /// BLAKE3 of the newest frame, through the hash unit, in hexadecimal.
    ///
    /// # Errors
    /// If the call was refused.
    pub(crate) fn digest(&mut self, dim: u32, count: u32) -> Result<String, Problem> {
        let frame_len = frame_len(dim, count).and_then(|len| u32::try_from(len).ok());
        let call = self.prepare(self.blake3, "")?;
        let area = self.area();
        self.send(&Submission {
            input: PayloadRef::section(FRAMES, 0, frame_len.unwrap_or(0)),
            output: PayloadRef::buffer(area + RESULT_AT, 32),
            ..call
        })?;
        self.answer("blake3")?;
        let mut digest = [0; 32];
        self.client.read_buffer(area + RESULT_AT, &mut digest)?;
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads the answers of all steps under way.
    fn settle(&mut self, answered: &mut u64) -> Result<(), Problem> {
        while self.under_way > 0 {
            self.answer("step")?;
            *answered += 1;
        }
        Ok(())
    }

    /// Where the next call's bytes are. Completions come in the order of these calls, since all
    /// of them work on one section, so an area is free again when its turn comes.
    fn area(&self) -> u32 {
        (self.next_call % AREAS) * AREA_LEN
    }

    fn prepare(&mut self, method: Method, params: &str) -> Result<Submission, Problem> {
        if params.len() > RESULT_AT as usize {
            return Err(Problem::Usage(format!("too many parameters for {}", method.name)));
        }
        let area = self.area();
        self.client.write_buffer(area, params.as_bytes())?;
        let call = Submission::execute(CallId(self.next_call), method.unit, method.index);
        Ok(Submission { params: PayloadRef::buffer(area, params.len() as u32), ..call })
    }

    fn send(&mut self, call: &Submission) -> Result<(), Problem> {
        self.client.submit(call, &Futex)?;
        self.next_call = self.next_call.wrapping_add(1);
        self.under_way += 1;
        Ok(())
    }

    /// Submits a call from the newest frame, or from nothing, to the next frame.
    fn submit(&mut self, method: Method, params: &str, from_frame: bool) -> Result<(), Problem> {
        let call = self.prepare(method, params)?;
        let newest = PayloadRef::section(FRAMES, 0, 0);
        let input = if from_frame { newest } else { PayloadRef::none() };
        self.send(&Submission { input, output: newest, ..call })
    }

    fn answer(&mut self, what: &'static str) -> Result<Completion, Problem> {
        let completion = self.client.wait(&Futex, Some(PATIENCE))?;
        self.under_way -= 1;
        if completion.status.is_ok() {
            Ok(completion)
        } else {
            Err(Problem::Refused(what, completion.status))
        }
    }
}
