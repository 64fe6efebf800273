//! Newest-state buffers.

use inos_core::{
    Back, Cooperative, Error, Front, Observer, PingPong, Reader, SectionId, Sections, Trust, Writer,
};

use crate::{Input, used};

/// By copies.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let frames = PingPong::open(sections, SectionId(input.number()))?;
    used((PingPong::config(&frames), PingPong::item_len(&frames)));
    let mut writer = PingPong::writer(&frames)?;
    used((Writer::newest_len(&writer), Writer::newest_version(&writer)));
    drop(Writer::back_mut(&mut writer)?);
    let mut back = Writer::back_mut(&mut writer)?;
    used(Back::capacity(&back));
    used(Back::write(&mut back, input.length(), input.bytes()));
    used(Back::publish(back, input.length()));
    let observer = PingPong::observer(&frames)?;
    let tries = input.number() % 16;
    used(Observer::copy(&observer, input.buffer(), tries));
    let mut items = [[0_u32; 3]; 8];
    let (items, _) = items.split_at_mut_checked(input.length()).ok_or(Error::Empty)?;
    used(Observer::copy_items(&observer, items, tries));
    Ok(())
}

/// In place.
#[inline(never)]
pub fn in_place(sections: &Sections<'_, Cooperative>, input: &Input<'_>) -> Result<(), Error> {
    let frames = PingPong::open(sections, SectionId(input.number()))?;
    let mut writer = PingPong::writer(&frames)?;
    used(Writer::front(&mut writer));
    let (front, mut back) = Writer::front_and_back(&mut writer)?;
    let first = front.and_then(|bytes| bytes.first()).copied();
    Back::as_mut_slice(&mut back)?.fill(first.unwrap_or(input.number() as u8));
    if let Some(item) = Back::items_mut::<[u32; 3]>(&mut back)?.first_mut() {
        *item = [input.number(); 3];
    }
    used(Back::publish(back, input.length()));
    let mut reader = PingPong::reader(&frames)?;
    let front = Reader::front(&mut reader)?;
    used((Front::version(&front), front.first()));
    used(Front::items::<[u32; 3]>(&front));
    Ok(())
}
