//! The terminal: taken over while the flock is shown, given back whatever happens.
//!
//! A [`Terminal`] is raw mode, the alternate screen and a hidden cursor. They are undone when
//! it is dropped; when any thread panics, before the message is printed; and when the process
//! is told to end by SIGINT, SIGTERM or SIGHUP. A signal reads as [`Key::Quit`], so that the
//! program can end in its own way; if it has not given the terminal back soon after, or a
//! second signal comes, the terminal is restored here and the process ends by the signal.
//!
//! Not supported: suspension. Raw mode hands Ctrl-Z to the program, which ignores it.

use super::camera::Camera;
use super::panel::Panel;
use super::scene::Scene;
use super::screen::{Colours, Screen};
use super::status::Status;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::ResetColor;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, IsTerminal, Stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// How long the program has to end by itself after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// Whether the terminal is ours now. Whoever clears it does the restoring.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The first signal that asked us to end, or 0.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// Whether the thread that watches for signals is there.
static WATCHED: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// What a person asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// End: `q`, Escape, Ctrl-C, or a signal.
    Quit,
    /// Stop or go on: space.
    Pause,
    /// `+` or `=`.
    MoreBoids,
    /// `-` or `_`.
    FewerBoids,
    /// A digit from 1 to 6: the odd ones weaken and the even ones strengthen a weight, in the
    /// order of [`Status::weights`].
    Weight(u8),
    /// Begin anew: `r`.
    Reset,
    /// Show the next view: `c`.
    Camera,
    /// Show the panel beside the flock, or hide it: `i`.
    Panel,
    /// The terminal has another size. The next frame is drawn to it without being told.
    Resize,
}

impl Key {
    /// For [`Key::Weight`]: which weight is meant, and whether it is to grow.
    #[must_use]
    pub(crate) fn weight(self) -> Option<(usize, bool)> {
        match self {
            Self::Weight(digit @ 1..=6) => {
                Some((usize::from(digit - 1) / 2, digit.is_multiple_of(2)))
            }
            _ => None,
        }
    }

    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Resize(..) => Some(Self::Resize),
            Event::Key(KeyEvent { code, modifiers, kind, .. })
                if *kind != KeyEventKind::Release =>
            {
                let control = modifiers.contains(KeyModifiers::CONTROL);
                match code {
                    KeyCode::Char('c') if control => Some(Self::Quit),
                    _ if control => None,
                    KeyCode::Esc | KeyCode::Char('q' | 'Q') => Some(Self::Quit),
                    KeyCode::Char(' ') => Some(Self::Pause),
                    KeyCode::Char('+' | '=') => Some(Self::MoreBoids),
                    KeyCode::Char('-' | '_') => Some(Self::FewerBoids),
                    KeyCode::Char('r' | 'R') => Some(Self::Reset),
                    KeyCode::Char('c' | 'C') => Some(Self::Camera),
                    KeyCode::Char('i' | 'I') => Some(Self::Panel),
                    KeyCode::Char(digit @ '1'..='6') => Some(Self::Weight(*digit as u8 - b'0')),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The terminal while it is ours.
pub(crate) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Stdout>>,
    colours: Colours,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// `Unsupported` if standard output or input is no terminal, `AlreadyExists` if it is taken,
    /// or what the system said.
    pub(crate) fn enter() -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            let text = "the live view needs a terminal for its input and output";
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the terminal is in use"));
        }
        // From here on every early return restores.
        let entered = Self::take_over();
        if entered.is_err() {
            restore();
        }
        entered
    }

