//! The terminal: it is given back as it was, however this ends.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::Paragraph;
use ratatui::{DefaultTerminal, try_init, try_restore};

use crate::problem::Problem;

/// How long a key or a signal waits at most.
const POLL: Duration = Duration::from_millis(50);

type Look<'l> = dyn FnMut() -> Result<Vec<String>, Problem> + 'l;

/// Shows what `look` gives until a key or a signal ends it, or it was called so often.
pub(super) fn show(
    pause: Duration,
    count: Option<u64>,
    look: &mut Look<'_>,
) -> Result<(), Problem> {
    let is_over = Arc::<AtomicBool>::default();
    #[cfg(unix)]
    for signal in
        [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP]
    {
        signal_hook::flag::register(signal, Arc::clone(&is_over)).map_err(Problem::Terminal)?;
    }
    // It gives the terminal back after a panic, too.
    let mut terminal = try_init().map_err(Problem::Terminal)?;
    let shown = until(&mut terminal, pause, count, look, &is_over);
    let restored = try_restore().map_err(Problem::Terminal);
    shown.and(restored)
}

fn until(
    terminal: &mut DefaultTerminal,
    pause: Duration,
    count: Option<u64>,
    look: &mut Look<'_>,
    is_over: &AtomicBool,
) -> Result<(), Problem> {
    let (mut looks, mut first) = (0, 0_u16);
    loop {
        let lines = look()?;
        looks += 1;
        let next = Instant::now() + pause;
        loop {
            draw(terminal, &lines, first).map_err(Problem::Terminal)?;
            let left = next.saturating_duration_since(Instant::now());
            // Relaxed: it carries nothing but itself.
            if is_over.load(Ordering::Relaxed) || (left.is_zero() && count == Some(looks)) {
                return Ok(());
            }
            if left.is_zero() {
                break;
            }
            if !event::poll(left.min(POLL)).map_err(Problem::Terminal)? {
                continue;
            }
            let Event::Key(key) = event::read().map_err(Problem::Terminal)? else { continue };
            let last = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(2);
            match key.code {
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    return Ok(());
                }
                KeyCode::Up | KeyCode::Char('k') => first = first.saturating_sub(1),
                KeyCode::Down | KeyCode::Char('j') => first = first.saturating_add(1).min(last),
                _ => {}
            }
        }
    }
}

/// Title and head stay; the rows begin with the one of this number.
fn draw(terminal: &mut DefaultTerminal, lines: &[String], first: u16) -> io::Result<()> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let head = lines.iter().take(2).map(|line| Line::styled(line.as_str(), bold));
    let rows = lines.iter().skip(2).skip(first.into()).map(|line| Line::raw(line.as_str()));
    let keys =
        Line::styled("q quits, up and down scroll", Style::new().add_modifier(Modifier::DIM));
    let text: Text<'_> = head.chain(rows).chain([keys]).collect();
    terminal.draw(|frame| frame.render_widget(Paragraph::new(text), frame.area())).map(drop)
}
