//! Calls and their answers.

use core::hint::black_box;
use core::time::Duration;

use inos_core::{
    CallId, CallTicket, Client, Completion, Error, Lanes, Opcode, PayloadRef, SectionId, Sections,
    Service, Spin, Status, Submission, Trust, UnitId,
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
    let calls = [const { Submission::decode(&[0; 16]) }; 3];
    let calls = calls.get(..input.length()).unwrap_or_default();
    used(Client::submit_many(&mut client, calls, &park));

    let mut service = Lanes::service(&lanes)?;
    used((Service::lane_count(&service), Service::buffer_len(&service)));
    used(Service::doorbell(&service));
    Service::ring(&service, &park);
    if let Some((ticket, call)) = Service::next(&mut service) {
        let (lane, id) = (CallTicket::lane(&ticket), CallTicket::call_id(&ticket));
        used(Service::client_party(&service, lane));
        used(Service::read_buffer(&service, lane, call.input.offset, input.buffer()));
        used(Service::write_buffer(&mut service, lane, call.output.offset, input.bytes()));
        used(Service::complete(&mut service, ticket, &completion(id, input), &park));
        used(Service::cancel(&mut service, ticket, CallId(input.number()), &park));
    }
    let now = u64::from(input.number()) << 20;
    used(Service::next_at(&mut service, now));
    used((Service::next_deadline(&service), Service::expire(&mut service, now, &park)));
    used(Service::next_orphan(&mut service));
    used(Service::answer_orphans(&mut service, &park));
    used((Service::corrupt_count(&service), Service::last_corrupt(&service)));

    used(Client::completions(&client));
    used(Client::poll(&mut client, &park));
    let timeout = Duration::from_millis(u64::from(input.number()));
    used(Client::wait(&mut client, &park, Some(timeout)));
    used(Client::read_buffer(&client, offset, input.buffer()));
    let mut answers = [Completion::default(); 3];
    let (answers, _) = answers.split_at_mut_checked(input.length()).ok_or(Error::Empty)?;
    used(Client::poll_many(&mut client, answers, &park));
    Client::close(client, &park);
    used(Lanes::client_or_wake(&lanes, &park));
    Ok(())
}

fn submission(input: &Input<'_>) -> Submission {
    let any = || input.number();
    let id = CallId(any());
    let call = match any() {
        0 => Submission::noop(id),
        1 => Submission::cancel(id, CallId(any())),
        2 => Submission::job(id, PayloadRef::none(), PayloadRef::none()),
        _ => Submission::execute(id, UnitId::from_raw(any()), any() as u16),
    };
    let call = Submission {
        input: PayloadRef::buffer(any(), any()),
        params: PayloadRef::section(SectionId(any()), any(), any()),
        output: PayloadRef::new_block(SectionId(any()), any()),
        block_len: any(),
        ..call
    };
    used(PayloadRef::block(SectionId(any()), PayloadRef::handle(&call.output)));
    let copy = Submission::decode(&black_box(Submission::encode(&call)));
    used((Submission::cancel_target(&copy), PayloadRef::space(&copy.params)));
    used(Submission::priority(&Submission::with_priority(copy, input.number() as u8)));
    used(Opcode::from_raw(copy.opcode).map(Opcode::raw));
    copy
}

fn completion(id: CallId, input: &Input<'_>) -> Completion {
    let status = Status::unit(input.number() as u16);
    used((Status::is_ok(status), Status::unit_code(status)));
    let answer = Completion::new(id, status);
    Completion::decode(&black_box(Completion::encode(&answer)))
}
