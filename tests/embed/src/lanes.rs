//! Calls and their answers.

use core::hint::black_box;
use core::time::Duration;

use inos_core::{
    CallId, Client, Completion, Error, Lanes, Opcode, PayloadRef, SectionId, Sections, Service,
    Spin, Status, Submission, Trust, UnitId,
};

use crate::{Input, used};

/// A client and a service.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let park = Spin { polls: input.number() % 1024 };
    let lanes = Lanes::open(sections, SectionId(input.number()))?;
    used((Lanes::lane_count(&lanes), Lanes::entries(&lanes), Lanes::buffer_len(&lanes)));
    let mut client = Lanes::client(&lanes)?;
    used((Client::lane(&client), Client::buffer_len(&client)));
    let offset = input.number();
    used(Client::write_buffer(&mut client, offset, input.bytes()));
    used(Client::submit(&mut client, &submission(input), &park));

    let mut service = Lanes::service(&lanes)?;
    used((Service::lane_count(&service), Service::buffer_len(&service)));
    used(Service::doorbell(&service));
    Service::ring(&service, &park);
    if let Some((lane, call)) = Service::next(&mut service) {
        used(Service::read_buffer(&service, lane, call.input.offset, input.buffer()));
        used(Service::write_buffer(&mut service, lane, call.output.offset, input.bytes()));
    }
    let answer = completion(input);
    used(Service::complete(&mut service, input.number(), &answer, &park));
    used((Service::corrupt_count(&service), Service::last_corrupt(&service)));

    used(Client::completions(&client));
    used(Client::poll(&mut client, &park));
    let timeout = Duration::from_millis(u64::from(input.number()));
    used(Client::wait(&mut client, &park, Some(timeout)));
    used(Client::read_buffer(&client, offset, input.buffer()));
    Ok(())
}

fn submission(input: &Input<'_>) -> Submission {
    let any = || input.number();
    let id = CallId(any());
    let call = match any() {
        0 => Submission::noop(id),
        1 => Submission::cancel(id, CallId(any())),
        _ => Submission::execute(id, UnitId::from_raw(any()), any() as u16),
    };
    let call = Submission {
        input: PayloadRef::buffer(any(), any()),
        params: PayloadRef::section(SectionId(any()), any(), any()),
        output: PayloadRef::none(),
        ..call
    };
    let copy = Submission::decode(&black_box(Submission::encode(&call)));
    used((Submission::cancel_target(&copy), PayloadRef::space(&copy.params)));
    used(Opcode::from_raw(copy.opcode).map(Opcode::raw));
    copy
}

fn completion(input: &Input<'_>) -> Completion {
    let status = Status::unit(input.number() as u16);
    used((Status::is_ok(status), Status::unit_code(status)));
    let answer = Completion::new(CallId(input.number()), status);
    Completion::decode(&black_box(Completion::encode(&answer)))
}
