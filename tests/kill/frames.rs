//! The newest state: one child writes, all others and the parent look.

use inos::{Cooperative, Error, PingPong, Reader, Sections};

use super::{FRAMES, Random, check_pattern, pattern};

pub(crate) struct Child<'p> {
    frames: PingPong<'p, Cooperative>,
    number: u32,
    count: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        Self { frames: PingPong::open(sections, FRAMES).unwrap(), number, count: 0 }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        match self.frames.writer() {
            Ok(mut writer) => {
                for _ in 0..random.below(20) {
                    let bytes = pattern(self.number, self.count, 8 + random.below(248) as usize);
                    let mut back = writer.back_mut().unwrap();
                    back.as_mut_slice().unwrap()[..bytes.len()].copy_from_slice(&bytes);
                    back.publish(bytes.len()).unwrap();
                    self.count += 1;
                }
            }
            Err(error) => {
                assert_eq!(error, Error::RoleHeld);
                self.read(random);
            }
        }
    }

    fn read(&self, random: &mut Random) {
        // One seat is the parent's, so most children find none.
        let mut reader = match self.frames.reader() {
            Ok(reader) => reader,
            Err(error) => return assert!(matches!(error, Error::NoSeat { .. })),
        };
        for _ in 0..random.below(20) {
            if let Ok(front) = reader.front() {
                check_pattern(&front);
            }
        }
    }
}

pub(crate) struct Parent<'p> {
    reader: Reader<'p>,
    version: u32,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let reader = PingPong::open(sections, FRAMES).unwrap().reader().unwrap();
        Self { reader, version: 0, seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        match self.reader.front() {
            Ok(front) => {
                check_pattern(&front);
                assert!(front.version() >= self.version, "time runs backwards");
                self.seen += front.version() - self.version;
                self.version = front.version();
            }
            Err(error) => assert!(matches!(error, Error::Empty | Error::Contended { .. })),
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let frames = PingPong::open(sections, FRAMES).unwrap();
    let mut writer = frames.writer().unwrap();
    let _readers = [frames.reader().unwrap(), frames.reader().unwrap()];
    for _ in 0..2 * frames.config().slots {
        writer.back_mut().unwrap().publish(0).unwrap();
    }
}
