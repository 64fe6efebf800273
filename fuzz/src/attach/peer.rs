//! Somebody who is attached, and who uses every view in any order.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use inos_core::defs::{
    KIND_EPOCHS, KIND_LANES, KIND_PING_PONG, KIND_RAW, KIND_REGISTRY, KIND_RING,
};
use inos_core::{
    CallId, CallTicket, Capabilities, Client, Completion, Consumer, Cooperative, Dependency, EpochCounter, EpochTable,
    EpochWatcher, Error, Hostile, Lanes, Observer, PayloadRef, PingPong, Producer, Reader,
    RingBuffer, SectionId, Sections, Service, Spin, Status, Submission, Trust, UnitId, UnitRecord,
    UnitRegistry, VersionRange, Writer,
};

use crate::bytes::Bytes;

/// Most operations on one image.
const MAX_OPERATION_COUNT: usize = 256;
/// Most handles of a kind; with more the oldest are dropped.
const MAX_HANDLE_COUNT: usize = 8;
/// Longest payload, a little more than what fits.
const MAX_LEN: usize = 600;
/// Waits end after a few looks.
const PARK: Spin = Spin { polls: 100 };
const SHORT: Option<Duration> = Some(Duration::from_millis(1));

/// What may change the memory between two calls.
#[derive(Clone, Copy)]
pub(super) enum Poke<'m> {
    Nothing,
    /// A peer that stores anything anywhere, between two calls.
    Words(&'m [AtomicU32]),
    /// A thread that stores anything anywhere, all the time.
    Always,
}

/// What one trust can do and the other cannot.
pub(super) trait Door: Trust {
    /// Borrows claimed space in place.
    fn borrow<'m>(peer: &mut Peer<'_, 'm, Self>, bytes: &mut Bytes<'_>)
    where
        Self: Sized;

    /// Takes a seat of a ping-pong buffer.
    fn seat<'m>(buffer: &PingPong<'m, Self>) -> Result<Reader<'m>, Error>
    where
        Self: Sized;
}

/// The handles that are held.
pub(super) struct Peer<'s, 'm, T: Trust> {
    sections: &'s Sections<'m, T>,
    is_intact: bool,
    /// Nobody else uses the memory during a call.
    is_alone: bool,
    counters: Vec<EpochCounter<'m>>,
    watchers: Vec<EpochWatcher<'m>>,
    producers: Vec<Producer<'m, T>>,
    consumers: Vec<Consumer<'m, T>>,
    writers: Vec<Writer<'m, T>>,
    readers: Vec<Reader<'m>>,
    observers: Vec<Observer<'m>>,
    clients: Vec<Client<'m, T>>,
    services: Vec<Service<'m, T>>,
    registries: Vec<UnitRegistry<'m, T>>,
    units: Vec<UnitId>,
    /// Calls that were accepted and not answered.
    accepted: Vec<CallTicket>,
}

/// One of the handles; `None` if there is none.
fn one<'a, H>(handles: &'a mut [H], bytes: &mut Bytes<'_>) -> Option<&'a mut H> {
    let index = bytes.index(handles.len());
    handles.get_mut(index)
}

fn keep<H>(handles: &mut Vec<H>, handle: H) {
    if handles.len() == MAX_HANDLE_COUNT {
        handles.remove(0);
    }
    handles.push(handle);
}

impl<'s, 'm, T: Door> Peer<'s, 'm, T> {
    pub(super) const fn new(sections: &'s Sections<'m, T>, is_intact: bool) -> Self {
        Self {
            sections,
            is_intact,
            is_alone: true,
            counters: Vec::new(),
            watchers: Vec::new(),
            producers: Vec::new(),
            consumers: Vec::new(),
            writers: Vec::new(),
            readers: Vec::new(),
            observers: Vec::new(),
            clients: Vec::new(),
            services: Vec::new(),
            registries: Vec::new(),
            units: Vec::new(),
            accepted: Vec::new(),
        }
    }

    /// Does what the bytes say, one operation after another.
    pub(super) fn work(mut self, mut bytes: Bytes<'_>, poke: Poke<'_>) {
        self.is_alone = !matches!(poke, Poke::Always);
        for section in self.sections.iter() {
            assert!(section.offset() + section.len() <= self.sections.len() as u64);
            let _ = section.name();
        }
        for id in self.sections.iter().map(|section| section.id()) {
            // Everything is opened at least once, whatever the bytes say.
            self.open(id, &mut Bytes::new(&[]));
        }
        for _ in 0..MAX_OPERATION_COUNT {
            if bytes.is_empty() {
                break;
            }
            self.operate(&mut bytes, poke);
        }
    }