    fn take_over() -> io::Result<Self> {
        HOOK.call_once(|| {
            let inner = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                inner(panic);
            }));
        });
        watch_signals()?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        let inner = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(Self { inner, colours: Colours::of_terminal() })
    }

    /// Waits until a person asks for something, or until `timeout` is over.
    ///
    /// A terminal that has gone away, or was restored because a thread panicked, reads as
    /// [`Key::Quit`].
    pub(crate) fn poll(&mut self, timeout: Duration) -> Option<Key> {
        let until = Instant::now() + timeout;
        loop {
            if self.signal().is_some() || !TAKEN.load(Ordering::SeqCst) {
                return Some(Key::Quit);
            }
            let left = until.saturating_duration_since(Instant::now());
            // A signal does not wake the wait for keys, so that is never a long one.
            let event = event::poll(left.min(Duration::from_millis(100)))
                .and_then(|ready| if ready { event::read().map(Some) } else { Ok(None) });
            match event {
                Ok(Some(event)) => {
                    if let Some(key) = Key::of(&event) {
                        return Some(key);
                    }
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Some(Key::Quit),
            }
            if Instant::now() >= until {
                return None;
            }
        }
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// What went wrong with the output, or `NotConnected` if the terminal was restored because a
    /// thread panicked.
    pub(crate) fn draw(
        &mut self,
        scene: &Scene<'_>,
        camera: &Camera,
        status: &Status<'_>,
        panel: Option<Panel<'_>>,
    ) -> io::Result<()> {
        if !TAKEN.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let screen = Screen { scene, camera, status, panel, colours: self.colours };
        self.inner.draw(|frame| frame.render_widget(screen, frame.area())).map(|_| ())
    }

    /// The signal that asked the process to end, if one did. It is the caller's to exit with
    /// 128 more than that.
    #[must_use]
    pub(crate) fn signal(&self) -> Option<i32> {
        Some(SIGNAL.load(Ordering::SeqCst)).filter(|&signal| signal != 0)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once, if it is ours.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Where there is no terminal any more there is nobody to tell.
        let _ = disable_raw_mode();
        let _ = execute!(io::stdout(), ResetColor, LeaveAlternateScreen, Show);
    }
}

/// Starts the thread that sees to it that a signal restores the terminal.
///
/// It is started once and stays: the library does not give a signal its default action back
/// when nobody listens any more, so a process that stopped listening could not be ended.
fn watch_signals() -> io::Result<()> {
    if WATCHED.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let started = Signals::new([SIGHUP, SIGINT, SIGTERM]).and_then(|signals| {
        let watcher = std::thread::Builder::new().name("terminal-signals".to_owned());
        watcher.spawn(move || answer_signals(signals))
    });
    WATCHED.store(started.is_ok(), Ordering::SeqCst);
    started.map(|_| ())
}

fn answer_signals(mut signals: Signals) {
    loop {
        let Some(signal) = signals.forever().next() else {
            return;
        };
        let first = SIGNAL.swap(signal, Ordering::SeqCst) == 0;
        let until = Instant::now() + GRACE;
        let mut patient = first && TAKEN.load(Ordering::SeqCst);
        while patient && TAKEN.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
            patient = Instant::now() < until && signals.pending().next().is_none();
        }
        // If patience was rewarded, the program has read the signal and is ending by itself.
        if !patient {
            restore();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
        Key::of(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn keys_mean_what_the_help_says() {
        let none = KeyModifiers::NONE;
        let means = [
            ('q', Key::Quit),
            (' ', Key::Pause),
            ('+', Key::MoreBoids),
            ('=', Key::MoreBoids),
            ('-', Key::FewerBoids),
            ('1', Key::Weight(1)),
            ('6', Key::Weight(6)),
            ('r', Key::Reset),
            ('c', Key::Camera),
            ('i', Key::Panel),
        ];
        for (letter, expected) in means {
            assert_eq!(key(KeyCode::Char(letter), none), Some(expected));
        }
        assert_eq!(key(KeyCode::Esc, none), Some(Key::Quit));
        assert_eq!(key(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Quit));
        assert_eq!(Key::of(&Event::Resize(1, 1)), Some(Key::Resize));
        for letter in ['7', '0', 'x'] {
            assert_eq!(key(KeyCode::Char(letter), none), None);
        }
        assert_eq!(key(KeyCode::Char('z'), KeyModifiers::CONTROL), None);
    }

    #[test]
    fn letting_a_key_go_means_nothing() {
        let none = KeyModifiers::NONE;
        let go = KeyEvent::new_with_kind(KeyCode::Char('q'), none, KeyEventKind::Release);
        assert_eq!(Key::of(&Event::Key(go)), None);
    }

    #[test]
    fn weights_come_in_pairs() {
        let weights: Vec<_> = (0..=7).map(|digit| Key::Weight(digit).weight()).collect();
        let expected = [(0, false), (0, true), (1, false), (1, true), (2, false), (2, true)];
        assert_eq!(weights[1..7], expected.map(Some));
        assert_eq!((weights[0], weights[7], Key::Quit.weight()), (None, None, None));
    }

    #[test]
    fn restoring_what_was_not_taken_does_nothing() {
        restore();
        assert!(!TAKEN.load(Ordering::SeqCst));
    }
}
