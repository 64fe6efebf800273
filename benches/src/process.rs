//! A contender whose partner is another process: this program, started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use inos::{Access, Cooperative, FileMemory, Layout, Sections};

use crate::areas::PARTNERS;
use crate::contender::{Contender, Role, Solo};
use crate::memory::Lines;
use crate::pin::{number_of, pin_to_number};

const FLAG: &str = "--as-partner";
/// Lines of the shared words that the harness uses itself.
const STOP: usize = 0;
const READY: usize = 1;
/// The first line that is the contender's: in a page of its own, as a region is. Where two
/// processes take turns on one processor, each page costs.
const FIRST: usize = 32;

/// A folder in shared memory that goes when it is dropped.
pub struct Folder {
    path: PathBuf,
    lines: Lines,
}

impl Folder {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let shared = Path::new("/dev/shm");
        let base = if shared.is_dir() { shared.to_path_buf() } else { env::temp_dir() };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("inos-bench-{}-{number}", process::id()));
        fs::create_dir(&path).expect("a folder");
        let lines = Lines::create(&path.join("lines"));
        Self { path, lines }
    }

    /// A word that the partner has, too.
    #[must_use]
    pub fn word(&self, line: usize) -> &AtomicU32 {
        self.lines.word(FIRST + line)
    }

    /// Where it is: a name for this contender alone.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Memory for a region that the partner can attach to.
    #[must_use]
    pub fn memory(&self, layout: &Layout) -> FileMemory {
        FileMemory::create(self.path.join("region"), layout.total_len()).expect("a file")
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Formats a region for this process and its partner.
pub(crate) fn create<'m>(memory: &'m FileMemory, layout: &Layout) -> Sections<'m, Cooperative> {
    // SAFETY: the file lies in a folder of this process, and only its partner opens it, which is
    // this program: nobody truncates it or writes other than through a region of this layout,
    // and it is formatted here, before a partner is started.
    let region = unsafe { memory.cooperative() }.expect("a region");
    let sections = Sections::create(region, layout, 1).expect("a layout that fits");
    memory.persist().expect("its name");
    sections
}

/// The partner's side: what it can reach.
pub struct Partner {
    path: PathBuf,
    lines: Lines,
}

impl Partner {
    /// A word that the other process has, too.
    #[must_use]
    pub fn word(&self, line: usize) -> &AtomicU32 {
        self.lines.word(FIRST + line)
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is time to end.
    #[must_use]
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.lines.word(STOP).load(Ordering::Relaxed) != 0
    }

    /// As [`poll`](crate::poll), but `None` as soon as it is time to end.
    #[inline]
    pub fn poll<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        crate::poll(|| match look() {
            Some(found) => Some(Some(found)),
            None if self.is_stopped() => Some(None),
            None => None,
        })
    }

    /// Lets the other process begin.
    pub fn ready(&self) {
        self.lines.word(READY).store(1, Ordering::Release);
    }

    /// The memory of the other process.
    #[must_use]
    pub fn memory(&self) -> FileMemory {
        FileMemory::open(self.path.join("region"), Access::ReadWrite).expect("the region's file")
    }
}

/// Attaches to the region of the other process.
pub(crate) fn attach(memory: &FileMemory) -> Sections<'_, Cooperative> {
    // SAFETY: as in `create`; this process keeps to the same rules, and never formats.
    let region = unsafe { memory.cooperative() }.expect("a region");
    Sections::attach(region).expect("a formatted region")
}

/// A contender with a partner in another process, which lives from `start` to `stop`.
pub struct Process<'a> {
    here: Solo<'a>,
    folder: &'a Folder,
    partner: &'static str,
    processor: usize,
    unblock: Box<dyn FnMut() + 'a>,
    child: Option<Child>,
}

impl<'a> Process<'a> {
    /// `here` runs in this process; the partner is looked up by its name, in the other one.
    #[must_use]
    pub fn new(
        folder: &'a Folder,
        partner: &'static str,
        processor: usize,
        here: Solo<'a>,
    ) -> Self {
        let unblock = Box::new(|| {});
        Self { here, folder, partner, processor, unblock, child: None }
    }

    /// What wakes a partner that sleeps, after it was told to stop.
    #[must_use]
    pub fn unblock(mut self, unblock: impl FnMut() + 'a) -> Self {
        self.unblock = Box::new(unblock);
        self
    }

    /// As the harness takes it.
    #[must_use]
    pub fn boxed(self) -> Box<dyn Contender + 'a> {
        Box::new(self)
    }
}

impl Contender for Process<'_> {
    fn name(&self) -> &str {
        self.here.name()
    }

    fn role(&self) -> Role {
        self.here.role()
    }

    fn goal(&self) -> Option<f64> {
        self.here.goal()
    }

    fn start(&mut self) {
        let lines = &self.folder.lines;
        lines.word(STOP).store(0, Ordering::Relaxed);
        lines.word(READY).store(0, Ordering::Relaxed);
        let child = Command::new(env::current_exe().expect("this program"))
            .arg(FLAG)
            .arg(self.partner)
            .arg(&self.folder.path)
            .arg(number_of(self.processor).to_string())
            .spawn()
            .expect("this program, again");
        let child = self.child.insert(child);
        let end = Instant::now() + Duration::from_secs(60);
        while lines.word(READY).load(Ordering::Acquire) == 0 {
            let ended = child.try_wait().expect("a child");
            assert!(ended.is_none(), "the partner {} ended: {ended:?}", self.partner);
            assert!(Instant::now() < end, "the partner {} does not begin", self.partner);
            thread::sleep(Duration::from_micros(200));
        }
    }

    fn prepare(&mut self) {
        self.here.prepare();
    }

    fn run(&mut self, count: u64) -> u64 {
        self.here.run(count)
    }

    fn stop(&mut self) {
        self.folder.lines.word(STOP).store(1, Ordering::SeqCst);
        (self.unblock)();
        if let Some(mut child) = self.child.take() {
            let status = child.wait().expect("a child");
            assert!(status.success(), "the partner {}: {status}", self.partner);
        }
    }

    fn note(&self) -> String {
        self.here.note()
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        self.folder.lines.word(STOP).store(1, Ordering::Relaxed);
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The first thing that every program of this package does: if it was started as a partner, it
/// is one, and ends then.
pub fn serve() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != FLAG) {
        return;
    }
    let name = arguments.next().expect("a name");
    let path = PathBuf::from(arguments.next().expect("a folder"));
    let processor = arguments.next().and_then(|number| number.to_str()?.parse().ok());
    // The system's number: this process began on the processor of the other one.
    pin_to_number(processor.expect("a processor"));
    let lines = Lines::open(&path.join("lines"));
    let (_, work) = PARTNERS.iter().find(|(known, _)| name == *known).expect("a known partner");
    work(&Partner { path, lines });
    process::exit(0);
}
