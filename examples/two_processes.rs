//! Two processes on one memory: a host that serves calls, and a client that makes them from a process
//! of its own. Nothing is sent: both map the same file.
//!
//! `cargo run --release --example two_processes` starts the second one by itself; or, in two terminals,
//! `… -- host FILE` and `… -- client FILE`.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use inos::*;

const CALLS: SectionId = SectionId(1);
const UNITS: SectionId = SectionId(2);
const EPOCHS: SectionId = SectionId(3);
const ROUNDS: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let file = std::env::temp_dir().join(format!("inos-two-{}", std::process::id()));
            host(&file, true)
        }
        ["host", file] => host(Path::new(file), false),
        ["client", file] => client(Path::new(file)),
        _ => Err("it takes nothing, or `host FILE`, or `client FILE`".into()),
    }
}

/// Lays the memory out and serves it until a client says that it is done, by an epoch.
fn host(file: &Path, starts_client: bool) -> Result<(), Box<dyn Error>> {
    let units = Dispatcher::standard();
    let layout = Layout::builder()
        .lanes(CALLS, "calls", LanesConfig { lanes: 4, entries: 16, buffer_len: 4096 })
        .registry(UNITS, "units", Kernel::registry_config(&units))
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 1, padded: true })
        .build()?;
    let memory = FileMemory::create(file, layout.total_len())?;
    // SAFETY: host and client run this program and nothing else, and nobody truncates the file.
    let region = unsafe { memory.cooperative() }?;
    let sections = Sections::create(region, &layout, 1)?;
    memory.persist()?;
    println!("host, process {}: {}", std::process::id(), file.display());
    let mut done = EpochTable::open(&sections, EPOCHS)?.watcher(0)?;
    let served = Kernel::run(&sections, &units, &KernelConfig::new(CALLS, UNITS), |kernel| {
        if starts_client {
            let mut client = Command::new(std::env::current_exe()?);
            let status = client.arg("client").arg(file).status()?;
            assert!(status.success(), "the client: {status}");
        } else {
            done.wait(&Futex, Some(Duration::from_secs(60)))?;
        }
        Ok::<_, Box<dyn Error>>(kernel.stats())
    })??;
    println!("host: {} calls answered", served.answered);
    std::fs::remove_file(file)?;
    Ok(())
}

/// Calls the host's units, and says at the end that it is done.
fn client(file: &Path) -> Result<(), Box<dyn Error>> {
    let memory = FileMemory::open(file, Access::ReadWrite)?;
    // SAFETY: as above.
    let sections = Sections::attach(unsafe { memory.cooperative() }?)?;
    let mut caller = Caller::open(&sections, CALLS, UNITS)?;
    let sha256 = caller.method("hash", "sha256")?;
    let (begin, mut digest) = (Instant::now(), [0; 32]);
    for _ in 0..ROUNDS {
        let message = digest;
        caller.call(sha256, Input::Bytes(&message), b"", Target::Bytes(&mut digest))?;
    }
    let each = begin.elapsed() / ROUNDS;
    println!("client, process {}: {ROUNDS} digests, {each:.1?} each", std::process::id());
    println!("client: {}", digest.map(|byte| format!("{byte:02x}")).concat());
    EpochTable::open(&sections, EPOCHS)?.counter(0)?.advance(&Futex);
    Ok(())
}
