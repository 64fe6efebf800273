//! Who closed its lane submits nothing more; no watcher of it outlives the memory.
use inos_core::*;

pub fn closed(mut client: Client<'_, Cooperative>) -> Result<(), Error> {
    client.close(&Spin::default());
    client.submit(&Submission::noop(CallId(1)), &Spin::default())?; //~ E0382
    Ok(())
}

pub fn watcher(layout: &Layout) -> Result<u32, Error> {
    let mut memory = AlignedBytes::<4096>::new();
    let sections = Sections::create(Region::from_bytes(memory.as_mut())?, layout, 1)?;
    let watcher = Lanes::open(&sections, SectionId(1))?.client()?.completions();
    drop(memory); //~ E0505
    Ok(watcher.current())
}
