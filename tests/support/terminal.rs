//! A pseudo-terminal with a program in it, and the screen that the program draws.

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use vt100::Parser;

/// A program on a terminal of its own.
pub struct Session {
    child: Child,
    master: File,
    /// Kept open so that the terminal's modes can be asked for after the program's end.
    slave: File,
    screen: Arc<Mutex<Parser>>,
}

impl Session {
    /// Starts `program` on a terminal of so many rows and columns.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(program: &Path, args: &[&str], rows: u16, columns: u16) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let name = name.to_str().map_err(io::Error::other)?;
        let slave = File::options().read(true).write(true).open(name)?;
        tcsetwinsize(&master, size(rows, columns))?;
        let child = Command::new(program)
            .args(args)
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::from(slave.try_clone()?))
            .stdout(Stdio::from(slave.try_clone()?))
            .stderr(Stdio::from(slave.try_clone()?))
            .spawn()?;
        let master = File::from(master);
        let screen = Arc::new(Mutex::new(Parser::new(cells(rows), cells(columns), 0)));
        let mut reader = master.try_clone()?;
        let drawn = Arc::clone(&screen);
        // Ends when the last descriptor of the other side is closed, with the session.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = reader.read(&mut bytes) {
                match bytes.get(..count) {
                    Some([]) | None => break,
                    Some(bytes) => lock(&drawn).process(bytes),
                }
            }
        });
        Ok(Self { child, master, slave, screen })
    }

    /// Types.
    ///
    /// # Errors
    /// What the system says.
    pub fn send(&mut self, keys: &[u8]) -> io::Result<()> {
        self.master.write_all(keys)
    }

    /// Gives the window another size, and tells the program as a terminal does.
    ///
    /// # Errors
    /// What the system says.
    pub fn resize(&mut self, rows: u16, columns: u16) -> io::Result<()> {
        lock(&self.screen).screen_mut().set_size(cells(rows), cells(columns));
        tcsetwinsize(&self.master, size(rows, columns))?;
        self.signal(Signal::WINCH)
    }

    /// Sends a signal to the program.
    ///
    /// # Errors
    /// What the system says.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("no process id"))?;
        Ok(kill_process(pid, signal)?)
    }

    /// The text on the screen.
    #[must_use]
    pub fn text(&self) -> String {
        lock(&self.screen).screen().contents()
    }

    /// Waits until the text on the screen satisfies `is`; whether it did in time.
    pub fn shows(&self, within: Duration, is: impl Fn(&str) -> bool) -> bool {
        let end = Instant::now() + within;
        while Instant::now() < end {
            if is(&self.text()) {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Whether the program has the alternate screen.
    #[must_use]
    pub fn is_alternate(&self) -> bool {
        lock(&self.screen).screen().alternate_screen()
    }

    /// Whether the cursor is hidden.
    #[must_use]
    pub fn hides_cursor(&self) -> bool {
        lock(&self.screen).screen().hide_cursor()
    }

    /// Whether the terminal edits lines and echoes, as a shell expects it.
    ///
    /// # Errors
    /// What the system says.
    pub fn is_cooked(&self) -> io::Result<bool> {
        let modes = tcgetattr(&self.slave)?.local_modes;
        Ok(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG))
    }

    /// Waits for the program's end, and for what it wrote last to be on the screen.
    ///
    /// # Errors
    /// `TimedOut` if it does not end; it is killed then.
    pub fn wait(&mut self, within: Duration) -> io::Result<ExitStatus> {
        let end = Instant::now() + within;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                thread::sleep(Duration::from_millis(100));
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.child.kill()?;
        Err(io::ErrorKind::TimedOut.into())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Nothing is left to do if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn lock(parser: &Mutex<Parser>) -> MutexGuard<'_, Parser> {
    parser.lock().unwrap_or_else(PoisonError::into_inner)
}