    fn operate(&mut self, bytes: &mut Bytes<'_>, poke: Poke<'_>) {
        match bytes.u8() % 16 {
            0 => {
                let count = self.sections.iter().count();
                let index = bytes.index(count);
                let id = self.sections.iter().nth(index).map_or(SectionId(99), |found| found.id());
                self.open(id, bytes);
            }
            1 => self.epochs(bytes),
            2 => self.push(bytes),
            3 => self.pop(bytes),
            4 | 5 => self.write(bytes),
            6 => self.observe(bytes),
            7 | 8 => self.call(bytes),
            9 | 10 => self.serve(bytes),
            11 => self.register(bytes),
            12 => self.raw(bytes),
            13 => self.forget(bytes),
            14 => match poke {
                Poke::Nothing | Poke::Always => {}
                Poke::Words(words) => {
                    let at = usize::from(bytes.u16());
                    let value = bytes.word();
                    if let Some(word) = words.get(at % words.len().max(1)) {
                        word.store(value, Ordering::Relaxed);
                        self.is_intact = false;
                    }
                }
            },
            _ => T::borrow(self, bytes),
        }
    }

    /// Looks at every result: memory that nobody has overwritten is not corrupt.
    fn see<R>(&self, result: Result<R, Error>) -> Option<R> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let blames_memory = matches!(error, Error::Corrupt { .. } | Error::Stale { .. });
                assert!(!(self.is_intact && blames_memory), "{error} in an image that is intact");
                None
            }
        }
    }

    fn open(&mut self, id: SectionId, bytes: &mut Bytes<'_>) {
        let Ok(section) = self.sections.section(id) else { return };
        match section.kind() {
            KIND_EPOCHS => self.open_epochs(id, bytes.word()),
            KIND_RING => {
                let Some(ring) = self.see(RingBuffer::open(self.sections, id)) else { return };
                assert!(ring.max_record_len() < ring.capacity_len());
                if let Some(producer) = self.see(ring.producer()) {
                    keep(&mut self.producers, producer);
                }
                if let Some(consumer) = self.see(ring.consumer()) {
                    keep(&mut self.consumers, consumer);
                }
            }
            KIND_PING_PONG => {
                let Some(buffer) = self.see(PingPong::open(self.sections, id)) else { return };
                if let Some(writer) = self.see(buffer.writer()) {
                    keep(&mut self.writers, writer);
                }
                if let Some(reader) = self.see(T::seat(&buffer)) {
                    keep(&mut self.readers, reader);
                }
                if let Some(observer) = self.see(buffer.observer()) {
                    keep(&mut self.observers, observer);
                }
            }
            KIND_LANES => {
                let Some(lanes) = self.see(Lanes::open(self.sections, id)) else { return };
                if let Some(client) = self.see(lanes.client()) {
                    keep(&mut self.clients, client);
                }
                if let Some(service) = self.see(lanes.service()) {
                    keep(&mut self.services, service);
                }
            }
            KIND_REGISTRY => {
                if let Some(registry) = self.see(UnitRegistry::open(self.sections, id)) {
                    keep(&mut self.registries, registry);
                }
            }
            _ => {
                // A section of one kind does not open as another.
                assert!(EpochTable::open(self.sections, id).is_err());
                assert!(RingBuffer::open(self.sections, id).is_err());
                assert!(PingPong::open(self.sections, id).is_err());
                assert!(Lanes::open(self.sections, id).is_err());
                assert!(UnitRegistry::open(self.sections, id).is_err());
            }
        }
    }

    fn open_epochs(&mut self, id: SectionId, index: u32) {
        let Some(table) = self.see(EpochTable::open(self.sections, id)) else { return };
        if let Some(counter) = self.see(table.counter(index)) {
            keep(&mut self.counters, counter);
            keep(&mut self.watchers, counter.watcher());
        }
        if let Some(watcher) = self.see(table.watcher(index)) {
            keep(&mut self.watchers, watcher);
        }
        assert!(table.watcher(table.count()).is_err());
    }

    fn epochs(&mut self, bytes: &mut Bytes<'_>) {
        let choice = bytes.u8();
        if choice.is_multiple_of(2)
            && let Some(counter) = one(&mut self.counters, bytes)
        {
            let before = counter.current();
            let now = counter.advance(&PARK);
            assert!(!self.is_alone || now == before.wrapping_add(1) & (u32::MAX >> 1));
        }
        if let Some(watcher) = one(&mut self.watchers, bytes) {
            let seen = watcher.seen();
            match watcher.wait(&PARK, SHORT) {
                Ok(now) => assert!(now != seen && now == watcher.seen()),
                Err(error) => assert_eq!(error, Error::TimedOut),
            }
            let changed = watcher.changed();
            assert!(!self.is_alone || changed.is_none(), "nobody advances while this one looks");
        }
    }

    fn push(&mut self, bytes: &mut Bytes<'_>) {
        let len = usize::from(bytes.u16()) % MAX_LEN;
        let Some(producer) = one(&mut self.producers, bytes) else { return };
        let mut record = vec![0xa5; len];
        let taken = bytes.take(len.min(8));
        record[..taken.len()].copy_from_slice(taken);
        let result = producer.push(bytes.word(), &record);
        self.see(result);
    }

    fn pop(&mut self, bytes: &mut Bytes<'_>) {
        let mut out = vec![0; usize::from(bytes.u16()) % MAX_LEN];
        let Some(consumer) = one(&mut self.consumers, bytes) else { return };
        let result = consumer.pop(&mut out);
        if let Some(popped) = self.see(result) {
            assert!(popped.len <= out.len());
        }
    }

    fn write(&mut self, bytes: &mut Bytes<'_>) {
        let (offset, len) = (bytes.word() as usize, bytes.word() as usize);
        let drop_it = bytes.u8().is_multiple_of(4);
        let Some(writer) = one(&mut self.writers, bytes) else { return };
        let result = writer.back_mut().and_then(|mut back| {
            let capacity = back.capacity();
            let _ = back.write(offset, bytes.take(16));
            if drop_it { Ok(()) } else { back.publish(len % (capacity + 2)).map(drop) }
        });
        self.see(result);
    }

    fn observe(&mut self, bytes: &mut Bytes<'_>) {
        let mut out = vec![0; usize::from(bytes.u16()) % MAX_LEN];
        let tries = u32::from(bytes.u8() % 4);
        if let Some(observer) = one(&mut self.observers, bytes) {
            let result = observer.copy(&mut out, tries);
            if let Some(observed) = self.see(result) {
                assert!(observed.len <= out.len());
            }
        }
        let Some(reader) = one(&mut self.readers, bytes) else { return };
        let result = reader.front().map(|front| sum(&front));
        self.see(result);
    }

    fn call(&mut self, bytes: &mut Bytes<'_>) {
        let choice = bytes.u8() % 5;
        let Some(client) = one(&mut self.clients, bytes) else { return };
        let offset = bytes.word();
        let result = match choice {
            0 => {
                let call = Submission {
                    input: PayloadRef { space: bytes.word(), offset, len: bytes.word() },
                    ..Submission::execute(
                        CallId(bytes.word()),
                        UnitId::from_raw(bytes.word()),
                        bytes.u16(),
                    )
                };
                client.submit(&call, &PARK)
            }
            1 => client.poll(&PARK).map(drop),
            2 => match client.wait(&PARK, SHORT) {
                Err(Error::TimedOut) => Ok(()),
                other => other.map(drop),
            },
            3 => client.write_buffer(offset, bytes.take(16)),
            _ => client.read_buffer(offset, &mut vec![0; usize::from(bytes.u8())]),
        };
        self.see(result);
    }

    fn serve(&mut self, bytes: &mut Bytes<'_>) {
        let choice = bytes.u8() % 5;
        let Some(service) = one(&mut self.services, bytes) else { return };
        let result = match choice {
            0 | 1 => {
                if let Some((ticket, call)) = service.next_at(1) {
                    assert!(ticket.lane() < service.lane_count());
                    assert_eq!(ticket.call_id(), call.call_id);
                    // With two sections of lanes the ticket may be the other one's.
                    keep(&mut self.accepted, ticket);
                }
                assert!(!self.is_intact || service.corrupt_count() == 0);
                Ok(())
            }
            2 => {
                let word = bytes.word();
                let entries = service.lane_count().saturating_mul(4096);
                assert!(service.expire(word.into(), &PARK) <= entries);
                assert!(service.answer_orphans(&PARK) <= entries);
                if let Some(ticket) = self.accepted.pop() {
                    let answer = Completion::new(CallId(word), Status::OK);
                    // An answer without a call blames the service, not the memory.
                    let _ = if word % 2 == 0 {
                        service.complete(ticket, &answer, &PARK)
                    } else {
                        service.cancel(ticket, CallId(word), &PARK).map(drop)
                    };
                }
                Ok(())
            }
            3 => service.write_buffer(u32::from(bytes.u8() % 4), bytes.word(), bytes.take(16)),
            _ => {
                let mut out = vec![0; usize::from(bytes.u8())];
                service.read_buffer(u32::from(bytes.u8() % 4), bytes.word(), &mut out)
            }
        };
        self.see(result);
    }

    fn register(&mut self, bytes: &mut Bytes<'_>) {
        let choice = bytes.u8() % 6;
        let raw = UnitId::from_raw(bytes.word());
        let id = one(&mut self.units, bytes).copied().unwrap_or(raw);
        let Some(&mut registry) = one(&mut self.registries, bytes) else { return };
        let name = ["a", "hash", "boids", ""][bytes.index(4)];
        match choice {
            0 | 1 => {
                let methods = &["one", "two", "three"][..bytes.index(4)];
                let capabilities = Capabilities(bytes.word().into());
                let range = VersionRange::at_least((0, 0, bytes.u8().into()));
                let needs = ["a", "hash", "boids"].map(|name| Dependency { name, range });
                let dependencies = &needs[..bytes.index(4)];
                let record = UnitRecord {
                    name,
                    capabilities,
                    methods,
                    dependencies,
                    ..UnitRecord::default()
                };
                if let Some(id) = self.see(registry.register(&record)) {
                    keep(&mut self.units, id);
                }
            }
            2 => {
                self.see(registry.retire(id));
            }
            3 => {
                self.see(registry.find(name).and_then(|id| registry.method(id, "two")));
                let mut order = [UnitId::NONE; 4];
                self.see(registry.resolve(id, &mut order).map(<[UnitId]>::len));
                let all = Capabilities(bytes.u8().into());
                assert!(registry.with_capabilities(all).count() <= registry.slot_count() as usize);
            }
            4 => {
                for unit in registry.iter() {
                    if let Some(unit) = self.see(unit) {
                        let methods = unit.methods().map(str::len).sum::<usize>();
                        let needs = unit.dependencies().map(|need| need.name.len()).sum::<usize>();
                        assert!(unit.name().len() + methods + needs <= 1024);
                        let missing = registry.missing_dependencies(&unit).count();
                        assert!(missing <= unit.dependencies().count());
                    }
                }
            }
            _ => {
                if let Some(counter) = self.see(registry.heartbeat(id)) {
                    keep(&mut self.counters, counter);
                }
                if let Some(watcher) = self.see(registry.heartbeat_watcher(id)) {
                    keep(&mut self.watchers, watcher);
                }
            }
        }
    }

    fn raw(&mut self, bytes: &mut Bytes<'_>) {
        let offset = bytes.word() as usize;
        let mut raws = self.sections.iter().filter(|section| section.kind() == KIND_RAW);
        let Some(id) = raws.nth(bytes.index(2)).map(|section| section.id()) else { return };
        let mut out = vec![0; usize::from(bytes.u8())];
        self.see(self.sections.read_raw(id, offset, &mut out));
        self.see(self.sections.write_raw(id, offset, bytes.take(16)));
    }

    /// Drops a handle in the middle of things.
    fn forget(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 9 {
            0 => drop(self.counters.pop()),
            1 => drop(self.watchers.pop()),
            2 => drop(self.producers.pop()),
            3 => drop(self.consumers.pop()),
            4 => drop(self.writers.pop()),
            5 => drop(self.readers.pop()),
            6 => drop(self.observers.pop()),
            7 => drop(self.clients.pop()),
            _ => drop(self.services.pop()),
        }
    }
}

