//! A disk in memory that can lose its power: what was not synced is then kept, lost, or torn.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile};

/// Disks tear writes here.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Op {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

fn apply(bytes: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write(offset, written) => {
            let end = offset + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(written);
        }
        Op::SetLen(len) => bytes.resize(*len, 0),
    }
}

#[derive(Debug, Default)]
struct Content {
    current: Vec<u8>,
    durable: Vec<u8>,
    /// What was done since the last sync.
    pending: Vec<Op>,
}

type Node = Arc<Mutex<Content>>;

#[derive(Debug, Default)]
struct State {
    files: HashMap<String, Node>,
    durable: HashMap<String, Node>,
    /// Operations that change something, or sync it.
    steps: u64,
    /// The power fails in the step of this number.
    fails_in: Option<u64>,
}

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    Nothing,
    Everything,
    /// Of each file, some operations from the first on, and a part of the next.
    Prefix,
    /// Any sectors of any operations.
    Sectors,
}

pub(crate) const CUTS: [Cut; 4] = [Cut::Nothing, Cut::Everything, Cut::Prefix, Cut::Sectors];

/// Splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct SimFile(SimDisk, Node);

impl SimDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts a step; whether the power is still there.
    fn step(&self) -> io::Result<()> {
        let mut state = self.state();
        state.steps += 1;
        match state.fails_in {
            Some(limit) if state.steps >= limit => Err(io::Error::other("no power")),
            _ => Ok(()),
        }
    }

    fn is_dead(&self) -> bool {
        let state = self.state();
        state.fails_in.is_some_and(|limit| state.steps >= limit)
    }

    pub(crate) fn steps(&self) -> u64 {
        self.state().steps
    }

    /// The power fails in the step of this number, from now on.
    pub(crate) fn fail_in(&self, step: u64) {
        let mut state = self.state();
        state.steps = 0;
        state.fails_in = Some(step);
    }

    /// The disk when the power is back.
    pub(crate) fn after(&self, cut: Cut, seed: u64) -> Self {
        let state = self.state();
        let mut random = Random(seed);
        let mut names: Vec<_> = state.files.keys().chain(state.durable.keys()).cloned().collect();
        names.sort();
        names.dedup();
        let mut after = State::default();
        for name in names {
            let (now, before) = (state.files.get(&name), state.durable.get(&name));
            let keeps = match cut {
                Cut::Nothing => false,
                Cut::Everything => true,
                Cut::Prefix | Cut::Sectors => random.below(2) == 0,
            };
            let Some(node) = (if keeps { now } else { before }) else { continue };
            let content = node.lock().unwrap();
            let bytes = torn(&content, cut, &mut random);
            let kept = Content { current: bytes.clone(), durable: bytes, pending: Vec::new() };
            let node = Arc::new(Mutex::new(kept));
            after.files.insert(name.clone(), Arc::clone(&node));
            after.durable.insert(name, node);
        }
        Self(Arc::new(Mutex::new(after)))
    }

    /// A copy with all that was written.
    pub(crate) fn copy(&self) -> Self {
        self.after(Cut::Everything, 0)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.state().files.keys().cloned().collect();
        names.sort();
        names
    }

    pub(crate) fn edit<R>(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        edit(&mut self.state().files[name].lock().unwrap().current)
    }
}

fn torn(content: &Content, cut: Cut, random: &mut Random) -> Vec<u8> {
    let mut bytes = content.durable.clone();
    match cut {
        Cut::Nothing => {}
        Cut::Everything => bytes.clone_from(&content.current),
        Cut::Prefix => {
            let count = random.below(content.pending.len() as u64 + 1) as usize;
            content.pending[..count].iter().for_each(|op| apply(&mut bytes, op));
            if let Some(Op::Write(offset, written)) = content.pending.get(count) {
                let len = random.below(written.len() as u64 + 1) as usize;
                apply(&mut bytes, &Op::Write(*offset, written[..len].to_vec()));
            }
        }
        Cut::Sectors => {
            for op in &content.pending {
                match op {
                    Op::Write(offset, written) => {
                        let mut at = 0;
                        while at < written.len() {
                            let end =
                                (((offset + at) / SECTOR + 1) * SECTOR - offset).min(written.len());
                            if random.below(2) == 0 {
                                let sector = written[at..end].to_vec();
                                apply(&mut bytes, &Op::Write(offset + at, sector));
                            }
                            at = end;
                        }
                    }
                    op if random.below(2) == 0 => apply(&mut bytes, op),
                    Op::SetLen(_) => {}
                }
            }
        }
    }
    bytes
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
        let node = self.state().files.get(name).cloned();
        Ok(node.map(|node| Arc::new(SimFile(self.clone(), node)) as Arc<dyn DiskFile>))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if self.is_dead() {
            self.step()?;
        }
        let node = Node::default();
        self.state().files.insert(name.to_owned(), Arc::clone(&node));
        self.step()?;
        Ok(Arc::new(SimFile(self.clone(), node)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        if !self.is_dead() {
            self.state().files.remove(name);
        }
        self.step()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if !self.is_dead() {
            let mut state = self.state();
            let node = state.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.files.insert(to.to_owned(), node);
        }
        self.step()
    }

    fn sync(&self) -> io::Result<()> {
        self.step()?;
        let mut state = self.state();
        state.durable = state.files.clone();
        Ok(())
    }
}

impl SimFile {
    /// The step in which the power fails may have been done as a whole.
    fn change(&self, op: Op) -> io::Result<()> {
        if !self.0.is_dead() {
            let mut content = self.1.lock().unwrap();
            apply(&mut content.current, &op);
            content.pending.push(op);
        }
        self.0.step()
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.1.lock().unwrap().current.len() as u64)
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let content = self.1.lock().unwrap();
        let offset = offset as usize;
        let found = content.current.get(offset..offset + bytes.len());
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(Op::Write(offset as usize, bytes.to_vec()))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Op::SetLen(len as usize))
    }

    fn sync(&self) -> io::Result<()> {
        self.0.step()?;
        let mut content = self.1.lock().unwrap();
        content.durable = content.current.clone();
        content.pending.clear();
        Ok(())
    }
}
