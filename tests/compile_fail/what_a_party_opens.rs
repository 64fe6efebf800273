//! What is opened in a party's name is gone before the party is: its drop takes all back.
use inos_core::*;

pub fn view(sections: &Sections<'_, Cooperative>, id: SectionId) -> Result<(), Error> {
    let party = sections.join(SectionId(1), &AlwaysAlive, "one")?;
    let ring = RingBuffer::open(&party.sections(), id)?;
    drop(party); //~ E0505
    drop(ring.producer()?);
    Ok(())
}

pub fn role(sections: &Sections<'_, Cooperative>, id: SectionId) -> Result<(), Error> {
    let party = sections.join(SectionId(1), &AlwaysAlive, "one")?;
    let mut producer = RingBuffer::open(&party.sections(), id)?.producer()?;
    drop(party); //~ E0505
    producer.push(1, b"late")
}

pub fn seat(sections: &Sections<'_, Cooperative>, id: SectionId) -> Result<(), Error> {
    let party = sections.join(SectionId(1), &AlwaysAlive, "one")?;
    let mut reader = PingPong::open(&party.sections(), id)?.reader()?;
    let front = reader.front()?;
    drop(party); //~ E0505
    drop(front);
    Ok(())
}

pub fn heartbeat(sections: &Sections<'_, Cooperative>) -> Result<(), Error> {
    let party = sections.join(SectionId(1), &AlwaysAlive, "one")?;
    let heartbeat = party.heartbeat()?;
    drop(party); //~ E0505
    heartbeat.advance(&Spin::default());
    Ok(())
}