/// Reads every byte, so that one outside is seen.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}

impl Door for Hostile {
    fn borrow<'m>(_: &mut Peer<'_, 'm, Self>, _: &mut Bytes<'_>) {}

    fn seat<'m>(_: &PingPong<'m, Self>) -> Result<Reader<'m>, Error> {
        Err(Error::ReadOnly)
    }
}

impl Door for Cooperative {
    fn borrow<'m>(peer: &mut Peer<'_, 'm, Self>, bytes: &mut Bytes<'_>) {
        let len = usize::from(bytes.u16()) % MAX_LEN;
        let commit = !bytes.u8().is_multiple_of(4);
        let result = match bytes.u8() % 4 {
            0 => {
                let Some(producer) = one(&mut peer.producers, bytes) else { return };
                producer.try_claim(len).map(|mut grant| {
                    assert_eq!((grant.len(), grant.iter().len()), (len, len));
                    grant.fill(0x5a);
                    if commit {
                        grant.commit(7);
                    }
                })
            }
            1 => {
                let Some(consumer) = one(&mut peer.consumers, bytes) else { return };
                consumer.read().map(|record| assert!(sum(&record) <= 255 * record.len() as u64))
            }
            2 => {
                let Some(writer) = one(&mut peer.writers, bytes) else { return };
                writer.back_mut().and_then(|mut back| {
                    if let Ok(bytes) = back.as_mut_slice() {
                        bytes.fill(0x3c);
                    }
                    let len = len % (back.capacity() + 1);
                    if commit { back.publish(len).map(drop) } else { Ok(()) }
                })
            }
            _ => {
                let Some(writer) = one(&mut peer.writers, bytes) else { return };
                writer.front_and_back().and_then(|(front, mut back)| {
                    let front = front.map_or(0, sum);
                    let _ = back.write(0, &front.to_le_bytes());
                    if commit { back.publish(1).map(drop) } else { Ok(()) }
                })
            }
        };
        peer.see(result);
    }

    fn seat<'m>(buffer: &PingPong<'m, Self>) -> Result<Reader<'m>, Error> {
        buffer.reader()
    }
}
