//! A client of the units: calls go through the lanes of the shared memory, answers come back.

use std::time::Duration;

use inos::{
    CallId, Client, Completion, Cooperative, Error, Futex, Lanes, PayloadRef, SectionId, Sections,
    Submission, UnitId, UnitRegistry,
};

use crate::problem::Problem;
use crate::world::{BUFFER_LEN, LANES, UNITS};

/// Parts of the lane's buffer that calls take in turn; more than are ever under way.
const AREAS: u32 = 4;
const AREA_LEN: u32 = BUFFER_LEN / AREAS;
/// Where in its area a call's result goes, behind the parameters.
const RESULT_AT: u32 = AREA_LEN - 256;
/// A call that takes longer than this is not waited for: the kernel must be gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// A call's unit and method, resolved once.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    unit: UnitId,
    index: u16,
    name: &'static str,
}

/// A lane, and what is under way in it.
pub(crate) struct Caller<'m> {
    client: Client<'m, Cooperative>,
    units: UnitRegistry<'m, Cooperative>,
    next_call: u32,
    under_way: u32,
}

impl<'m> Caller<'m> {
    /// Takes a lane.
    ///
    /// # Errors
    /// `NoSeat` if all lanes are taken.
    pub(crate) fn new(sections: &Sections<'m, Cooperative>) -> Result<Self, Error> {
        let units = UnitRegistry::open(sections, UNITS)?;
        let client = Lanes::open(sections, LANES)?.client()?;
        Ok(Self { client, units, next_call: 0, under_way: 0 })
    }

    /// Looks a method up.
    ///
    /// # Errors
    /// `NoUnit` or `NoMethod` if the kernel serves no such method.
    pub(crate) fn method(&self, unit: &str, name: &'static str) -> Result<Method, Error> {
        let unit = self.units.find(unit)?;
        Ok(Method { unit, index: self.units.method(unit, name)?, name })
    }

    /// Calls that were not answered yet.
    #[must_use]
    pub(crate) fn under_way(&self) -> u32 {
        self.under_way
    }

    /// Submits a call from the newest frame of `section`, or from nothing, to its next frame.
    ///
    /// # Errors
    /// What the lane says.
    pub(crate) fn submit(
        &mut self,
        method: Method,
        params: &str,
        section: SectionId,
        from_frame: bool,
    ) -> Result<(), Problem> {
        let call = self.prepare(method, params)?;
        let newest = PayloadRef::section(section, 0, 0);
        let input = if from_frame { newest } else { PayloadRef::none() };
        self.send(&Submission { input, output: newest, ..call })
    }

    /// BLAKE3 of the newest frame of `section`, through the unit `hash`, in hexadecimal. Nothing
    /// else may be under way.
    ///
    /// # Errors
    /// If the call was refused.
    pub(crate) fn digest(&mut self, section: SectionId) -> Result<String, Problem> {
        let blake3 = self.method("hash", "blake3")?;
        let call = self.prepare(blake3, "")?;
        let area = self.area();
        self.send(&Submission {
            input: PayloadRef::section(section, 0, 0),
            output: PayloadRef::buffer(area + RESULT_AT, 32),
            ..call
        })?;
        self.answer(blake3.name)?;
        let mut digest = [0; 32];
        self.client.read_buffer(area + RESULT_AT, &mut digest)?;
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Waits for the next answer.
    ///
    /// # Errors
    /// If there is none in time, or if it says that the call was refused.
    pub(crate) fn answer(&mut self, what: &'static str) -> Result<Completion, Problem> {
        let completion = self.client.wait(&Futex, Some(PATIENCE))?;
        self.under_way -= 1;
        if completion.status.is_ok() {
            Ok(completion)
        } else {
            Err(Problem::Refused(what, completion.status))
        }
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
}
