//! Memory, a kernel, a call: a program that asks another thread for a digest and waits for an epoch.
//!
//! `cargo run --release --example quickstart`

use inos::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The layout: lanes for calls, a registry of units, the newest state of a flock and its epoch.
    let [calls, units, flock, epochs] = [1, 2, 3, 4].map(SectionId);
    let dispatcher = Dispatcher::standard();
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 1 << 16, mode: Mode::Pinned };
    let layout = Layout::builder()
        .lanes(calls, "calls", LanesConfig { lanes: 4, entries: 16, buffer_len: 4096 })
        .registry(units, "units", Kernel::registry_config(&dispatcher))
        .ping_pong(flock, "flock", frames)
        .epochs(epochs, "epochs", EpochsConfig { count: 1, padded: true })
        .build()?;

    // A host hands over memory: here the heap; `FileMemory` shares it with other processes.
    let mut memory = HeapMemory::new(layout.total_len())?;
    let sections = Sections::create(memory.region()?, &layout, 1)?;
    let config = KernelConfig::new(calls, units).publish(flock, epochs, 0);
    Kernel::run(&sections, &dispatcher, &config, |_| {
        let mut caller = Caller::open(&sections, calls, units)?;
        // Mutate: 1,000 boids, in place. The kernel signals by advancing the epoch.
        let mut news = EpochTable::open(&sections, epochs)?.watcher(0)?;
        let init = caller.method("boids", "init")?;
        caller.call(init, Input::None, br#"{"count": 1000}"#, Target::Section(flock))?;
        // React: the epoch has moved, so there is a frame. Nobody copied it.
        println!("epoch {}", news.wait(&Futex, None)?);
        let mut reader = PingPong::open(&sections, flock)?.reader()?;
        println!("a flock of {} bytes", reader.front()?.len());
        // Call: BLAKE3 of that frame, by a worker of the kernel.
        let (blake3, mut digest) = (caller.method("hash", "blake3")?, [0; 32]);
        caller.call(blake3, Input::Section(flock), b"", Target::Bytes(&mut digest))?;
        println!("BLAKE3 {}", digest.map(|byte| format!("{byte:02x}")).concat());
        Ok::<_, CallError>(())
    })??;
    Ok(())
}
